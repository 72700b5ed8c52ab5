"""Ports and addresses of this machine."""

import errno
import http.client
import socket
from collections.abc import Iterable

from ops.terminal import Stop

LOOPBACK = "127.0.0.1"


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Whether a server could listen there now. A port that is only cooling down (TIME_WAIT) counts as free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as fault:
            if fault.errno in {errno.EADDRINUSE, errno.EACCES}:
                return False
            raise
    return True


def require_free(port: int, host: str) -> None:
    if not is_free(port, host):
        raise Stop(f"Port {port} is taken by another program. Choose another one: make run PORT={port + 10}")


def free_port(wished: int, taken: Iterable[int]) -> int:
    """Return `wished` when it is free, else one that the system picks; never one of `taken`."""
    if wished not in taken and wished < 65536 and is_free(wished):  # noqa: PLR2004 - the last port is 65535
        return wished
    while True:
        with socket.socket() as probe:
            probe.bind((LOOPBACK, 0))
            port = int(probe.getsockname()[1])
        if port not in taken:
            return port


def lan_address() -> str:
    """Return this machine's address in the local network. Raises Stop when it is in none. Sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # an address for documentation: the system only picks the way out
            address = str(probe.getsockname()[0])
        except OSError:
            address = LOOPBACK
    if address.startswith("127.") or address == "0.0.0.0":  # noqa: S104 - compared, not listened on
        raise Stop(
            "This machine is in no local network, so LAN=1 has nothing to open. Connect it, or run without LAN=1."
        )
    return address


def answers(host: str, port: int, path: str | None = None) -> bool:
    """Whether something accepts connections there; with `path`, whether it answers 200 to a GET."""
    try:
        if path is None:
            socket.create_connection((host, port), timeout=1).close()
            return True
        connection = http.client.HTTPConnection(host, port, timeout=2)
        try:
            connection.request("GET", path)
            return connection.getresponse().status == http.client.OK
        finally:
            connection.close()
    except (OSError, http.client.HTTPException):
        return False
