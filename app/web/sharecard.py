"""A picture of 1200 x 630 for those who share an address: a title, on the ridge and below the aurora."""

import io
from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby

from flask import Response
from PIL import Image, ImageDraw, ImageFont

from app.core.text import cut
from app.web.assets import STATIC, read_assets
from app.web.packing import vary_by

SIZE = (1200, 630)
MARGIN = 72
NATT, WHITE, AURORA, RIDGE, SNOW, SOL = "#08263b", "#ffffff", "#5ce0b8", "#0f4468", "#dfecf3", "#ffc94d"
LATIN, MORE = "schibsted-latin.woff2", "schibsted-latin-ext.woff2"
LONGEST_TITLE = 120
MOST_LINES = 4
HEAVY, BOLD = 800, 600
KEPT = 300  # pictures of some 25 KB each


def card_answer(title: str, word: str) -> Response:
    """Return the picture as an answer that everybody may keep for an hour."""
    response = Response(share_card(title, word), mimetype="image/png")
    response.headers["Cache-Control"] = "public, max-age=3600"
    vary_by(response, "Cookie", "Accept-Language")  # where the language of the word is chosen
    return response


@lru_cache(maxsize=KEPT)
def share_card(title: str, word: str) -> bytes:
    """Return the picture as PNG, the same bytes for the same words. word: what it is, e.g. «Idé», on the label.

    Only what stands here is in it: no name, no place, no photo. Kept, so that a thousand who share cost one drawing.
    """
    card = Image.new("RGB", SIZE, NATT)
    pen = ImageDraw.Draw(card)
    lines, size = _fitted(cut(title, LONGEST_TITLE))
    bottom = 150 + len(lines) * size * 1.12
    _landscape(pen, aurora=bottom < 345)  # noqa: PLR2004 - nothing lies behind words
    _mark(pen)
    pen.text((MARGIN + 66, 92), "Innbyggerlab Narvik", font=_font(LATIN, 36, BOLD), fill=WHITE, anchor="lm")
    for number, line in enumerate(lines):
        _write(pen, line, size, 150 + number * size * 1.12)
    _label(pen, word)
    out = io.BytesIO()
    card.quantize(64).save(out, "PNG", optimize=True)
    return out.getvalue()


def _fitted(title: str) -> tuple[list[str], int]:
    """Return the lines and the largest letters, in pixels, in which the title fits."""
    words = "".join(letter for letter in title if ord(letter) in _letters(LATIN) | _letters(MORE))
    for size in (84, 72, 60):
        lines = _lines(words, size)
        if len(lines) <= 3:  # noqa: PLR2004
            return lines, size
    lines = _lines(words, 52)
    return [*lines[: MOST_LINES - 1], lines[MOST_LINES - 1] + "…"] if len(lines) > MOST_LINES else lines, 52


def _write(pen: ImageDraw.ImageDraw, line: str, size: int, top: float) -> None:
    left = float(MARGIN)
    for run, font in _runs(line, size):
        pen.text((left, top), run, font=font, fill=WHITE)
        left += font.getlength(run)


def _width(line: str, size: int) -> float:
    return sum(font.getlength(run) for run, font in _runs(line, size))


def _runs(line: str, size: int) -> Iterator[tuple[str, ImageFont.FreeTypeFont]]:
    """Give the pieces of a line, each with the file that has its letters: those of the Sámi languages lie apart."""
    for is_latin, run in groupby(line, lambda letter: ord(letter) in _letters(LATIN)):
        yield "".join(run), _font(LATIN if is_latin else MORE, size, HEAVY)


@lru_cache
def _letters(file: str) -> frozenset[int]:
    """Return what a file of the font can draw: a letter that it lacks looks like one that nobody has."""
    nothing = _drawn(file, "\uffff")
    wanted = {*range(0x20, 0x7F), *range(0xA1, 0x250), *range(0x2010, 0x2027), 0x20AC}
    return frozenset(code for code in wanted if code == ord(" ") or _drawn(file, chr(code)) != nothing)


def _drawn(file: str, letter: str) -> bytes:
    paper = Image.new("L", (40, 40))
    ImageDraw.Draw(paper).text((4, 4), letter, font=_font(file, 20, HEAVY), fill=255)
    return paper.tobytes()


def _lines(title: str, size: int) -> list[str]:
    """Break between words; a word too long for a line is broken inside."""
    most = SIZE[0] - 2 * MARGIN
    lines = [""]
    for word in title.split():
        rest = word
        while rest:
            tried = f"{lines[-1]} {rest}".strip()
            if _width(tried, size) <= most:
                lines[-1], rest = tried, ""
            elif lines[-1]:
                lines.append("")
            else:
                fits = next(n for n in range(len(rest), 0, -1) if _width(rest[:n], size) <= most or n == 1)
                lines[-1], rest = rest[:fits], rest[fits:]
    return lines


def _landscape(pen: ImageDraw.ImageDraw, *, aurora: bool) -> None:
    ridge = [(560, 630), (680, 510), (750, 570), (890, 390), (980, 500), (1050, 440), (1200, 560), (1200, 630)]
    pen.polygon(ridge, RIDGE)
    pen.polygon([(890, 390), (838, 456), (866, 448), (886, 474), (910, 452), (940, 468)], SNOW)
    band = [(620, 400), (700, 384), (790, 394), (880, 402), (960, 386), (1040, 352), (1110, 340), (1200, 360)]
    if aurora:
        pen.line(band, fill=AURORA, width=14, joint="curve")


def _mark(pen: ImageDraw.ImageDraw) -> None:
    """Our own neutral mark, as templates/components/mark.html draws it, 56 pixels wide."""
    left, top, scale = MARGIN, 64, 56 / 40
    place = [(left + x * scale, top + y * scale) for x, y in ((4, 31), (15, 13), (20, 20), (24, 15), (36, 31))]
    pen.rounded_rectangle([left, top, left + 56, top + 56], radius=15, fill=AURORA)
    pen.polygon(place, fill=NATT)
    wave = [(left + x * scale, top + y * scale) for x, y in ((7, 12), (12, 9), (18, 10), (24, 10), (33, 8))]
    pen.line(wave, fill=NATT, width=4, joint="curve")


def _label(pen: ImageDraw.ImageDraw, word: str) -> None:
    font = _font(LATIN, 38, BOLD)
    pen.rounded_rectangle([MARGIN, 506, MARGIN + font.getlength(word) + 52, 569], radius=31, fill=SOL)
    pen.text((MARGIN + 26, 537), word, font=font, fill=NATT, anchor="lm")


@lru_cache
def _font(name: str, size: int, weight: int) -> ImageFont.FreeTypeFont:
    """The page's own font, as the browser gets it."""
    file = read_assets().address(name).removeprefix("/static/")
    font = ImageFont.truetype(STATIC / file, size, layout_engine=ImageFont.Layout.BASIC)
    font.set_variation_by_axes([weight])
    return font
