"""Where pictures lie on disk, and how a file is made so that it is still there after a power cut."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from uuid import UUID

from app.settings import Settings

Size = Literal["side", "liten"]
PAGE, THUMB, ARCHIVE = "page.webp", "thumb.webp", "archive.jpg"
_ORIGINAL = re.compile("[0-9a-f]{32}")
SHOWN_AS: dict[Size, str] = {"side": PAGE, "liten": THUMB}


@dataclass(frozen=True, slots=True)
class PictureStore:
    """The folder of all pictures. x_accel: nginx sends the files, from its inner address /_bilder/.

    quarantine: what citizens sent, never shown. work: half-made.
    ready: <picture id>/page.webp, thumb.webp, archive.jpg.
    """

    folder: Path
    x_accel: bool = False

    @property
    def quarantine(self) -> Path:
        return self.folder / "quarantine"

    @property
    def work(self) -> Path:
        return self.folder / "work"

    @property
    def ready(self) -> Path:
        return self.folder / "ready"

    def original(self, name: str) -> Path:
        """Return the path of an original. name: ours, never the citizen's; anything else is refused."""
        if not _ORIGINAL.fullmatch(name):
            raise ValueError("an original has a name of 32 hex digits")
        return self.quarantine / name

    def redrawn(self, picture_id: UUID, name: str) -> Path:
        return self.ready / str(picture_id) / name


def picture_store(settings: Settings) -> PictureStore:
    return PictureStore(folder=settings.instance.resolve() / "bilder", x_accel=settings.x_accel)


def make_folder(path: Path, mode: int = 0o750) -> None:
    """Make a folder that survives a power cut: its name is on disk too. nginx is in our group and may read."""
    if path.is_dir():
        return
    make_folder(path.parent)
    path.mkdir(mode=mode, exist_ok=True)
    sync(path.parent)


def sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def new_file(path: Path) -> Iterator[int]:
    """Give the descriptor of a file that did not exist. A file somebody else laid there is an error, never a target."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
