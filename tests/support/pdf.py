"""Reading the words of a PDF back, by the maps its fonts carry: what a screen reader or an archive would find."""

import io
import re
from collections.abc import Iterator

import pikepdf

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
