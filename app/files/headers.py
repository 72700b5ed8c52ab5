"""What a picture says about itself in its first bytes, whatever its name says. Nothing is decoded here."""

import struct
from dataclasses import dataclass
from typing import IO, Literal

Kind = Literal["jpeg", "png", "webp", "heic", "other"]

_HEAD = 32
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
_JPEG_SEGMENTS_ALLOWED = 2000
# Start of frame: the markers that carry the size. C4, C8 and CC between them mean other things.
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_BARE = frozenset({0x01, *range(0xD0, 0xD9)})
_JPEG_PIXELS_BEGIN, _JPEG_END = 0xDA, 0xD9


class UnreadableHeaderError(ValueError):
    """It begins like a picture, and then makes no sense."""


@dataclass(frozen=True, slots=True)
class Header:
    """width, height: pixels as stored, before any turning; at least 1."""

    kind: Kind
    width: int
    height: int


def kind_of(stream: IO[bytes]) -> Kind:
    """Return what the first bytes say. Leaves the stream at its start."""
    head = _at_start(stream, _HEAD)
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    return "heic" if head[4:8] == b"ftyp" and head[8:12] in _HEIC_BRANDS else "other"


def read_header(stream: IO[bytes]) -> Header:
    """Return kind and size in pixels of a JPEG, PNG or WebP. Leaves the stream at its start.

    Raises UnreadableHeaderError for anything else, and where the size is missing or 0.
    """
    kind = kind_of(stream)
    try:
        if kind == "jpeg":
            width, height = _jpeg_size(stream)
        elif kind == "png":
            width, height = _png_size(stream)
        elif kind == "webp":
            width, height = _webp_size(stream)
        else:
            raise UnreadableHeaderError("neither JPEG, PNG nor WebP")
    except (struct.error, IndexError) as fault:
        raise UnreadableHeaderError("it ends in its header") from fault
    finally:
        stream.seek(0)
    if width < 1 or height < 1:
        raise UnreadableHeaderError("no pixels")
    return Header(kind, width, height)


def _at_start(stream: IO[bytes], length: int) -> bytes:
    stream.seek(0)
    head = stream.read(length)
    stream.seek(0)
    return head


def _png_size(stream: IO[bytes]) -> tuple[int, int]:
    """Source: PNG, third edition (W3C 2025), 11.2.1: IHDR comes first."""
    head = _at_start(stream, _HEAD)
    if head[12:16] != b"IHDR":
        raise UnreadableHeaderError("a PNG without IHDR")
    width, height = struct.unpack(">II", head[16:24])
    return width, height


def _webp_size(stream: IO[bytes]) -> tuple[int, int]:
    """Source: RFC 9649, 2.4 to 2.7: lossy, lossless and extended each keep the size elsewhere."""
    head = _at_start(stream, _HEAD)
    chunk = head[12:16]
    if chunk == b"VP8X":
        return 1 + int.from_bytes(head[24:27], "little"), 1 + int.from_bytes(head[27:30], "little")
    if chunk == b"VP8L" and head[20] == 0x2F:  # noqa: PLR2004 - the signature byte of lossless WebP
        (bits,) = struct.unpack("<I", head[21:25])
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if chunk == b"VP8 " and head[23:26] == b"\x9d\x01\x2a":
        width, height = struct.unpack("<HH", head[26:30])
        return width & 0x3FFF, height & 0x3FFF
    raise UnreadableHeaderError("a WebP of no known form")


def _jpeg_size(stream: IO[bytes]) -> tuple[int, int]:
    """Walk the segments to the first frame. Source: ITU-T T.81, B.1 and B.2.2."""
    stream.seek(2)
    for _ in range(_JPEG_SEGMENTS_ALLOWED):
        marker = _jpeg_marker(stream)
        if marker in _JPEG_BARE:
            continue
        if marker in (_JPEG_PIXELS_BEGIN, _JPEG_END):
            break
        (length,) = struct.unpack(">H", stream.read(2))
        if marker in _JPEG_FRAMES:
            _, height, width = struct.unpack(">BHH", stream.read(5))
            return width, height
        stream.seek(max(length - 2, 0), 1)
    raise UnreadableHeaderError("a JPEG without a frame")


def _jpeg_marker(stream: IO[bytes]) -> int:
    """Return the next marker. Bytes FF before it are filling and may be many."""
    if stream.read(1) != b"\xff":
        raise UnreadableHeaderError("no marker where one must be")
    for _ in range(_JPEG_SEGMENTS_ALLOWED):
        code = stream.read(1)[0]
        if code != 0xFF:  # noqa: PLR2004 - filling
            return code
    raise UnreadableHeaderError("filling without end")
