"""The archive's own codes: configuration that archive staff may change, with start values that fit the stand-in."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import urlsplit

from app.core.text import N_
from app.settings import Settings

NONE = "–"
"""How a setting says that it has no value, or that a kind of attachment is left out."""

START_VALUES: Mapping[str, str] = MappingProxyType(
    {
        "fagsystem": "INNBYGGERLAB",
        "referanseoppsett": "SMARTNARVIK",
        "journalposttype_in": "I",
        "journalposttype_out": "U",
        "journalposttype_report": "X",
        "journalstatus_in": "M",
        "journalstatus_out": "R",
        "journalstatus_report": "R",
        "part_sender": "EA",
        "part_receiver": "EM",
        "part_internal_sender": "IA",
        "part_internal_receiver": "IM",
        "admin_unit": "AREAL",
        "admin_unit_name": "Areal- og samfunnsutvikling",
        "journal_unit": NONE,
        "handler": NONE,
        "document_type": "KORR",
        "document_status": "F",
        "main": "H",
        "attachment": "V",
        "variant": "P",
        "format.pdf": "RA-PDF",
        "format.jpg": "RA-JPEG",
        "format.csv": "RA-TEKST",
        "format.geojson": "RA-TEKST",
        "access_code": "13",
        "legal_basis": "offl. § 13 jf. fvl. § 13",
        "case_status_new": "R",
        "case_status_open": "B R",
        "finder_means_no_hit": "on",
        "arkivdel": "SAK",
        "klasse_system": "FE",
        "klasse_id": "Q00",
        "may_open_cases": "on",
        "public_title": "mal",
        "shield_private_senders": "on",
        "mail_sender_details": "off",
        "anonymous_name": "Anonym innsender",
        "code_list_names": (
            "journalposttype=Journalposttype journalstatus=Journalstatus part=Korrespondanseparttype "
            "document_type=Dokumenttype document_status=Dokumentstatus binding=TilknyttetRegistreringSom "
            "variant=Variantformat format=Format access_code=Tilgangsrestriksjon case_status=Saksstatus "
            "arkivdel=Arkivdel klasse_system=Klassifikasjonssystem"
        ),
        "status_map": (
            "M=received S=received J=read A=read handler=considered "
            "BU=decided BE=decided TLF=decided TE=decided TO=decided U=staff F=- G=- E=- R=-"
        ),
    }
)

SWITCHES = frozenset({"finder_means_no_hit", "may_open_cases", "shield_private_senders", "mail_sender_details"})
REQUIRED = frozenset(START_VALUES) - {"journal_unit", "handler", "format.jpg", "format.csv", "format.geojson"}
FORMATS: Mapping[str, str] = MappingProxyType(
    {
        "application/pdf": "format.pdf",
        "image/jpeg": "format.jpg",
        "text/csv": "format.csv",
        "application/geo+json": "format.geojson",
    }
)
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_LONGEST = 1000
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Codes:
    """The settings in force. values: every key of START_VALUES has one."""

    values: Mapping[str, str]

    def __getitem__(self, key: str) -> str:
        """Return the value as written. Raises KeyError for a name that is no setting."""
        return self.values[key]

    def given(self, key: str) -> str | None:
        """Return the value, or None when it is «–» or empty."""
        value = self.values[key].strip()
        return None if value in {"", NONE, "-"} else value

    def on(self, key: str) -> bool:
        return self.values[key].strip().lower() in {"on", "på", "ja", "1"}

    def words(self, key: str) -> frozenset[str]:
        """Return a setting that lists several codes with blanks between."""
        return frozenset(self.values[key].split())

    def pairs(self, key: str) -> Mapping[str, str]:
        """Return a setting of the form "a=b c=d"."""
        return dict(part.split("=", 1) for part in self.values[key].split() if "=" in part)

    def format_of(self, media_type: str) -> str | None:
        """Return the archive's code for a kind of file; None: this kind is left out."""
        key = FORMATS.get(media_type)
        return self.given(key) if key else None


def speaks_to_standin(settings: Settings) -> bool:
    """Tell whether the archive is on this machine: then it is the stand-in, and we may open cases in it."""
    return not settings.production and urlsplit(settings.cases_write_url).hostname in LOOPBACK


def codes_in_force(changed: Mapping[str, str], *, standin: bool) -> Codes:
    """Return start values with what staff have changed. Only the stand-in lets us open cases unless they say so."""
    start = START_VALUES if standin else {**START_VALUES, "may_open_cases": "off"}
    return Codes(MappingProxyType({**start, **{k: v for k, v in changed.items() if k in START_VALUES}}))


def fault_in(key: str, value: str) -> str | None:
    """Return a sentence on why `value` cannot be the value of `key`, or None when it can."""
    if key not in START_VALUES:
        return N_("Innstillingen %(key)s finnes ikke. Se `flask cases settings`.")
    if len(value) > _LONGEST or _CONTROL.search(value):
        return N_("Verdien kan ha høyst 1000 tegn, og ingen linjeskift.")
    if key in SWITCHES and value not in {"on", "off"}:
        return N_("%(key)s er en bryter: skriv on eller off.")
    if key in REQUIRED and not value.strip(" –-"):
        return N_("%(key)s må ha en verdi.")
    return None
