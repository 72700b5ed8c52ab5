"""The door to the push services: endpoints come from strangers, so each address is checked before it is connected to.

Rules: promises.md section 11. A stranger chooses the endpoint, so the host must stand on a list, and what its name
resolves to must be out on the open internet. The connection is made to the very address that was checked.
"""

import asyncio
import ipaddress
import re
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

from app.core.errors import DeliveryFault, Permanent, Transient, UnknownOutcome
from app.core.outbound.line import Line, NoAnswerError, request_of

TIMEOUT_SECONDS = 5.0
ENDPOINT_LIMIT = 2048
CONNECTIONS = 40
# Shorter than the services keep theirs, so that we seldom write on a connection they have just closed.
KEEP_SECONDS = 30.0

EXACT_HOSTS = frozenset({"fcm.googleapis.com", "web.push.apple.com"})
HOST_ENDINGS = (".push.services.mozilla.com", ".notify.windows.com")

_ENDPOINT = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?)(?::(?P<port>[1-9][0-9]{0,4}))?"
    r"(?P<path>/[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*)"
)
_LABELS = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")
# is_global knows most of what is inner; these carry an inner address in an outer one.
_CARRIERS = tuple(
    ipaddress.ip_network(text)
    for text in (
        "fec0::/10",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "2002::/16",
        "2001::/32",
        "192.88.99.0/24",
        "::/96",
        "::ffff:0:0/96",
    )
)

LookUp = Callable[[str, int], Awaitable[Sequence[str]]]
OpenSocket = Callable[[Any], socket.socket]


class ForbiddenEndpoint(Permanent):
    """An endpoint we never call: wrong host, wrong way of writing it, or a name that leads to an inner address."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A push endpoint whose host is allowed. origin: scheme, host, and the port unless it is the scheme's own."""

    url: str
    scheme: str
    host: str
    port: int

    @property
    def origin(self) -> str:
        usual = {"https": 443, "http": 80}[self.scheme]
        return f"{self.scheme}://{self.host}" + ("" if self.port == usual else f":{self.port}")

    @property
    def authority(self) -> str:
        """What the Host header says."""
        return self.origin.partition("://")[2]

    @property
    def target(self) -> str:
        """The path and what follows it, just as it was written."""
        return "/" + self.url.split("/", 3)[3]


@dataclass(frozen=True, slots=True)
class Post:
    """One message on its way: to an endpoint that was checked."""

    endpoint: Endpoint
    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PushAnswer:
    """What a push service answered. retry_after: seconds, when it named them."""

    status: int
    retry_after: float | None = None


def local_hosts(setting: str) -> frozenset[tuple[str, int]]:
    """Return the host and port pairs of LAB_PUSH_HOSTS, e.g. "localhost:8090,127.0.0.1:8091".

    Raises ValueError unless each is on loopback: the setting opens a way in for demos and tests, not to other machines.
    """
    pairs = set()
    for entry in filter(None, (part.strip() for part in setting.split(","))):
        host, _, port = entry.rpartition(":")
        if not port.isdecimal() or not (host == "localhost" or _is_loopback(host)):
            raise ValueError(f"LAB_PUSH_HOSTS: {entry} is not a port on this machine (like localhost:8090).")
        pairs.add((host, int(port)))
    return frozenset(pairs)


def allowed_endpoint(url: str, *, local: frozenset[tuple[str, int]] = frozenset(), https_port: int = 443) -> Endpoint:
    """Return the endpoint, or raise ForbiddenEndpoint. No name is looked up here.

    local: what `local_hosts` gave; http is allowed for those alone. Only one plain way of writing an address is
    read: small ASCII letters, no user part, no backslash, no fragment, no other port.
    """
    match = _ENDPOINT.fullmatch(url) if len(url) <= ENDPOINT_LIMIT else None
    if match is None:
        raise ForbiddenEndpoint("Adressen til varslingstjenesten er skrevet på en måte vi ikke godtar.")
    scheme, host = match["scheme"], match["host"]
    port = int(match["port"] or {"https": 443, "http": 80}[scheme])
    if (host, port) in local:
        return Endpoint(url, scheme, host, port)
    if scheme != "https" or port != https_port or not _is_listed(host):
        raise ForbiddenEndpoint("Varslingstjenesten står ikke på lista over dem vi sender til.")
    return Endpoint(url, scheme, host, port)


def is_outer(address: str) -> bool:
    """Say whether `address` is out on the open internet.

    Not: private, loopback, link-local, shared (CGNAT), multicast, reserved, and what carries an inner address in an
    outer one (IPv4-mapped, NAT64, 6to4, Teredo).
    """
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if ip.is_multicast or ip.is_reserved or not ip.is_global:
        return False
    return not any(ip in network for network in _CARRIERS if network.version == ip.version)


class PushDoor:
    """Sends to push services over kept connections. Safe to call from any thread; the loop has a thread of its own.

    look_up: (host, port) -> addresses; open_socket: makes the socket for one checked address; trust: what certificates
    are checked against. All three for tests.
    """

    def __init__(
        self,
        *,
        local: frozenset[tuple[str, int]] = frozenset(),
        timeout: float = TIMEOUT_SECONDS,
        https_port: int = 443,
        look_up: LookUp | None = None,
        open_socket: OpenSocket | None = None,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self._local = local
        self._timeout = timeout
        self._https_port = https_port
        self._look_up = look_up or _ask_the_system
        self._open_socket = open_socket or _open_socket
        self._trust = trust
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._kept: dict[str, list[tuple[Line, float]]] = {}

    def check(self, url: str) -> Endpoint:
        """Return the endpoint if this door may call it, else raise ForbiddenEndpoint; nothing is looked up."""
        return allowed_endpoint(url, local=self._local, https_port=self._https_port)

    def post(self, url: str, *, body: bytes, headers: Mapping[str, str]) -> PushAnswer:
        """Send one and return its answer, or raise what `post_all` gives as a fault."""
        (end,) = self.post_all([Post(self.check(url), body, headers)])
        if isinstance(end, DeliveryFault):
            raise end
        return end

    def post_all(self, posts: Sequence[Post]) -> Sequence[PushAnswer | DeliveryFault]:
        """Send each once; return the answers, whatever their status, in the same order.

        A redirect is not followed, and of a long answer only the head is read. Faults: ForbiddenEndpoint (nothing was
        sent), Transient (no connection was made, so nothing was sent), UnknownOutcome (it was sent, and no answer came
        in time). At most CONNECTIONS are open to one service.
        """
        return asyncio.run_coroutine_threadsafe(self._post_all(posts), self._running()).result()

    def close(self) -> None:
        """Close the connections and end the thread. The door opens again if it is used again."""
        with self._lock:
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
        if loop is None or thread is None:
            return
        asyncio.run_coroutine_threadsafe(self._close_lines(), loop).result(self._timeout)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(self._timeout)
        loop.close()

    async def _close_lines(self) -> None:
        for kept in self._kept.values():
            for line, _ in kept:
                line.close()
        self._kept.clear()
        await asyncio.sleep(0)  # the transports hear of it in the next turn of the loop

    def _running(self) -> asyncio.AbstractEventLoop:
        # Started at the first message, not at import: a process that forks must not inherit a thread it does not have.
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=self._loop.run_forever, name="push", daemon=True)
                self._thread.start()
            return self._loop

    async def _post_all(self, posts: Sequence[Post]) -> Sequence[PushAnswer | DeliveryFault]:
        ends: list[PushAnswer | DeliveryFault] = [_NOT_TRIED] * len(posts)
        by_origin: dict[str, list[int]] = {}
        for place, post in enumerate(posts):
            by_origin.setdefault(post.endpoint.origin, []).append(place)

        async def work_off(places: list[int]) -> None:
            while places:
                place = places.pop()
                ends[place] = await self._post(posts[place])

        await asyncio.gather(
            *(work_off(places) for places in by_origin.values() for _ in range(min(len(places), CONNECTIONS)))
        )
        return ends

    async def _post(self, post: Post) -> PushAnswer | DeliveryFault:
        endpoint = post.endpoint
        try:
            request = request_of(endpoint.target, endpoint.authority, post.headers, post.body)
            line = self._kept_line(endpoint.origin) or await self._new_line(endpoint)
        except ForbiddenEndpoint as fault:
            return fault
        except (OSError, TimeoutError, ssl.SSLError):
            return Transient("Vi fikk ikke kontakt med varslingstjenesten.")
        try:
            head = await line.ask(request, self._timeout)
        except NoAnswerError:
            return UnknownOutcome("Varslingstjenesten svarte ikke. Vi vet ikke om varselet kom fram.")
        if line.free:
            self._kept.setdefault(endpoint.origin, []).append((line, asyncio.get_running_loop().time()))
        return PushAnswer(head.status, _seconds(head.headers))

    def _kept_line(self, origin: str) -> Line | None:
        """Return the connection that was used last, if it is still open and young enough."""
        kept = self._kept.get(origin, [])
        oldest = asyncio.get_running_loop().time() - KEEP_SECONDS
        while kept:
            line, used = kept.pop()
            if line.free and used > oldest:
                return line
            line.close()
        return None

    async def _new_line(self, endpoint: Endpoint) -> Line:
        """Connect to one of the checked addresses. Raises OSError, TimeoutError or ForbiddenEndpoint."""
        async with asyncio.timeout(self._timeout):
            addresses = await self._addresses(endpoint)
            for place, address in enumerate(addresses):
                try:
                    return await self._connect(endpoint, address)
                except OSError:
                    if place == len(addresses) - 1:
                        raise
        raise OSError("no address")

    async def _addresses(self, endpoint: Endpoint) -> Sequence[str]:
        """Return where the name leads now; one inner address among them refuses the name.

        It is asked and checked again for each new connection: nothing is remembered.
        """
        host, port = endpoint.host, endpoint.port
        addresses = [host] if _is_address(host) else await self._look_up(host, port)
        allowed = _is_loopback if (host, port) in self._local else is_outer
        if not addresses or not all(allowed(address) for address in addresses):
            raise ForbiddenEndpoint("Navnet på varslingstjenesten leder til en indre adresse.")
        return addresses

    async def _connect(self, endpoint: Endpoint, address: str) -> Line:
        loop = asyncio.get_running_loop()
        opened = self._checked_socket(address, endpoint.port)
        try:
            opened.setblocking(False)
            await loop.sock_connect(opened, (address, endpoint.port))
            if endpoint.scheme == "http":
                _, line = await loop.create_connection(Line, sock=opened)
            else:
                self._trust = self._trust or ssl.create_default_context()
                _, line = await loop.create_connection(
                    Line, sock=opened, ssl=self._trust, server_hostname=endpoint.host
                )
        except BaseException:
            opened.close()
            raise
        return line

    def _checked_socket(self, address: str, port: int) -> socket.socket:
        """Open a socket for the address that is about to be connected to. The last check, and it sees IP literals."""
        is_local = _is_loopback(address) and any(port == local_port for _, local_port in self._local)
        if not (is_local or is_outer(address)):
            raise ForbiddenEndpoint("Navnet på varslingstjenesten leder til en indre adresse.")
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        return self._open_socket((family, socket.SOCK_STREAM, 0, "", (address, port)))


_NOT_TRIED = Transient("Ikke prøvd.")


async def _ask_the_system(host: str, port: int) -> Sequence[str]:
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _open_socket(addr_info: Any) -> socket.socket:
    family, kind, proto = addr_info[:3]
    return socket.socket(family, kind, proto)


def _seconds(headers: Mapping[str, str]) -> float | None:
    """Return Retry-After in seconds; a date is counted from the answer's own Date, since clocks differ."""
    text = headers.get("retry-after", "").strip()
    if text.isdecimal():
        return float(text[:9])
    try:
        until = parsedate_to_datetime(text)
        wait = (until - parsedate_to_datetime(headers.get("date", ""))).total_seconds()
    except (ValueError, TypeError):
        return None
    return max(0.0, wait)


def _is_listed(host: str) -> bool:
    if not _LABELS.fullmatch(host):
        return False
    return host in EXACT_HOSTS or any(host.endswith(ending) and host != ending[1:] for ending in HOST_ENDINGS)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
