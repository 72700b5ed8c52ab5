"""Requests to the stand-in as plain text, written from the standard's samples, and a caller that hides nothing."""

import base64
import http.client
from dataclasses import dataclass
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from lxml import etree

from tests.support.standin import Standin

REP = "http://rep.geointegrasjon.no"
NAMESPACES = {
    "s": "http://schemas.xmlsoap.org/soap/envelope/",
    "i": f"{REP}/Arkiv/Innsyn/xml.wsdl/2012.01.31",
    "o": f"{REP}/Arkiv/Oppdatering/xml.wsdl/2012.01.31",
    "k": f"{REP}/Arkiv/Kjerne/xml.schema/2012.01.31",
    "af": f"{REP}/Arkiv/Felles/xml.schema/2012.01.31",
    "d": f"{REP}/Arkiv/Dokument/xml.schema/2012.01.31",
    "kode": f"{REP}/Felles/Kodeliste/xml.schema/2012.01.31",
    "kon": f"{REP}/Felles/Kontakt/xml.schema/2012.01.31",
    "t": f"{REP}/Felles/Teknisk/xml.schema/2012.01.31",
    "f": f"{REP}/Felles/Filter/xml.schema/2012.01.31",
    "xsi": "http://www.w3.org/2001/XMLSchema-instance",
}
DECLARED = " ".join(f'xmlns:{prefix}="{name}"' for prefix, name in NAMESPACES.items())
CONTEXT = "<t:spraak>nb</t:spraak><t:klientnavn>test</t:klientnavn><t:referanseoppsett>SMARTNARVIK</t:referanseoppsett>"
READS = ("Finn", "Hent")


@dataclass(frozen=True)
class Reply:
    """What came back: status, headers (lower case) and body."""

    status: int
    headers: dict[str, str]
    body: bytes

    def text(self, path: str) -> str | None:
        """Return the text at an XPath with the prefixes above; None when there is nothing."""
        return etree.fromstring(self.body).findtext(f".//{path}", namespaces=NAMESPACES)

    def texts(self, path: str) -> list[str]:
        return [e.text or "" for e in etree.fromstring(self.body).iterfind(f".//{path}", NAMESPACES)]

    @property
    def fault(self) -> str:
        """The name of the typed fault, or the faultcode of an untyped one; "" when it is none."""
        root = etree.fromstring(self.body)
        typed = root.find(".//detail/*")
        return etree.QName(typed).localname if typed is not None else root.findtext(".//faultcode") or ""


def send(
    standin: Standin,
    operation: str,
    body: bytes,
    *,
    headers: dict[str, str] | None = None,
    timeout_s: float = 10,
) -> Reply:
    """POST one envelope; what breaks (reset, cut, timeout) is raised as it came."""
    read = operation.startswith(READS)
    address = urlsplit(standin.read_url if read else standin.write_url)
    action = f'"{NAMESPACES["i" if read else "o"]}/#{operation}"'
    connection = http.client.HTTPConnection("127.0.0.1", address.port or 0, timeout=timeout_s)
    try:
        usual = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": action}
        connection.request("POST", address.path, body, usual | (headers or {}))
        answer = connection.getresponse()
        return Reply(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
    finally:
        connection.close()


def call(standin: Standin, operation: str, inner: str, *, timeout_s: float = 10) -> Reply:
    """Send an operation with `inner` between its tags; the context is added."""
    return send(standin, operation, envelope(operation, inner), timeout_s=timeout_s)


def envelope(operation: str, inner: str) -> bytes:
    p = "i" if operation.startswith(READS) else "o"
    content = f"<{p}:{operation}>{inner}<{p}:kontekst>{CONTEXT}</{p}:kontekst></{p}:{operation}>"
    return f"<s:Envelope {DECLARED}><s:Body>{content}</s:Body></s:Envelope>".encode()


def code(name: str, value: str) -> str:
    return f"<{name}><kode:kodeverdi>{value}</kode:kodeverdi></{name}>"


def key(name: str, value: str, *, system: str = "INNBYGGERLAB") -> str:
    return f"<{name}><k:fagsystem>{system}</k:fagsystem><k:noekkel>{value}</k:noekkel></{name}>"


def new_case(title: str = "Smart Narvik, mobilitet", *, case_key: str = "sak:mobilitet:2026") -> str:
    return (
        f"<o:mappe><k:tittel>{escape(title)}</k:tittel>{code('k:saksstatus', 'R')}"
        f"{code('k:referanseArkivdel', 'SAK')}{key('k:referanseEksternNoekkel', case_key)}</o:mappe>"
    )


def new_entry(
    entry_key: str = "INL-AAAA",
    *,
    case: str = "2026/211",
    title: str = "Innspill: Gangfelt",
    kind: str = "I",
    sender: str = "EA",
    internal: bool = True,
    shielded: bool = False,
    system: str = "INNBYGGERLAB",
) -> str:
    year, sequence = case.split("/")
    mine = (
        f"<k:liste>{code('k:korrespondanseparttype', 'IM')}<k:behandlingsansvarlig>1</k:behandlingsansvarlig>"
        "<k:administrativEnhetInit>AREAL</k:administrativEnhetInit>"
        '<k:Kontakt xsi:type="kon:Organisasjon"><kon:navn>Areal</kon:navn></k:Kontakt></k:liste>'
    )
    hidden = "<k:skjermetKorrespondansepart>true</k:skjermetKorrespondansepart>" if shielded else ""
    return (
        f"<o:journalpost>{code('k:journalposttype', kind)}"
        "<k:dokumentetsDato>2026-03-02T10:15:00+01:00</k:dokumentetsDato>"
        f"{code('k:journalstatus', 'M')}<k:tittel>{escape(title)}</k:tittel>"
        f"<k:offentligTittel>Innspill til Ideer</k:offentligTittel>"
        f"<k:saksnr><af:saksaar>{year}</af:saksaar><af:sakssekvensnummer>{sequence}</af:sakssekvensnummer></k:saksnr>"
        f"<k:korrespondansepart><k:liste>{code('k:korrespondanseparttype', sender)}{hidden}"
        '<k:Kontakt xsi:type="kon:Person"><kon:navn>Kari Nordmann</kon:navn></k:Kontakt></k:liste>'
        f"{mine if internal else ''}</k:korrespondansepart>"
        f"{key('k:referanseEksternNoekkel', entry_key, system=system)}</o:journalpost>"
    )


def new_document(
    entry: str, *, number: int = 1, role: str = "H", content: bytes = b"%PDF-1.7", form: str = "RA-PDF"
) -> str:
    return (
        f"<o:dokument><d:dokumentnummer>{number}</d:dokumentnummer>{code('d:tilknyttetRegistreringSom', role)}"
        f"{code('d:dokumenttype', 'KORR')}<d:tittel>Dokument {number}</d:tittel>{code('d:dokumentstatus', 'F')}"
        f"{code('d:variantformat', 'P')}{code('d:format', form)}"
        f"<d:referanseJournalpostSystemID>{entry}</d:referanseJournalpostSystemID>"
        f'<d:Fil xsi:type="d:Filinnhold"><d:filnavn>brev.pdf</d:filnavn><d:mimeType>application/pdf</d:mimeType>'
        f"<d:base64>{base64.b64encode(content).decode()}</d:base64></d:Fil></o:dokument>"
    )


def by_title(title: str, *, operator: str = "EQ") -> str:
    return (
        f'<i:sok><f:liste><f:operator>{operator}</f:operator><f:Kriterie xsi:type="f:Soekefelt">'
        f"<f:feltnavn>saksmappe.tittel</f:feltnavn><f:feltverdi>{escape(title)}</f:feltverdi>"
        "</f:Kriterie></f:liste></i:sok>"
    )


def by_entry_key(value: str, *, element: str = "i:nokkel", system: str = "INNBYGGERLAB") -> str:
    inner = key("k:eksternnoekkel", value, system=system)
    return f'<{element} xsi:type="k:JournpostEksternNoekkel">{inner}</{element}>'


def by_entry_id(value: str, *, element: str = "i:nokkel") -> str:
    inner = f"<k:systemID><k:id>{value}</k:id></k:systemID>"
    return f'<{element} xsi:type="k:JournpostSystemID">{inner}</{element}>'


def by_case_number(year: int, sequence: int, *, element: str = "i:nokkel") -> str:
    inner = f"<af:saksaar>{year}</af:saksaar><af:sakssekvensnummer>{sequence}</af:sakssekvensnummer>"
    return f'<{element} xsi:type="af:Saksnummer">{inner}</{element}>'


def by_case_key(value: str, *, element: str = "i:nokkel") -> str:
    return f'<{element} xsi:type="k:SakEksternNoekkel">{key("k:eksternnoekkel", value)}</{element}>'
