"""The main document of a letter: a tagged PDF/A-2a that is complete by itself, the same bytes for the same content."""

import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from importlib.resources import as_file, files

import typst

from app.core.errors import Permanent
from app.core.glyphs import breakable, drawable
from app.core.oslo import OSLO
from app.core.text import N_, clean_line, clean_text

NOTICE_VERSION = "2026-1"
NOTICE = N_(
    "Innspillet er sendt til Narvik kommune og blir arkivert. Saksdokumenter er som hovedregel offentlige. "
    "Det som er arkivert, kan ikke slettes av innsenderen."
)
LANGUAGES = {"nb": "bokmål", "nn": "nynorsk", "en": "engelsk", "se": "nordsamisk", "smj": "lulesamisk"}
CHANNELS = {"web": "nett", "app": "app", "workshop": "verksted", "school": "skole", "paper": "papir",
            "phone": "telefon", "email": "e-post"}  # fmt: skip
MEDIA_TYPES = {"image/jpeg": "JPEG", "text/csv": "CSV", "application/geo+json": "GeoJSON", "application/pdf": "PDF"}
LATIN = 0x24F
"""Up to here (Latin, with all Sámi letters) every character is drawn wherever it stands."""

_TRIES = 12
_LACKING = re.compile(r'the text `"((?:[^"\\]|\\.)+)"` could not be displayed')
_ESCAPE = re.compile(r"\\u\{([0-9a-f]+)\}")
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with the letter. size: bytes; sha256: hex."""

    title: str
    media_type: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class LetterContent:
    """Everything that stands in the main document.

    kind: e.g. «Idé»; channel: a key of CHANNELS or plain words; language: a code such as "nb"; sender: what is shown,
    e.g. «Anonym innsender»; place: words, "" when none was given; about_title: of the input that an answer or a
    comment is about; pictures_missing: how many the citizen sent that could not be read;
    goals: of the UN's, e.g. «13 Stoppe klimaendringene».
    """

    reference: str
    kind: str
    area_name: str
    process_title: str
    received_at: datetime
    written_at: datetime | None
    channel: str
    sender: str
    sender_email: str | None
    language: str
    title: str
    body: str
    place: str
    attachments: tuple[Attachment, ...] = ()
    outgoing: bool = False
    about_title: str | None = None
    pictures_missing: int = 0
    goals: tuple[str, ...] = ()
    notice: str = NOTICE
    notice_version: str = NOTICE_VERSION


def render_letter(content: LetterContent) -> bytes:
    """Return the letter as PDF/A-2a with tags, language, title and embedded fonts.

    Every word of `content` stands in it as text. A character that no font has is described: [U+1F600 GRINNING FACE].
    Raises Permanent when typst cannot make it at all.
    """
    written = f"{content.title}{content.body}{content.place}{content.sender}{content.about_title}"
    return drawn("letter.typ", partial(_as_json, content), written, content.received_at)


def drawn(source: str, as_json: Callable[[frozenset[str]], str], written: str, at: datetime) -> bytes:
    """Return the PDF of a template with its data. as_json: the data, without the characters that no font has.

    written: all that somebody wrote in it; at: when it was made, as the file says. Raises as render_letter.
    """
    stamp = int(at.timestamp())
    foreign = frozenset(character for character in written if ord(character) > LATIN)
    lacking: frozenset[str] = frozenset()
    for _ in range(_TRIES):
        try:
            return _compile(as_json(lacking), stamp, source)
        except typst.TypstError as fault:
            if lacking >= foreign:
                raise Permanent(f"Brevet kunne ikke lages: {str(fault)[:200]}") from fault
            lacking = lacking | (_characters_in(str(fault)) & foreign - lacking or foreign)
    return _compile(as_json(foreign), stamp, source)


def _compile(letter: str, stamp: int, source: str = "letter.typ") -> bytes:
    with _lock:
        made = _compiler(source).compile(
            format="pdf", sys_inputs={"letter": letter}, pdf_standards=["a-2a"], pdf_tags=True, timestamp=stamp
        )
    assert isinstance(made, bytes)  # noqa: S101 - without an output file typst gives bytes
    return made


@lru_cache(maxsize=2)
def _compiler(source: str) -> typst.Compiler:
    """One compiler for the process and template, which keeps the fonts. Those of the system would differ by machine."""
    with as_file(files("app.cases") / source) as path:
        return typst.Compiler(str(path), ignore_system_fonts=True)


def _characters_in(fault: str) -> frozenset[str]:
    """Return the characters that typst names because it could not draw them, alone or where they stood."""
    texts = [_ESCAPE.sub(lambda m: chr(int(m[1], 16)), text) for text in _LACKING.findall(fault)]
    return frozenset("".join(texts)) - {"\\"}


def _as_json(content: LetterContent, lacking: frozenset[str]) -> str:
    def line(text: str) -> str:
        return breakable(drawable(clean_line(text), also=lacking))

    def block(text: str) -> str:
        return breakable(drawable(clean_text(text), also=lacking))

    heading = (
        "Svar fra Narvik kommune – Smart Narvik" if content.outgoing else "Innspill til Narvik kommune – Smart Narvik"
    )
    about = [
        ("Satsingsområde", content.area_name),
        ("Prosess", content.process_title),
        ("Type", content.kind),
        ("Referanse", content.reference),
    ]
    if content.goals:
        about.append(("FNs bærekraftsmål", ", ".join(content.goals)))
    if content.about_title:
        about.append(("Svar på" if content.outgoing else "Gjelder innspillet", content.about_title))
    received = [("Sendt" if content.outgoing else "Mottatt", moment_of(content.received_at))]
    if content.written_at and content.written_at != content.received_at:
        received.append(("Skrevet", _oslo_day(content.written_at)))
    received.append(("Kanal", CHANNELS.get(content.channel, content.channel)))
    sender = [("Avsender", content.sender)]
    if content.sender_email:
        sender.append(("E-post", content.sender_email))
    sender.append(("Språk", LANGUAGES.get(content.language, content.language)))
    return json.dumps(
        {
            "heading": heading,
            "reference": content.reference,
            "about": [(name, line(value)) for name, value in about],
            "received": [(name, line(value)) for name, value in received],
            "sender_heading": "Fra" if content.outgoing else "Avsender",
            "sender": [(name, line(value)) for name, value in sender],
            "title_heading": "Svaret" if content.outgoing else "Innspillet",
            "title": line(content.title),
            "body": block(content.body),
            "language": content.language if content.language in LANGUAGES else "nb",
            "place": block(content.place) or _no_place(content),
            "attachments": [
                (line(a.title), MEDIA_TYPES.get(a.media_type, a.media_type), size_of(a.size), breakable(a.sha256))
                for a in content.attachments
            ],
            "missing": f"Bilder som ikke kunne leses: {content.pictures_missing}." if content.pictures_missing else "",
            "notice": f"{block(content.notice)} (Versjon {content.notice_version}.)",
        },
        ensure_ascii=False,
    )


def _oslo_day(moment: datetime) -> str:
    """Return e.g. «2.3.2026»: nobody knows at what hour something was given to us."""
    local = moment.astimezone(OSLO)
    return f"{local.day}.{local.month}.{local.year}"


def _no_place(content: LetterContent) -> str:
    """Only an input of its own is asked for a place."""
    return "–" if content.outgoing or content.about_title else "Valgt uten kart. Sted er ikke oppgitt."


def moment_of(moment: datetime) -> str:
    """Return e.g. «2.3.2026 kl. 10.15 (UTC+01:00)»: time in Narvik, with its offset."""
    local = moment.astimezone(OSLO)
    offset = local.strftime("%z")
    return f"{local.day}.{local.month}.{local.year} kl. {local:%H.%M} (UTC{offset[:3]}:{offset[3:]})"


def size_of(count: int) -> str:
    return f"{count} byte" if count < 10_000 else f"{count / 1000:.0f} kB".replace(".", ",")  # noqa: PLR2004
