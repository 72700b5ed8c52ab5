"""The main document of a report: every input in it, numbered, in a tagged PDF/A-2a that is complete by itself."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from app.cases.letter import (
    CHANNELS,
    LANGUAGES,
    MEDIA_TYPES,
    NOTICE,
    NOTICE_VERSION,
    Attachment,
    drawn,
    moment_of,
    size_of,
)
from app.core.glyphs import breakable, drawable
from app.core.text import clean_line, clean_text


@dataclass(frozen=True, slots=True)
class Entry:
    """One input of a report, as in `LetterContent`. number: from 1; about: the title of what it speaks of, or ""."""

    number: int
    kind: str
    received_at: datetime
    channel: str
    sender: str
    sender_email: str | None
    language: str
    title: str
    body: str
    place: str = ""
    about: str = ""
    attachments: tuple[Attachment, ...] = ()
    pictures_missing: int = 0
    goals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReportContent:
    """Everything that stands in a report. area_name: "" for none; since, until: of its inputs."""

    reference: str
    title: str
    process_title: str
    area_name: str
    sender: str
    since: datetime
    until: datetime
    made_at: datetime
    entries: Sequence[Entry]
    notice: str = NOTICE
    notice_version: str = NOTICE_VERSION


def render_report(content: ReportContent) -> bytes:
    """Return the report as a PDF; every word of every input stands in it as text. Raises as `render_letter`."""
    parts = (f"{one.sender}{one.title}{one.body}{one.place}{one.about}" for one in content.entries)
    return drawn("report.typ", partial(_as_json, content), "".join(parts), content.made_at)


def _as_json(content: ReportContent, lacking: frozenset[str]) -> str:
    about = [
        ("Prosess", content.process_title),
        ("Satsingsområde", content.area_name or "–"),
        ("Type", "Samlerapport"),
        ("Antall innspill", str(len(content.entries))),
        ("Første innspill", moment_of(content.since)),
        ("Siste innspill", moment_of(content.until)),
        ("Laget", moment_of(content.made_at)),
        ("Fra", content.sender),
        ("Referanse", content.reference),
    ]
    said = {
        "title": content.title,
        "reference": content.reference,
        "about": [(name, breakable(drawable(clean_line(value), also=lacking))) for name, value in about],
        "entries": [_entry(one, lacking) for one in content.entries],
        "notice": f"{content.notice} (Versjon {content.notice_version}.)",
    }
    return json.dumps(said, ensure_ascii=False)


def _entry(one: Entry, lacking: frozenset[str]) -> dict[str, object]:
    def line(text: str) -> str:
        return breakable(drawable(clean_line(text), also=lacking))

    def block(text: str) -> str:
        return breakable(drawable(clean_text(text), also=lacking))

    facts = [("Mottatt", moment_of(one.received_at)), ("Kanal", CHANNELS.get(one.channel, one.channel))]
    facts += [("Avsender", one.sender)]
    facts += [("E-post", one.sender_email)] if one.sender_email else []
    facts += [("Språk", LANGUAGES.get(one.language, one.language))]
    facts += [("FNs bærekraftsmål", ", ".join(one.goals))] if one.goals else []
    facts += [("Sted", one.place)] if one.place else []
    facts += [("Gjelder", one.about)] if one.about else []
    facts += [("Vedlegg", _told(attachment)) for attachment in one.attachments]
    facts += [("Bilder som ikke kunne leses", str(one.pictures_missing))] if one.pictures_missing else []
    return {
        "heading": f"{one.number}. {one.kind}",
        "facts": [(name, line(value)) for name, value in facts],
        "title": line(one.title),
        "body": block(one.body),
        "language": one.language if one.language in LANGUAGES else "nb",
    }


def _told(attachment: Attachment) -> str:
    kind = MEDIA_TYPES.get(attachment.media_type, attachment.media_type)
    return f"{attachment.title}, {kind}, {size_of(attachment.size)}, SHA-256 {attachment.sha256}"
