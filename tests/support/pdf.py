"""Reading the words of a PDF back, by the maps its fonts carry: what a screen reader or an archive would find."""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import pikepdf

MM = 25.4 / 72  # of a point

_PAIR = re.compile(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>")
_RANGE = re.compile(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>")
_BLOCK = re.compile(rb"begin(bfchar|bfrange)(.*?)end\1", re.DOTALL)


def opened(content: bytes) -> pikepdf.Pdf:
    return pikepdf.open(io.BytesIO(content))


def words_of(content: bytes) -> str:
    """Return all text of a PDF, pieces joined as they stand, without blanks and places to break."""
    with opened(content) as pdf:
        return re.sub(r"[\s\u200b\u00ad]+", "", "".join(piece for page in pdf.pages for piece in _pieces(page)))


def fonts_of(content: bytes) -> list[tuple[str, bool]]:
    """Return each font's name and whether it lies in the file."""
    with opened(content) as pdf:
        return [
            (str(font.BaseFont), any(name.startswith("/FontFile") for name in _descriptor(font).keys()))  # noqa: SIM118
            for page in pdf.pages
            for font in dict(page.Resources.Font).values()
        ]


def _descriptor(font: pikepdf.Object) -> pikepdf.Object:
    return font.DescendantFonts[0].FontDescriptor if "/DescendantFonts" in font else font.FontDescriptor


def _pieces(page: pikepdf.Page) -> Iterator[str]:
    maps = {name: _map(font) for name, font in dict(page.Resources.Font).items()}
    current: dict[int, str] = {}
    actual = 0
    stack: list[bool] = []
    for operands, operator in pikepdf.parse_content_stream(page):
        name = str(operator)
        if name == "Tf":
            current = maps[str(operands[0])]
        elif name in {"BDC", "BMC"}:
            stated = _actual_text(operands, page)
            stack.append(stated is not None)
            if stated is not None:
                actual += 1
                yield stated
        elif name == "EMC" and stack:
            actual -= stack.pop()
        elif name in {"Tj", "TJ"} and not actual:
            strings = operands[0] if name == "TJ" else operands
            yield "".join(_decoded(bytes(s), current) for s in strings if isinstance(s, pikepdf.String))


def _actual_text(operands: list[pikepdf.Object], page: pikepdf.Page) -> str | None:
    properties = operands[1] if len(operands) > 1 else None
    if isinstance(properties, pikepdf.Name):
        properties = page.Resources.Properties[str(properties)]
    if properties is not None and "/ActualText" in properties:
        return str(properties.ActualText)
    return None


def _decoded(text: bytes, table: dict[int, str]) -> str:
    return "".join(table.get(int.from_bytes(text[i : i + 2], "big"), "") for i in range(0, len(text), 2))


def _map(font: pikepdf.Object) -> dict[int, str]:
    table: dict[int, str] = {}
    for kind, block in _BLOCK.findall(font.ToUnicode.read_bytes()):
        if kind == b"bfchar":
            table.update({int(code, 16): _text(value) for code, value in _PAIR.findall(block)})
            continue
        for first, last, value in _RANGE.findall(block):
            for offset in range(int(last, 16) - int(first, 16) + 1):
                table[int(first, 16) + offset] = chr(int(value, 16) + offset)
    return table


def _text(value: bytes) -> str:
    return bytes.fromhex(value.decode()).decode("utf-16-be", errors="replace")


@dataclass(frozen=True, slots=True)
class DrawnCode:
    """A QR code as a printer draws it. dark: (column, row) of each dark module, from the corner of its white plate.

    side: of the plate, in modules. module_mm: how large one becomes on paper.
    """

    dark: frozenset[tuple[int, int]]
    side: int
    module_mm: float


def codes_of(content: bytes) -> list[DrawnCode]:
    """Return the QR codes of a PDF: a white plate, and upon it one black path of upright pieces."""
    with opened(content) as pdf:
        fills = [fill for page in pdf.pages for fill in _fills(page)]
    return [
        DrawnCode(_modules(black.shapes), round(max(x for shape in white.shapes for x, _ in shape)), black.scale * MM)
        for white, black in pairwise(fills)
        if (white.colour, black.colour) == ((1.0,), (0.0,))
    ]


@dataclass(slots=True)
class _Fill:
    """One filled path, in its own units. scale: points for each of them."""

    colour: tuple[float, ...]
    scale: float
    shapes: list[list[tuple[float, float]]]


def _fills(page: pikepdf.Page) -> Iterator[_Fill]:
    scale, colour, shapes = 1.0, (), []
    kept: list[tuple[float, tuple[float, ...]]] = []
    for operands, operator in pikepdf.parse_content_stream(page):
        name = str(operator)
        if name == "q":
            kept.append((scale, colour))
        elif name == "Q":
            scale, colour = kept.pop()
        elif name == "cm":
            scale *= float(operands[0])
        elif name == "scn":
            colour = tuple(map(float, operands))
        elif name == "m":
            shapes.append([(float(operands[0]), float(operands[1]))])
        elif name == "l":
            shapes[-1].append((float(operands[0]), float(operands[1])))
        elif name in {"f", "S", "n"}:
            if name == "f":
                yield _Fill(colour, scale, shapes)
            shapes = []


def _modules(shapes: list[list[tuple[float, float]]]) -> frozenset[tuple[int, int]]:
    found: set[tuple[int, int]] = set()
    for shape in shapes:
        columns, rows = ([round(point[axis]) for point in shape] for axis in (0, 1))
        found |= {(x, y) for x in range(min(columns), max(columns)) for y in range(min(rows), max(rows))}
    return frozenset(found)
