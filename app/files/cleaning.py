"""Redraws an original in a child process without network, and keeps the result only when it looks as it must."""

import functools
import os
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from app.core.errors import ConfigurationFault, Permanent, Transient
from app.files.headers import UnreadableHeaderError, read_header
from app.files.store import ARCHIVE, PAGE, THUMB, PictureStore, make_folder, sync

# By path, so that the child imports nothing of ours, not even app/__init__.py, and -I shuts the environment out.
_CHILD = Path(__file__).with_name("clean_one.py")
_CANNOT_BE_DRAWN, _DISK_SAYS_NO = 65, 75
_LONGEST_WAIT_S = 40  # the child may use 10 s of CPU; the rest is for a busy machine
_ENDS_OF_A_HOSTILE_PICTURE = frozenset(
    -number
    for number in (
        signal.SIGXCPU, signal.SIGXFSZ, signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGFPE, signal.SIGILL,
    )
)  # fmt: skip
_OUTPUTS = {PAGE: "webp", THUMB: "webp", ARCHIVE: "jpeg"}


@dataclass(frozen=True, slots=True)
class Redrawn:
    """The size of page.webp in pixels, upright."""

    width: int
    height: int


@functools.cache
def can_isolate() -> bool:
    """Return whether this system lets us start a process without network. Asked once for each process of ours."""
    program = shutil.which("unshare")
    if program is None:
        return False
    try:
        return subprocess.run([program, "-rn", "true"], check=False, capture_output=True, timeout=10).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def draws_unfenced(isolation: str) -> bool:
    """Tell whether photos are redrawn by a process that could reach the network. isolation: LAB_PHOTO_ISOLATION."""
    return isolation == "off" or not can_isolate()


def redraw(store: PictureStore, picture_id: UUID, original_name: str, *, isolate: bool = True) -> Redrawn:
    """Make the three files of a picture; what was there is replaced. The original is left alone.

    isolate: without network, where the system allows it.
    Raises Permanent when the original is gone or cannot be drawn, Transient when another try may help, and
    ConfigurationFault when no picture at all can be drawn.
    """
    with _empty_folder(store) as folder:
        _run_child(store.original(original_name), folder, isolate=isolate)
        redrawn = _judge(folder)
        _keep(folder, store.redrawn(picture_id, PAGE).parent)
    return redrawn


def _run_child(original: Path, folder: Path, *, isolate: bool) -> None:
    command = [sys.executable, "-I", str(_CHILD)]
    if isolate and can_isolate():
        command = [str(shutil.which("unshare")), "-rn", *command]
    try:
        with original.open("rb") as pixels:
            done = subprocess.run(
                command, stdin=pixels, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder,
                env={"LC_ALL": "C.UTF-8", "MALLOC_ARENA_MAX": "1"}, check=False, timeout=_LONGEST_WAIT_S,
            )  # fmt: skip
    except FileNotFoundError as fault:
        if original.exists():
            raise ConfigurationFault("Programmet som tegner bilder på nytt finnes ikke.") from fault
        raise Permanent("Originalen er borte.") from fault
    except subprocess.TimeoutExpired as fault:
        raise Transient("Bildet tok for lang tid.") from fault
    _judge_end(done.returncode)


def _judge_end(code: int) -> None:
    if code == 0:
        return
    if code == _CANNOT_BE_DRAWN or code in _ENDS_OF_A_HOSTILE_PICTURE:
        raise Permanent("Bildet kan ikke tegnes på nytt.")
    if code == _DISK_SAYS_NO or code < 0:
        raise Transient("Bildet ble ikke ferdig.")
    raise ConfigurationFault(f"Programmet som tegner bilder på nytt, virker ikke (kode {code}).")


def _judge(folder: Path) -> Redrawn:
    """A decoder that was taken over could have written anything: each file must be the kind its name says."""
    sizes = {}
    for name, kind in _OUTPUTS.items():
        try:
            with os.fdopen(os.open(folder / name, os.O_RDONLY | os.O_NOFOLLOW), "rb") as output:
                header = read_header(output)
        except (OSError, UnreadableHeaderError) as fault:
            raise Permanent("Bildet ble ikke tegnet som det skulle.") from fault
        if header.kind != kind:
            raise Permanent("Bildet ble ikke tegnet som det skulle.")
        sizes[name] = Redrawn(header.width, header.height)
    return sizes[PAGE]


def _keep(folder: Path, target: Path) -> None:
    make_folder(target)
    for name in _OUTPUTS:
        (folder / name).chmod(0o640)
        sync(folder / name)
        (folder / name).replace(target / name)
    sync(target)


@contextmanager
def _empty_folder(store: PictureStore) -> Iterator[Path]:
    make_folder(store.work, 0o700)
    folder = store.work / secrets.token_hex(16)
    folder.mkdir(0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
