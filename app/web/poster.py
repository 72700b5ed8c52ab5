"""Posters to hang up and slips to cut out: a few words, and a QR code that leads to where people take part."""

import json
import re
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import as_file, files

import regex
import segno
import typst
from flask import Response

from app.core.errors import RuleBroken
from app.core.glyphs import is_drawn
from app.core.text import N_, clean_line, cut
from app.web.extensions import settings
from app.web.language import gettext as _
from app.web.language import locale
from app.web.packing import vary_by

SIZES = ("a4", "a5", "lapper")
LONGEST_LINE = 120
KEPT = 100  # posters of some 40 KB each
QUIET = 4  # modules around the code; ISO/IEC 18004 asks for them
LATIN = 0x24F  # up to here (Latin, with all Sámi letters) every character is drawn wherever it stands
_LONG_WORD = regex.compile(r"\S{20,}")
_ZERO_WIDTH_SPACE = "\u200b"
_MARK = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40"><rect width="40" height="40" rx="11" fill="#5ce0b8"/>'
    '<path d="M4 31L15 13l5 7 4-5 12 16z" fill="#08263b"/><path d="M7 12c6-6 12 2 17-2 3-2 5-3 9-2" fill="none" '
    'stroke="#08263b" stroke-width="3" stroke-linecap="round"/></svg>'
)
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Poster:
    """What stands on a poster.

    kind: what it is about, e.g. «Idé»; it takes the title's place when that has no letters. call: what to do, in a few
    words. lines: who reads it, who decides. address: complete. talk: a question and where to call, or nothing.
    language: of all but the title.
    """

    title: str
    kind: str
    call: str
    lines: tuple[str, ...]
    address: str
    talk: tuple[str, ...]
    language: str


def poster_answer(title: str, kind: str, call: str, lines: Iterable[str], *, path: str, size: str) -> Response:
    """Return the poster in the page's language, with where to call when that is known. The words are as in Poster.

    path: of the page that the code leads to. size: as asked for. Raises RuleBroken when it is none of ours.
    """
    if size not in SIZES:
        raise RuleBroken(N_("Velg A4, A5 eller lapper."))
    phone = settings().contact_phone
    talk = (_("Vil du heller snakke med noen?"), _("Ring %(phone)s.", phone=phone)) if phone else ()
    address = settings().public_url.rstrip("/") + path
    poster = Poster(title, kind, call, tuple(lines), address, talk, locale())
    response = Response(poster_pdf(poster, size), mimetype="application/pdf")
    response.headers["Cache-Control"] = "public, max-age=3600"
    response.headers["Content-Disposition"] = f'inline; filename="plakat-{size}.pdf"'
    vary_by(response, "Cookie", "Accept-Language")  # where the language is chosen
    return response


@lru_cache(maxsize=KEPT)
def poster_pdf(poster: Poster, size: str) -> bytes:
    """Return a tagged PDF (PDF/UA-1), the same bytes for the same words. size: one of SIZES; slips are eight on an A4.

    A character that no font has is left out. Kept, so that a whole school that prints costs one drawing.
    """
    try:
        return _compile(_as_json(poster, size, is_drawn))
    except typst.TypstError:  # a letter that can be drawn alone, and not beside its neighbours
        return _compile(_as_json(poster, size, _is_latin))


def _is_latin(letter: str) -> bool:
    return ord(letter) <= LATIN and is_drawn(letter)


def _as_json(poster: Poster, size: str, keep: Callable[[str], bool]) -> str:
    def line(text: str) -> str:
        kept = clean_line("".join(letter for letter in clean_line(text) if keep(letter)))
        return str(_LONG_WORD.sub(lambda word: _ZERO_WIDTH_SPACE.join(regex.findall(r"\X", word[0])), kept))

    short = poster.address.split("://", 1)[-1]
    return json.dumps(
        {
            "size": size,
            "brand": "Innbyggerlab Narvik",
            "mark": _MARK,
            "title": line(poster.title) or poster.kind,
            "kind": poster.kind,
            "call": poster.call,
            "lines": [line(cut(text, LONGEST_LINE)) for text in poster.lines],
            "code": code_svg(poster.address),
            "address": poster.address,
            "short": _ZERO_WIDTH_SPACE.join(regex.findall(r"[^/-]*[/-]|[^/-]{1,20}", short)),
            "talk": poster.talk,
            "language": poster.language,
        },
        ensure_ascii=False,
    )


def code_svg(address: str) -> str:
    """Return an address as a QR code: one black path on white. A fourth of it may be torn off, and it is still read."""
    rows = [bytes(row) for row in segno.make(address, error="q", micro=False).matrix]
    runs = ((x.start() + QUIET, y + QUIET, len(x[0])) for y, row in enumerate(rows) for x in re.finditer(b"\x01+", row))
    path = "".join(f"M{x} {y}h{wide}v1h-{wide}z" for x, y, wide in runs)
    side = len(rows) + 2 * QUIET
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}">'
        f'<rect width="{side}" height="{side}" fill="#fff"/><path d="{path}" fill="#000"/></svg>'
    )


def _compile(poster: str) -> bytes:
    with _lock:
        made = _compiler().compile(
            format="pdf", sys_inputs={"poster": poster}, pdf_standards=["ua-1"], pdf_tags=True, timestamp=0
        )
    assert isinstance(made, bytes)  # noqa: S101 - without an output file typst gives bytes
    return made


@lru_cache(maxsize=1)
def _compiler() -> typst.Compiler:
    """One compiler for the process, which keeps the fonts. Those of the system would differ by machine."""
    with as_file(files("app.web") / "poster.typ") as source:
        return typst.Compiler(str(source), ignore_system_fonts=True)
