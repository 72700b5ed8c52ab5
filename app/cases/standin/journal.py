"""The same letter twice: as staff see it, and as the public journal would show it."""

from dataclasses import dataclass

from app.cases.standin.codes import described
from app.cases.standin.life import NOT_YET_REGISTERED
from app.cases.standin.records import Document, Entry

SHIELDED = "*****"


@dataclass(frozen=True, slots=True)
class PublicEntry:
    """What the internet may see. waiting: not registered yet, so the public journal does not show it at all.

    people: what they are, and the name.
    """

    waiting: bool
    expired: bool
    title: str
    people: tuple[tuple[str, str], ...]
    exempt: str
    documents: tuple[Document, ...]


def public_view(entry: Entry, documents: list[Document]) -> PublicEntry:
    """Return the public side: offentligTittel, no shielded name, no shielded document (offentleglova § 13)."""
    title = entry.public_title or (SHIELDED if entry.shielded_title else entry.title)
    return PublicEntry(
        waiting=entry.status in NOT_YET_REGISTERED,
        expired=entry.status == "U",
        title=title,
        people=tuple(
            (described("Korrespondanseparttype", part.kind), SHIELDED if part.shielded else part.name)
            for part in entry.parts
            if not part.responsible
        ),
        exempt=entry.shielding.legal_basis if entry.shielding else "",
        documents=() if entry.shielding else tuple(documents),
    )
