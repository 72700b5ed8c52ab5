"""Pictures as nobody should have to receive them, built here so that none lies in the project.

Each builder returns the bytes of one file. SECRET stands in every place where a file can hide words.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from PIL import ExifTags, Image, ImageCms, PngImagePlugin

SECRET = b"KARIS-HEMMELIGHET-68.4385N"
_TEXT = SECRET.decode()

Fate = Literal["drawn", "failed", "either"]


@dataclass(frozen=True, slots=True)
class Hostile:
    """make: builds it. enters: passes the check at the door. fate: what the child makes of it, if it got there."""

    make: Callable[[], bytes]
    enters: bool
    fate: Fate


def photo(width: int = 400, height: int = 300, mode: str = "RGB") -> Image.Image:
    """Return a picture with some life in it: a slope of colours, the upper left corner red."""
    across = Image.linear_gradient("L").resize((width, height))
    down = across.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    picture = Image.merge("RGB", (across, down, across))
    picture.paste((255, 0, 0), (0, 0, max(width // 4, 1), max(height // 4, 1)))
    return picture.convert(mode)


def saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def jpeg(**options: object) -> bytes:
    return saved(photo(), "JPEG", **options)


def png(**options: object) -> bytes:
    return saved(photo(), "PNG", **options)


def webp(**options: object) -> bytes:
    return saved(photo(), "WEBP", **options)


def words() -> dict[str, bytes]:
    """Return an EXIF block with a place in it, an XMP packet and a colour profile, each with SECRET."""
    exif = Image.Exif()
    exif[ExifTags.Base.ImageDescription] = _TEXT
    exif[ExifTags.Base.Make] = _TEXT
    exif[ExifTags.Base.XPComment] = _TEXT.encode("utf-16-le")
    exif.get_ifd(ExifTags.IFD.GPSInfo).update(
        {1: "N", 2: (68.0, 26.0, 18.6), 3: "E", 4: (17.0, 25.0, 38.3), 27: SECRET},
    )
    xmp = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><t>{_TEXT}</t></x:xmpmeta>'.encode()
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes() + SECRET
    return {"exif": exif.tobytes(), "xmp": xmp, "icc_profile": profile}


def segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def jpeg_full_of_words() -> bytes:
    plain = jpeg(comment=SECRET, **words())
    caption = b"\x1c\x02\x78" + struct.pack(">H", len(SECRET)) + SECRET
    iptc = (
        b"Photoshop 3.0\x008BIM\x04\x04\x00\x00"
        + struct.pack(">I", len(caption))
        + caption
        + b"\x00" * (len(caption) % 2)
    )
    return plain[:2] + segment(0xED, iptc) + segment(0xEF, SECRET) + plain[2:] + SECRET


def png_full_of_words() -> bytes:
    info = PngImagePlugin.PngInfo()
    info.add_text("Author", _TEXT)
    info.add_text("Comment", _TEXT * 20, zip=True)
    info.add_itxt("XML:com.adobe.xmp", words()["xmp"].decode())
    return png(pnginfo=info, exif=words()["exif"], icc_profile=words()["icc_profile"]) + SECRET


def webp_full_of_words() -> bytes:
    return webp(**words()) + SECRET


def turned(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    return jpeg(exif=exif.tobytes(), quality=95)


def exif_that_bites_its_tail() -> bytes:
    """An IFD that names itself as the next, and a string that begins far outside."""
    entry = struct.pack("<HHII", 0x010E, 2, 0xFFFFFF, 0xFFFFFFF0)
    return jpeg(exif=b"Exif\x00\x00II*\x00\x08\x00\x00\x00\x01\x00" + entry + struct.pack("<I", 8))


def png_of(width: int, height: int, *, bits: int = 1, colour: int = 0, rows: int | None = None) -> bytes:
    """A black PNG of any size. rows: how many of them are there; None is all."""
    row = 1 + (width * bits * {0: 1, 2: 3, 6: 4}[colour] + 7) // 8
    packer = zlib.compressobj(1)
    there = height if rows is None else rows
    pixels = b"".join(packer.compress(bytes(row * min(1000, there - done))) for done in range(0, there, 1000))
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels + packer.flush()) + chunk(b"IEND", b"")


def png_with_wrong_sum(name: bytes) -> bytes:
    whole = bytearray(png())
    at = whole.index(name)
    (length,) = struct.unpack(">I", whole[at - 4 : at])
    whole[at + 4 + length] ^= 0xFF
    return bytes(whole)


def png_with_text_bomb() -> bytes:
    """Text of 200 MB in a chunk of 200 KB, before the pixels."""
    packed = zlib.compress(bytes(200 * 2**20), 1)
    whole = png()
    return whole[:33] + chunk(b"zTXt", b"Comment\x00\x00" + packed) + whole[33:]


def png_with_animation() -> bytes:
    return saved(photo(), "PNG", save_all=True, append_images=[photo().rotate(90 * i) for i in range(1, 4)])


def webp_with_animation() -> bytes:
    return saved(photo(), "WEBP", save_all=True, append_images=[photo().rotate(90 * i) for i in range(1, 4)])


def jpeg_that_says(width: int, height: int) -> bytes:
    """A small JPEG whose frame header claims another size."""
    whole = jpeg()
    at = whole.index(b"\xff\xc0")
    return whole[: at + 5] + struct.pack(">HH", height, width) + whole[at + 9 :]


def jpeg_of_many_scans(times: int = 4000) -> bytes:
    """A progressive JPEG of 36 megapixels that repeats a scan: each costs a pass over the whole picture."""
    whole = saved(Image.new("L", (6000, 6000), 128), "JPEG", progressive=True)
    last = whole.rindex(b"\xff\xda")
    scan = whole[last:-2]
    return whole[:-2] + scan * times + b"\xff\xd9"


def mpo() -> bytes:
    """Two JPEG in one file, as many phones make them; the second has words."""
    return saved(photo(), "MPO", save_all=True, append_images=[photo(200, 150)], comment=SECRET)


def palette_with_alpha() -> bytes:
    picture = photo().quantize(32)
    return saved(picture, "PNG", transparency=bytes(range(0, 256, 8)))


def zipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("index.html", f"<script>alert('{_TEXT}')</script>")
    return out.getvalue()


def heic() -> bytes:
    return struct.pack(">I", 24) + b"ftypheic\x00\x00\x00\x00mif1heic" + bytes(200)


SCRIPT = b"<script>alert('" + SECRET + b"')</script>"
PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog/OpenAction<</S/JavaScript/JS(" + SECRET + b")>>>>endobj\n%%EOF\n"

FILES: Mapping[str, Hostile] = {
    "a JPEG full of words": Hostile(jpeg_full_of_words, enters=True, fate="drawn"),
    "a PNG full of words": Hostile(png_full_of_words, enters=True, fate="drawn"),
    "a WebP full of words": Hostile(webp_full_of_words, enters=True, fate="drawn"),
    "a JPEG cut in half": Hostile(lambda: jpeg()[: len(jpeg()) // 2], enters=True, fate="failed"),
    "a PNG cut in half": Hostile(lambda: png()[: len(png()) // 2], enters=True, fate="failed"),
    "a WebP cut in half": Hostile(lambda: webp()[: len(webp()) // 2], enters=True, fate="failed"),
    "a JPEG of three bytes": Hostile(lambda: b"\xff\xd8\xff", enters=False, fate="failed"),
    "a bomb of 1600 megapixels": Hostile(lambda: png_of(40_000, 40_000), enters=False, fate="failed"),
    "a PNG with a text bomb": Hostile(png_with_text_bomb, enters=True, fate="either"),
    "a zip": Hostile(zipped, enters=False, fate="failed"),
    "a PDF": Hostile(lambda: PDF, enters=False, fate="failed"),
    "an SVG": Hostile(
        lambda: b"<svg xmlns='http://www.w3.org/2000/svg'>" + SCRIPT + b"</svg>", enters=False, fate="failed"
    ),
    "a page": Hostile(lambda: b"<!doctype html>" + SCRIPT, enters=False, fate="failed"),
    "a GIF": Hostile(lambda: saved(photo(), "GIF"), enters=False, fate="failed"),
    "a BMP": Hostile(lambda: saved(photo(), "BMP"), enters=False, fate="failed"),
    "a TIFF": Hostile(lambda: saved(photo(), "TIFF"), enters=False, fate="failed"),
    "a HEIC": Hostile(heic, enters=False, fate="failed"),
    "nothing": Hostile(lambda: b"", enters=False, fate="failed"),
    "a JPEG that is a zip too": Hostile(lambda: jpeg() + zipped(), enters=True, fate="drawn"),
    "a JPEG that is a page too": Hostile(lambda: jpeg(comment=SCRIPT) + SCRIPT, enters=True, fate="drawn"),
    "a PNG that is a PDF too": Hostile(
        lambda: png()[:33] + chunk(b"puPe", PDF) + png()[33:], enters=True, fate="drawn"
    ),
    "an animated PNG": Hostile(png_with_animation, enters=True, fate="drawn"),
    "an animated WebP": Hostile(webp_with_animation, enters=True, fate="drawn"),
    "a JPEG for printers": Hostile(lambda: saved(photo(mode="CMYK"), "JPEG"), enters=True, fate="drawn"),
    "a PNG of 16 bits": Hostile(lambda: saved(Image.new("I;16", (40, 30), 40_000), "PNG"), enters=True, fate="drawn"),
    "a PNG of one bit": Hostile(lambda: saved(photo(mode="1"), "PNG"), enters=True, fate="drawn"),
    "a palette with alpha": Hostile(palette_with_alpha, enters=True, fate="drawn"),
    "a PNG with a wrong sum in its header": Hostile(lambda: png_with_wrong_sum(b"IHDR"), enters=True, fate="failed"),
    "a PNG with a wrong sum in its pixels": Hostile(lambda: png_with_wrong_sum(b"IDAT"), enters=True, fate="either"),
    "a JPEG that says 65500 x 65500": Hostile(lambda: jpeg_that_says(65_500, 65_500), enters=False, fate="failed"),
    "a JPEG that says 39 megapixels": Hostile(lambda: jpeg_that_says(7_000, 5_600), enters=True, fate="either"),
    "a PNG that says 39 megapixels": Hostile(
        lambda: png_of(7_000, 5_600, bits=8, colour=6, rows=3), enters=True, fate="either"
    ),
    "a progressive JPEG": Hostile(lambda: jpeg(progressive=True), enters=True, fate="drawn"),
    "a JPEG of many scans": Hostile(jpeg_of_many_scans, enters=True, fate="either"),
    "a JPEG turned on its side": Hostile(lambda: turned(6), enters=True, fate="drawn"),
    "an EXIF that bites its tail": Hostile(exif_that_bites_its_tail, enters=True, fate="drawn"),
    "one pixel": Hostile(lambda: saved(photo(1, 1), "PNG"), enters=True, fate="drawn"),
    "a thread 40000 pixels long": Hostile(lambda: png_of(1, 40_000), enters=True, fate="drawn"),
    "two JPEG in one": Hostile(mpo, enters=True, fate="drawn"),
    "39 megapixels with alpha": Hostile(lambda: png_of(7_000, 5_600, bits=8, colour=6), enters=True, fate="drawn"),
    "39 megapixels, progressive": Hostile(
        lambda: saved(photo(7_000, 5_600), "JPEG", progressive=True, subsampling=0), enters=True, fate="drawn"
    ),
    "20 megapixels of WebP": Hostile(
        lambda: saved(photo(5_000, 3_990), "WEBP", method=0, quality=50), enters=True, fate="drawn"
    ),
}
