"""The door to the push services: endpoints come from strangers, so each address is checked before it is connected to.

Rules: promises.md section 11. A stranger chooses the endpoint, so the host must stand on a list, and what its name
resolves to must be out on the open internet. The connection is made to the very address that was checked.
"""

import asyncio
import ipaddress
import re
import socket
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from app.core.errors import Permanent, Transient, UnknownOutcome

TIMEOUT_SECONDS = 5.0
ANSWER_LIMIT = 64 * 1024
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


class _InnerAddressError(OSError):
    """aiohttp keeps an OSError as the cause of its own error; that is how we recognise our refusal."""


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

    look_up: (host, port) -> addresses; open_socket: makes the socket for one checked address. Both for tests.
    """

    def __init__(
        self,
        *,
        local: frozenset[tuple[str, int]] = frozenset(),
        timeout: float = TIMEOUT_SECONDS,
        https_port: int = 443,
        look_up: LookUp | None = None,
        open_socket: OpenSocket | None = None,
    ) -> None:
        self._local = local
        self._timeout = timeout
        self._https_port = https_port
        self._look_up = look_up or _ask_the_system
        self._open_socket = open_socket or _open_socket
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._client: aiohttp.ClientSession | None = None

    def check(self, url: str) -> Endpoint:
        """Return the endpoint if this door may call it, else raise ForbiddenEndpoint; nothing is looked up."""
        return allowed_endpoint(url, local=self._local, https_port=self._https_port)

    def post(self, url: str, *, body: bytes, headers: Mapping[str, str]) -> PushAnswer:
        """Send once and return the status, whatever it is; redirects are not followed, a long answer is cut off.

        Raises ForbiddenEndpoint (nothing was sent), Transient (no connection was made, so nothing was sent) and
        UnknownOutcome (it was sent, and no answer came in time).
        """
        endpoint = self.check(url)
        return asyncio.run_coroutine_threadsafe(self._post(endpoint, body, headers), self._running()).result()

    def close(self) -> None:
        """Close the connections and end the thread. The door opens again if it is used again."""
        with self._lock:
            loop, thread, client = self._loop, self._thread, self._client
            self._loop = self._thread = self._client = None
        if loop is None or thread is None:
            return
        if client is not None:
            asyncio.run_coroutine_threadsafe(client.close(), loop).result(self._timeout)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(self._timeout)
        loop.close()

    def _running(self) -> asyncio.AbstractEventLoop:
        # Started at the first message, not at import: a process that forks must not inherit a thread it does not have.
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=self._loop.run_forever, name="push", daemon=True)
                self._thread.start()
            return self._loop

    async def _post(self, endpoint: Endpoint, body: bytes, headers: Mapping[str, str]) -> PushAnswer:
        if self._client is None:
            self._client = self._new_client()
        try:
            async with self._client.post(
                URL(endpoint.url, encoded=True), data=body, headers=headers, allow_redirects=False
            ) as response:
                answer = PushAnswer(response.status, _seconds(response.headers))
                await _drain(response)
                return answer
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as fault:
            if isinstance(getattr(fault, "os_error", None), _InnerAddressError):
                raise ForbiddenEndpoint("Navnet på varslingstjenesten leder til en indre adresse.") from fault
            raise Transient("Vi fikk ikke kontakt med varslingstjenesten.") from fault
        except (aiohttp.ClientError, TimeoutError) as fault:
            raise UnknownOutcome("Varslingstjenesten svarte ikke. Vi vet ikke om varselet kom fram.") from fault

    def _new_client(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            resolver=_CheckedResolver(self._look_up, self._local),
            socket_factory=self._checked_socket,
            # A name is looked up and checked again for each new connection; aiohttp's memory would skip the check.
            use_dns_cache=False,
            limit=CONNECTIONS,
            keepalive_timeout=KEEP_SECONDS,
        )
        return aiohttp.ClientSession(
            connector=connector,
            timeout=aiohttp.ClientTimeout(total=self._timeout),
            cookie_jar=aiohttp.DummyCookieJar(),
            # No proxy and no netrc from the environment, and nothing is unpacked: a small answer cannot grow.
            trust_env=False,
            auto_decompress=False,
            skip_auto_headers=("User-Agent", "Accept-Encoding"),
        )

    def _checked_socket(self, addr_info: Any) -> socket.socket:
        """Open a socket for the address that is about to be connected to. The last check, and it sees IP literals."""
        address, port = addr_info[4][:2]
        is_local = _is_loopback(address) and any(port == local_port for _, local_port in self._local)
        if not (is_local or is_outer(address)):
            raise _InnerAddressError("inner address")
        return self._open_socket(addr_info)


class _CheckedResolver(AbstractResolver):
    """Gives aiohttp only addresses that were checked; one inner address among them refuses the name."""

    def __init__(self, look_up: LookUp, local: frozenset[tuple[str, int]]) -> None:
        self._look_up = look_up
        self._local = local

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        addresses = await self._look_up(host, port)
        allowed = _is_loopback if (host, port) in self._local else is_outer
        if not addresses or not all(allowed(address) for address in addresses):
            raise _InnerAddressError("inner address")
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for address in addresses
            if family in (socket.AF_UNSPEC, socket.AF_INET6 if ":" in address else socket.AF_INET)
        ]

    async def close(self) -> None:
        """Nothing is held open."""


async def _ask_the_system(host: str, port: int) -> Sequence[str]:
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _open_socket(addr_info: Any) -> socket.socket:
    family, kind, proto = addr_info[:3]
    return socket.socket(family, kind, proto)


async def _drain(response: aiohttp.ClientResponse) -> None:
    """Read at most ANSWER_LIMIT bytes, so that the connection can be kept; close it when there is more or it stalls.

    The status has come: what follows it cannot change the outcome.
    """
    read = 0
    try:
        async for chunk in response.content.iter_chunked(8192):
            read += len(chunk)
            if read >= ANSWER_LIMIT:
                response.close()
                return
    except (aiohttp.ClientError, TimeoutError):
        response.close()


def _seconds(headers: Mapping[str, str]) -> float | None:
    """Return Retry-After in seconds; a date is counted from the answer's own Date, since clocks differ."""
    text = headers.get("Retry-After", "").strip()
    if text.isdecimal():
        return float(text[:9])
    try:
        until = parsedate_to_datetime(text)
        wait = (until - parsedate_to_datetime(headers.get("Date", ""))).total_seconds()
    except (ValueError, TypeError):
        return None
    return max(0.0, wait)


def _is_listed(host: str) -> bool:
    if not _LABELS.fullmatch(host):
        return False
    return host in EXACT_HOSTS or any(host.endswith(ending) and host != ending[1:] for ending in HOST_ENDINGS)


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
