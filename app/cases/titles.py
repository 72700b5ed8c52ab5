"""Titles, keys and shielding. No word of a citizen reaches a public title; what identifies somebody is shielded."""

import re
from datetime import date, datetime

from app.cases.client import ExternalKey, Shielding
from app.cases.codes import Codes
from app.core.oslo import OSLO
from app.core.text import clean_line, cut, personal_data

LONGEST_TITLE = 255
OUTSIDE_ALL_AREAS = "annet"
LAB_SLUG = "innbyggerlab"
_BRAND = "Smart Narvik"


def title_of(text: str) -> str:
    """Return `text` as an archive takes it: one line, NFC, no control or direction marks, at most 255 characters."""
    return cut(clean_line(text), LONGEST_TITLE)


def folder_slug(area_slug: str) -> str:
    """Return the slug of the folder for a focus area; «Annet» and no area at all share the lab's own."""
    return LAB_SLUG if area_slug in {"", OUTSIDE_ALL_AREAS} else area_slug


def folder_title(area_slug: str, area_name: str) -> str:
    """Return e.g. «Smart Narvik, mobilitet». Never the bare «Smart Narvik», which holds other things."""
    name = LAB_SLUG if folder_slug(area_slug) == LAB_SLUG else area_name
    return title_of(f"{_BRAND}, {name.lower()}")


def folder_key(system: str, slug: str, opened_at: datetime) -> ExternalKey:
    """Return e.g. sak:mobilitet:2026; the year is the one in Narvik when the folder was first wanted."""
    return ExternalKey(system, f"sak:{slug}:{opened_at.astimezone(OSLO).year}")


def input_title(title: str) -> str:
    """Return the internal title of an input: the citizen's words, never the sender's name."""
    return title_of(f"Innspill: {title}")


def reply_title(title: str) -> str:
    return title_of(f"Svar på innspill: {title}")


def correction_title(title: str) -> str:
    return title_of(f"Rettet innspill: {title}")


def public_correction_title(process_title: str, area_name: str) -> str:
    return title_of(f"Rettet innspill til {process_title} ({area_name.lower()})")


def comment_title(title: str) -> str:
    return title_of(f"Kommentar til innspill: {title}")


def public_input_title(process_title: str, area_name: str) -> str:
    """Return the public title, made of our own words alone: «Innspill til <prosess> (<satsingsområde>)»."""
    return title_of(f"Innspill til {process_title} ({area_name.lower()})")


def public_comment_title(process_title: str, area_name: str) -> str:
    return title_of(f"Kommentar til innspill til {process_title} ({area_name.lower()})")


def public_reply_title(process_title: str, area_name: str) -> str:
    return title_of(f"Svar på innspill til {process_title} ({area_name.lower()})")


def report_title(process_title: str, first: date, last: date, part: int, parts: int) -> str:
    """Return e.g. «Samlerapport: Ny lekeplass, 1.3.2026–30.3.2026, del 1 av 2». It holds no citizen's word."""
    return title_of(f"Samlerapport: {process_title}, {_period(first, last)}{_part(part, parts)}")


def public_report_title(process_title: str, area_name: str, first: date, last: date, part: int, parts: int) -> str:
    """Return e.g. «Samlerapport om innspill til Ny lekeplass (mobilitet), 1.3.2026–30.3.2026». area_name: or ""."""
    area = f" ({area_name.lower()})" if area_name else ""
    return title_of(f"Samlerapport om innspill til {process_title}{area}, {_period(first, last)}{_part(part, parts)}")


def _period(first: date, last: date) -> str:
    one, other = (f"{day.day}.{day.month}.{day.year}" for day in (first, last))
    return f"{one}–{other}"


def _part(part: int, parts: int) -> str:
    return f", del {part} av {parts}" if parts > 1 else ""


# A hint of health or of a child's welfare in Norwegian, English or Sámi words; a false hit only hides a title.
_SENSITIVE = re.compile(
    r"\b(?:diagnose\w*|depresjon\w*|deprimert\w*|angst\w*|kreft\w*|psykisk\w*|psykiatri\w*|sykdom\w*|sjukdom\w*|"
    r"sykmeld\w*|sjukmeld\w*|medisin(?:er|en)?|rusmis\w*|rusavheng\w*|alkoholiker\w*|demens\w*|dement\w*|adhd|autis\w*|"
    r"selvmord\w*|sjølvmord\w*|voldtekt\w*|valdtekt\w*|mishandl\w*|barnevern\w*|min (?:sønn|datter|son|dotter)|"
    r"cancer|depress\w*|suicid\w*|disease)\b",
    re.IGNORECASE,
)


def needs_shielding(*texts: str, marked_private: bool = False) -> bool:
    """Tell whether anything in `texts` says who somebody is, or how their health is, or the citizen said so."""
    return marked_private or any(personal_data(text) or _SENSITIVE.search(text) for text in texts)


def shielding_for(*texts: str, codes: Codes, marked_private: bool = False) -> Shielding | None:
    """Return the archive's shielding when these texts need it; openness is the main rule."""
    if not needs_shielding(*texts, marked_private=marked_private):
        return None
    return Shielding(codes["access_code"], codes["legal_basis"])
