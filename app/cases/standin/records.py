"""What lies in the archive, as values: cases, entries, documents. Codes are the archive's own."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Key:
    """Somebody else's reference for a thing here: the code of their system, and their own key."""

    system: str
    key: str


@dataclass(frozen=True, slots=True)
class CaseNumber:
    year: int
    sequence: int

    def __str__(self) -> str:
        return f"{self.year}/{self.sequence}"

    @classmethod
    def parse(cls, text: str) -> "CaseNumber | None":
        """Read "2026/211"; None when it is something else."""
        year, slash, sequence = text.partition("/")
        if slash and year.isascii() and year.isdigit() and sequence.isascii() and sequence.isdigit():
            return cls(int(year), int(sequence))
        return None


@dataclass(frozen=True, slots=True)
class JournalNumber:
    """Number of a registered letter: running through the whole archive, from 1 each year (here: from 571)."""

    year: int
    sequence: int


@dataclass(frozen=True, slots=True)
class Shielding:
    code: str
    legal_basis: str


@dataclass(frozen=True, slots=True)
class Class:
    system: str
    class_id: str


@dataclass(frozen=True, slots=True)
class Part:
    """One korrespondansepart. contact: "Person", "Organisasjon" or "Kontakt", as the sender called it."""

    kind: str
    name: str
    contact: str = "Kontakt"
    email: str = ""
    organisation_number: str = ""
    their_reference: str = ""
    responsible: bool = False
    shielded: bool = False
    unit: str = ""
    journal_unit: str = ""
    handler_init: str = ""
    handler: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """One avskrivning: how an incoming letter was answered, and by which entry if there is one."""

    system_id: str
    code: str
    at: datetime
    by: str
    answered_by: JournalNumber | None = None


@dataclass(frozen=True, slots=True)
class NewCase:
    title: str
    status: str
    public_title: str = ""
    shielded_title: bool = False
    shielding: Shielding | None = None
    arkivdel: str = ""
    unit: str = ""
    classes: tuple[Class, ...] = ()
    key: Key | None = None
    number: CaseNumber | None = None


@dataclass(frozen=True, slots=True)
class Case:
    system_id: str
    number: CaseNumber
    opened_at: datetime
    title: str
    status: str
    public_title: str
    shielded_title: bool
    shielding: Shielding | None
    arkivdel: str
    unit: str
    classes: tuple[Class, ...]
    key: Key | None


@dataclass(frozen=True, slots=True)
class NewEntry:
    case_id: str
    kind: str
    status: str
    title: str
    public_title: str
    shielded_title: bool
    shielding: Shielding | None
    document_date: datetime
    parts: tuple[Part, ...]
    key: Key | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One journalpost. number_in_case counts from 1 in each case."""

    system_id: str
    case_id: str
    case_number: CaseNumber
    number_in_case: int
    journal: JournalNumber | None
    registered_at: datetime
    kind: str
    status: str
    title: str
    public_title: str
    shielded_title: bool
    shielding: Shielding | None
    document_date: datetime
    parts: tuple[Part, ...]
    replies: tuple[Reply, ...]
    key: Key | None

    @property
    def handler(self) -> Part | None:
        """The internal part that is responsible for the letter."""
        return next((part for part in self.parts if part.responsible), None)


@dataclass(frozen=True, slots=True)
class NewDocument:
    entry_id: str
    number: str
    role: str
    kind: str
    title: str
    status: str
    variant: str
    format: str
    filename: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Document:
    """One stored document, without its bytes."""

    system_id: str
    entry_id: str
    number: str
    role: str
    kind: str
    title: str
    status: str
    variant: str
    format: str
    filename: str
    media_type: str
    sha256: str
    size: int
    stored_at: datetime
