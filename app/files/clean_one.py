"""Redraw one picture in a process of its own that may do little: `python -I clean_one.py`, in an empty folder.

Standard input is the original. Into the folder it stands in it writes page.webp (at most 1600 px), thumb.webp (480) and
archive.jpg (1600). It imports nothing of ours, knows no database, and takes its limits before the decoders are loaded.
Exits with 0; 65 when the picture cannot be drawn; 75 when the disk would not take it; 78 when Pillow cannot be loaded.
"""

import errno
import os
import resource
import sys
import warnings
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from PIL.Image import Image, Transpose

MEMORY_BYTES = 512 * 2**20
CPU_SECONDS = 10
WRITTEN_BYTES = 10 * 2**20
OPEN_FILES = 32

PAGE_PX, THUMB_PX = 1600, 480
PIXELS_ALLOWED = 40_000_000
WEBP_PIXELS_ALLOWED = 20_000_000  # its decoder needs twice the memory

DONE, CANNOT_BE_DRAWN, DISK_SAYS_NO, NO_PILLOW = 0, 65, 75, 78

_ORIENTATION = 0x0112
_DISK_FAULTS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS})


def limit_this_process() -> None:
    """The soft limit of CPU time ends the process with SIGXCPU, the hard one with SIGKILL."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (WRITTEN_BYTES, WRITTEN_BYTES))
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def redraw(original: BinaryIO) -> "Image":
    """Return a new picture made from the pixels of the first frame alone: RGB, upright, at most PAGE_PX each way.

    It is shrunk as early as its mode allows, because a picture of 40 megapixels takes 160 MB each time it is copied.
    """
    from PIL import Image  # noqa: PLC0415 - after the limits

    Image.MAX_IMAGE_PIXELS = PIXELS_ALLOWED
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    picture: Image.Image = Image.open(original, formats=("JPEG", "PNG", "WEBP"))
    if picture.format == "WEBP" and picture.width * picture.height > WEBP_PIXELS_ALLOWED:
        raise ValueError("too many pixels for WebP")
    picture.draft("RGB", (PAGE_PX, PAGE_PX))  # JPEG alone: decode at 1/2, 1/4 or 1/8
    picture.load()
    turned = _orientation(picture)
    picture = _resizable(picture)
    picture.thumbnail((PAGE_PX, PAGE_PX), Image.Resampling.LANCZOS, reducing_gap=2.0)
    small = _as_rgb(picture)
    if turned is not None:
        small = small.transpose(turned)
    return Image.frombytes("RGB", small.size, small.tobytes())


def _orientation(picture: "Image") -> "Transpose | None":
    """Return how to turn it, or None. A broken EXIF block must not cost a citizen the picture."""
    from PIL.Image import Transpose  # noqa: PLC0415 - after the limits

    turns = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }
    try:
        return turns.get(picture.getexif().get(_ORIENTATION, 1))
    except Exception:  # noqa: BLE001 - whatever a hostile block makes the parser say
        return None


def _resizable(picture: "Image") -> "Image":
    """Return `picture` in a mode that can be shrunk smoothly. The old pixels are freed."""
    if picture.mode == "1":
        return picture.convert("L")
    if picture.has_transparency_data:
        other = picture.convert("RGBA")
    elif picture.mode in ("P", "PA"):
        other = picture.convert("RGB")
    else:
        return picture
    picture.close()
    return other


def _as_rgb(small: "Image") -> "Image":
    """Return a small picture in RGB: what is transparent becomes white, and 16 bits of grey become 8."""
    from PIL import Image  # noqa: PLC0415

    if small.mode.startswith("I"):
        return small.convert("I").point(lambda value: value * (1 / 256) + 0).convert("L").convert("RGB")
    if small.mode == "RGBA":
        paper = Image.new("RGB", small.size, "white")
        paper.paste(small, mask=small.getchannel("A"))
        return paper
    return small.convert("RGB")


def save(page: "Image") -> None:
    """Write the three files into the folder we stand in. None of them gets exif, icc_profile, xmp or comment."""
    page.save("page.webp", "WEBP", quality=80, method=4)
    page.save("archive.jpg", "JPEG", quality=85)
    page.thumbnail((THUMB_PX, THUMB_PX))
    page.save("thumb.webp", "WEBP", quality=75, method=4)


def main() -> int:
    """Return the exit code. The broad except is the fence: what a decoder says of a hostile file is no news."""
    limit_this_process()
    try:
        from PIL import JpegImagePlugin, PngImagePlugin, WebPImagePlugin  # noqa: F401, PLC0415 - no others are asked
    except (ImportError, MemoryError):
        return NO_PILLOW
    try:
        save(redraw(sys.stdin.buffer))
    except OSError as fault:
        return DISK_SAYS_NO if fault.errno in _DISK_FAULTS else CANNOT_BE_DRAWN
    except Exception:  # noqa: BLE001
        return CANNOT_BE_DRAWN
    return DONE


if __name__ == "__main__":
    # Straight out: taking the interpreter down may need memory that is no longer there.
    os._exit(main())
