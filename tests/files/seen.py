"""Laying an original in quarantine, and looking at what was drawn from it."""

import json
import shutil
import struct
import subprocess
from pathlib import Path
from uuid import UUID, uuid4

from PIL import Image

from app.files.store import PictureStore, make_folder
from tests.files.hostile import SECRET

# What a JPEG needs to be seen: tables, frame, scan. APP0 is JFIF: density and nothing else.
_JPEG_NEEDS = frozenset({0xE0, 0xDB, 0xC0, 0xC4, 0xDA})
# What exiftool may say of a picture without words: what it measured itself, and the bare format.
_EXIFTOOL_GROUPS = frozenset({"SourceFile", "ExifTool", "System", "File", "JFIF", "RIFF", "Composite"})


def laid(store: PictureStore, content: bytes) -> tuple[UUID, str]:
    """Lay an original in quarantine; return a picture's id and the original's name."""
    picture_id = uuid4()
    make_folder(store.quarantine)
    store.original(picture_id.hex).write_bytes(content)
    return picture_id, picture_id.hex


def newest(store: PictureStore, name: str) -> Path:
    return max(store.ready.glob(f"*/{name}"), key=lambda path: path.stat().st_mtime_ns)


def drawn(store: PictureStore, name: str) -> Image.Image:
    """Return the picture drawn last, in one of its sizes."""
    return Image.open(newest(store, name)).convert("RGB")


def only_pixels(folder: Path) -> list[str]:
    """Return what any drawn file in `folder` holds beside pixels; empty is well. Asks exiftool, where there is one."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    found = [f"{path.name}: {word}" for path in files for word in _beside_pixels(path)]
    return found + (_exiftool(files) if files and shutil.which("exiftool") else [])


def _beside_pixels(path: Path) -> list[str]:
    whole = path.read_bytes()
    secrets = (
        SECRET,
        SECRET.decode().encode("utf-16-le"),
        SECRET.decode().encode("utf-16-be"),
        b"<script",
        b"%PDF",
        b"PK\x03\x04",
    )
    words = [repr(secret) for secret in secrets if secret in whole]
    return words + (_jpeg_extras(whole) if path.suffix == ".jpg" else _webp_extras(whole))


def _jpeg_extras(whole: bytes) -> list[str]:
    at, extras = 2, []
    while whole[at + 1] != 0xDA:
        if whole[at + 1] not in _JPEG_NEEDS:
            extras.append(f"segment {whole[at + 1]:02X}")
        at += 2 + struct.unpack(">H", whole[at + 2 : at + 4])[0]
    return extras + ([] if whole.endswith(b"\xff\xd9") and whole.count(b"\xff\xd9") == 1 else ["more after the end"])


def _webp_extras(whole: bytes) -> list[str]:
    chunk, length = whole[12:16], struct.unpack("<I", whole[16:20])[0]
    plain = chunk in {b"VP8 ", b"VP8L"} and len(whole) == 20 + length + length % 2
    return [] if plain else [f"chunk {chunk!r} and more"]


def _exiftool(files: list[Path]) -> list[str]:
    said = subprocess.run(["exiftool", "-j", "-G0", *map(str, files)], check=True, capture_output=True).stdout
    return [
        f"{Path(facts['SourceFile']).name}: {tag}"
        for facts in json.loads(said)
        for tag in facts
        if tag.split(":")[0] not in _EXIFTOOL_GROUPS or tag.endswith(("Comment", "Warning"))
    ]
