"""The archive's own code lists, as HentKodeliste gives them.

They hold the start values of our settings (case-systems.md 4) and the Avsender and Mottaker of the official samples.
A real archive has its own lists: this is why no code may be written in the program.
"""

from collections.abc import Mapping

CODE_LISTS: Mapping[str, Mapping[str, str]] = {
    "Journalposttype": {
        "I": "Inngående dokument",
        "U": "Utgående dokument",
        "N": "Internt notat, med oppfølging",
        "X": "Internt notat, uten oppfølging",
        "S": "Saksframlegg",
    },
    "Journalstatus": {
        "M": "Midlertidig registrert",
        "S": "Registrert av saksbehandler",
        "R": "Reservert",
        "F": "Ferdig fra saksbehandler",
        "G": "Godkjent",
        "E": "Ekspedert",
        "J": "Journalført",
        "A": "Avsluttet",
        "U": "Utgår",
    },
    "Korrespondanseparttype": {
        "EA": "Ekstern avsender",
        "EM": "Ekstern mottaker",
        "EK": "Ekstern kopimottaker",
        "IA": "Intern avsender",
        "IM": "Intern mottaker",
        "IK": "Intern kopimottaker",
        "Avsender": "Avsender",
        "Mottaker": "Mottaker",
    },
    "Dokumenttype": {"KORR": "Korrespondanse", "RAPP": "Rapport", "NOT": "Notat"},
    "Dokumentstatus": {"B": "Under behandling", "F": "Ferdig"},
    "TilknyttetRegistreringSom": {"H": "Hoveddokument", "V": "Vedlegg"},
    "Variantformat": {"P": "Produksjonsformat", "A": "Arkivformat", "O": "Offentlig variant"},
    "Format": {
        "RA-PDF": "PDF/A",
        "RA-JPEG": "JPEG",
        "RA-PNG": "PNG",
        "RA-TEKST": "Ren tekst",
    },
    "Tilgangsrestriksjon": {
        "13": "Offentleglova § 13",
        "14": "Offentleglova § 14",
        "26": "Offentleglova § 26",
    },
    "Saksstatus": {
        "R": "Reservert",
        "B": "Under behandling",
        "S": "Avsluttet av saksbehandler",
        "A": "Avsluttet",
        "U": "Utgår",
    },
    "Arkivdel": {"SAK": "Sakarkivet"},
    "Klassifikasjonssystem": {"FE": "Felles emner", "FA": "Fagklasser"},
    "Avskrivningsmaate": {
        "BU": "Besvart med brev",
        "BE": "Besvart med e-post",
        "TLF": "Besvart på telefon",
        "TE": "Tatt til etterretning",
        "TO": "Tatt til orientering",
    },
    "Journalenhet": {"POST": "Postmottaket"},
    "AdministrativEnhet": {
        "AREAL": "Areal- og samfunnsutvikling",
        "OPPV": "Oppvekst",
        "HELSE": "Helse og velferd",
        "KULT": "Kultur og næring",
        "TEKN": "Teknisk drift",
        "POST": "Postmottaket",
    },
}

KNOWN_SYSTEMS = frozenset({"INNBYGGERLAB"})
KNOWN_SETUPS = frozenset({"SMARTNARVIK"})
OPEN_CASE = frozenset({"R", "B"})


def described(code_list: str, code: str) -> str:
    """Return the words for `code`, or the code itself when the list does not know it."""
    return CODE_LISTS[code_list].get(code, code)
