"""The port to the municipal case system (the archive): what we hand over, and what comes back."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import Protocol

from app.core.errors import DeliveryFault

CASE_SCOPE = "case"
"""Scope of a ConfigurationFault that concerns the one case a letter was to lie in; file_once gives it the folder."""


class Kind(Enum):
    """Which way a letter goes: an input, an answer of ours, a report."""

    INCOMING = "incoming"
    OUTGOING = "outgoing"
    INTERNAL = "internal"


class SenderKind(Enum):
    """Who the other part is. UNIT: a part of the municipality."""

    PERSON = "person"
    ORGANISATION = "organisation"
    ANONYMOUS = "anonymous"
    UNIT = "unit"


@dataclass(frozen=True, slots=True)
class ExternalKey:
    """Our own reference for a thing in the archive. system: our name there; key: e.g. "INL-" and 26 letters."""

    system: str
    key: str


@dataclass(frozen=True, slots=True)
class Folder:
    """A case folder as we want it. case_number: e.g. "2026/211" when it is known; may_open: we may make it."""

    slug: str
    title: str
    key: ExternalKey
    case_number: str | None
    may_open: bool


@dataclass(frozen=True, slots=True)
class CaseRef:
    """A case in the archive. number: "2026/211"; system_id: the archive's own id; is_open: None when not known."""

    number: str | None
    system_id: str | None
    is_open: bool | None


@dataclass(frozen=True, slots=True)
class Shielding:
    """Why a letter is hidden from the public: code and legal basis, never one without the other."""

    access_code: str
    legal_basis: str

    def __post_init__(self) -> None:
        if not (self.access_code and self.legal_basis):
            raise ValueError("a shielding needs both its code and its legal basis")


@dataclass(frozen=True, slots=True)
class Sender:
    """The other part of a letter: who wrote an incoming one, who gets an outgoing one."""

    kind: SenderKind
    name: str
    email: str | None = None
    org_number: str | None = None
    shielded: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """One file of a letter. number: from 1, in filing order; sha256: hex of content; filename: ASCII."""

    number: int
    is_main: bool
    title: str
    filename: str
    media_type: str
    sha256: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Letter:
    """Everything the archive gets to see of one input, sealed before the first try."""

    key: ExternalKey
    kind: Kind
    title: str
    public_title: str
    shielding: Shielding | None
    document_date: date
    received_at: datetime
    sender: Sender
    documents: tuple[Document, ...]


@dataclass(frozen=True, slots=True)
class Filing:
    """A letter in the archive. documents: numbers that are in; entry_number: in its case, e.g. "3"; existed: found."""

    case: CaseRef
    system_id: str | None
    entry_number: str | None
    documents: frozenset[int]
    existed: bool


@dataclass(frozen=True, slots=True)
class Accepted:
    """Handed over; a receipt comes later (by message_id), or never (e-mail)."""

    message_id: str


@dataclass(frozen=True, slots=True)
class ArchiveStatus:
    """What the archive says of one entry. Codes are the archive's own; as_of: when the call started."""

    entry_code: str | None
    reply_code: str | None
    case_code: str | None
    handler: str | None
    as_of: datetime
    entry_number: str | None = None


class Level(Enum):
    """How bad a finding is."""

    OK = "OK"
    NOTICE = "OBS"
    FAULT = "FEIL"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of `flask cases check`: plain Norwegian. no_contact: the archive did not answer at all."""

    level: Level
    sentence: str
    no_contact: bool = False


@dataclass(frozen=True, slots=True)
class Abilities:
    """What an archive can do; the promise we can give rests on it."""

    looks_up: bool
    recognises_repeats: bool
    gives_numbers: bool
    gives_status: bool


class Steps(Protocol):
    """How far a delivery of several calls has come. LeaseLost from either means: stop, store nothing."""

    @property
    def done(self) -> Mapping[str, str]:
        """What earlier tries and this one got in: name -> the archive's number."""
        ...

    def before(self, name: str) -> None:
        """Renew the lease and commit "begun:<name>", right before a call that creates something."""
        ...

    def after(self, name: str, number: str) -> None:
        """Save what the archive answered."""
        ...


class CaseArchive(Protocol):
    """An archive. Every method may raise DeliveryFault; no transaction may be open around a call."""

    @property
    def abilities(self) -> Abilities: ...

    def look_up(self, key: ExternalKey, case: CaseRef | None) -> Filing | None:
        """Return the entry with this key. None means surely not there; what cannot be told raises."""
        ...

    def holds_main_document(self, filing: Filing) -> bool:
        """Tell whether an entry that was looked up has the document that it is about."""
        ...

    def find_case(self, folder: Folder) -> CaseRef | None:
        """Return the open case for `folder`: by its number, then by our key, then by its exact title."""
        ...

    def open_case(self, folder: Folder, steps: Steps) -> CaseRef:
        """Make a new case. Call find_case first, on every try."""
        ...

    def file(self, letter: Letter, case: CaseRef, steps: Steps) -> Filing | Accepted:
        """Bring in what `steps.done` does not say is in already: the entry, then each document by number."""
        ...

    def collect(self) -> Iterable[tuple[str, Filing | DeliveryFault]]:
        """Return receipts that came later, by message_id."""
        ...

    def fetch_status(self, case: CaseRef, filings: Sequence[Filing]) -> Mapping[str, ArchiveStatus]:
        """Return what the archive says of these entries of one case, by system_id; unknown ones are left out."""
        ...

    def check(self, *, write_to: str | None) -> list[Finding]:
        """Say what is wrong between us and the archive. write_to: a case number to file one test entry in."""
        ...

    def close(self) -> None:
        """Hang up: kept connections are let go."""
        ...
