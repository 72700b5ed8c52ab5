"""What comes back, read by local names: any prefix, unknown elements ignored, nothing fetched, no entities."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from app.cases.client import ExternalKey

Element = etree._Element  # noqa: SLF001 - lxml gives its element type no other name
_ID = re.compile(r"(?=[^1-9]*[1-9])[\w.:{}\-]{1,200}\Z", re.ASCII)


class UnreadableError(Exception):
    """The answer is no XML we read, or lacks what makes it an answer."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A SOAP fault. kind: e.g. "ValidationFault", or "" when it has no type; the rest: the archive's own words."""

    kind: str
    code: str
    sentence: str
    details: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """All that it says, in lower case, for telling faults apart."""
        return " ".join((self.code, self.sentence, *self.details)).lower()


@dataclass(frozen=True, slots=True)
class Case:
    """A saksmappe. number: "2026/211"."""

    system_id: str | None
    number: str | None
    title: str
    status: str | None
    part: str | None
    key: ExternalKey | None


@dataclass(frozen=True, slots=True)
class Entry:
    """A journalpost. replies: codes of how it was answered, in the answer's order; handler: on the inner part."""

    system_id: str | None
    entry_number: str | None
    kind: str | None
    status: str | None
    case_number: str | None
    key: ExternalKey | None
    replies: tuple[str, ...]
    handler: str | None


@dataclass(frozen=True, slots=True)
class FiledDocument:
    """A dokument without its file."""

    system_id: str | None
    number: int | None
    title: str
    binding: str | None


def parse(body: bytes) -> Element:
    """Return the root of an XML answer. Raises UnreadableError for anything else, also for one with a DTD."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as fault:
        raise UnreadableError("no XML") from fault
    if root.getroottree().docinfo.internalDTD is not None:
        raise UnreadableError("a DTD")
    return root


def looks_like_html(body: bytes, content_type: str) -> bool:
    start = body[:300].lstrip().lower()
    return "html" in content_type.lower() or start.startswith((b"<!doctype html", b"<html"))


def body_of(root: Element) -> Element:
    """Return the one child of soap:Body. Raises UnreadableError when there is none."""
    if _local(root) != "Envelope":
        raise UnreadableError("no envelope")
    body = _child(root, "Body")
    inner = next(iter(_children(body)), None) if body is not None else None
    if inner is None:
        raise UnreadableError("an empty body")
    return inner


def fault_in(inner: Element) -> Fault | None:
    """Return the SOAP fault (1.1 or 1.2) that `inner` is, or None."""
    if _local(inner) != "Fault":
        return None
    code = _text(inner, "faultcode") or _text(_child(inner, "Code"), "Value") or ""
    sentence = _text(inner, "faultstring") or _text(_child(inner, "Reason"), "Text") or ""
    detail = _child(inner, "detail")
    if detail is None:
        detail = _child(inner, "Detail")
    info = next((node for node in _children(detail) if _local(node).endswith("FaultInfo")), None)
    if info is None:
        return Fault("", code, sentence)
    error = _child(info, "error")
    details = tuple(node.text or "" for node in _all(_child(error, "feilDetaljer"), "liste"))
    return Fault(
        _local(info).removesuffix("Info"),
        _text(error, "feilKode") or code,
        _text(error, "feilBeskrivelse") or sentence,
        details,
    )


def returned(inner: Element, operation: str) -> Element | None:
    """Return the `return` of `<operation>Response`; None when it is left out. Raises UnreadableError for another."""
    if _local(inner) != f"{operation}Response":
        raise UnreadableError(f"no {operation}Response")
    return _child(inner, "return")


def items(answer: Element | None) -> Iterator[Element]:
    """Return the records of a list answer."""
    return iter(_all(answer, "liste"))


def read_case(node: Element) -> Case:
    return Case(
        _id(_text(node, "systemID")),
        _case_number(_child(node, "saksnr")),
        _text(node, "tittel") or "",
        _code(node, "saksstatus"),
        _code(node, "referanseArkivdel"),
        _key(_child(node, "referanseEksternNoekkel")),
    )


def read_entry(node: Element) -> Entry:
    number = _text(node, "journalpostnummer")
    return Entry(
        _id(_text(node, "systemID")),
        number if _whole(number) else None,
        _code(node, "journalposttype"),
        _code(node, "journalstatus"),
        _case_number(_child(node, "saksnr")),
        _key(_child(node, "referanseEksternNoekkel")),
        tuple(
            code for reply in _all(_child(node, "referanseAvskrivninger"), "liste")
            if (code := _code(reply, "avskrivningsmaate"))
        ),
        _handler(_child(node, "korrespondansepart")),
    )  # fmt: skip


def read_document(node: Element) -> FiledDocument:
    number = _text(node, "dokumentnummer")
    return FiledDocument(
        _id(_text(node, "systemID")),
        _whole(number),
        _text(node, "tittel") or "",
        _code(node, "tilknyttetRegistreringSom"),
    )


def read_codes(answer: Element | None) -> dict[str, str]:
    """Return code -> description of a code list; codes marked as no longer valid are left out."""
    return {
        value: _text(node, "kodebeskrivelse") or ""
        for node in items(answer)
        if (value := _text(node, "kodeverdi")) and (_text(node, "erGyldig") or "true") not in {"false", "0"}
    }


def _handler(parts: Element | None) -> str | None:
    """The person on the part that is responsible; initials before the name."""
    for part in _all(parts, "liste"):
        if (_text(part, "behandlingsansvarlig") or "").lower() in {"1", "true"}:
            return _text(part, "saksbehandlerInit") or _text(part, "saksbehandler")
    return None


def _local(node: Element) -> str:
    return etree.QName(node).localname if isinstance(node.tag, str) else ""


def _children(node: Element | None) -> list[Element]:
    return [] if node is None else [child for child in node if isinstance(child.tag, str)]


def _all(node: Element | None, name: str) -> list[Element]:
    return [child for child in _children(node) if _local(child) == name]


def _child(node: Element | None, name: str) -> Element | None:
    return next(iter(_all(node, name)), None)


def _text(node: Element | None, name: str) -> str | None:
    child = _child(node, name)
    text = (child.text or "").strip() if child is not None else ""
    return text or None


def _code(node: Element | None, name: str) -> str | None:
    return _text(_child(node, name), "kodeverdi")


def _key(node: Element | None) -> ExternalKey | None:
    system, key = _text(node, "fagsystem"), _text(node, "noekkel")
    return ExternalKey(system, key) if system and key else None


def _id(text: str | None) -> str | None:
    """An id of the expected form, or None: one word of letters, digits and . : - _ { }, with a digit above 0 in it."""
    return text if text and _ID.match(text) else None


def _case_number(node: Element | None) -> str | None:
    year, sequence = _whole(_text(node, "saksaar")), _whole(_text(node, "sakssekvensnummer"))
    return f"{year}/{sequence}" if year and sequence else None


def _whole(text: str | None) -> int | None:
    """A whole number in ordinary digits, at most nine of them, or None."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= 9 else None  # noqa: PLR2004
