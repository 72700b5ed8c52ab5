"""Calls to the case system: one host, TLS verified, no redirects, bounded in time and size."""

import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import urlsplit

import httpx

from app.core.crash import crash_point
from app.core.errors import ConfigurationFault, DeliveryFault, Transient, UnknownOutcome

MAX_ANSWER_BYTES = 20_000_000
CONNECT_SECONDS = 5.0

AuthKind = Literal["none", "basic", "wss", "apikey"]


@dataclass(frozen=True, slots=True)
class Credentials:
    """How we say who we are. "wss" stands in the message itself, so the connection adds nothing for it."""

    kind: AuthKind = "none"
    user: str = ""
    secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whole. headers: names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


class ArchiveConnection:
    """Kept connections to the addresses given here and to no other host.

    timeout: seconds for the whole answer; a slow drip of bytes does not stretch it by more than one read.
    """

    def __init__(
        self,
        urls: tuple[str, ...],
        *,
        credentials: Credentials,
        timeout: float,
        parallel: int = 2,
        ca_file: str = "",
        max_bytes: int = MAX_ANSWER_BYTES,
    ) -> None:
        self._origins = frozenset(_origin(url) for url in urls)
        self._timeout = timeout
        self._max_bytes = max_bytes
        headers = {"User-Agent": "Innbyggerlab", "Accept": "text/xml, application/soap+xml, application/json"}
        if credentials.kind == "apikey":
            headers["apikey"] = credentials.secret
        self._client = httpx.Client(
            auth=httpx.BasicAuth(credentials.user, credentials.secret) if credentials.kind == "basic" else None,
            headers=headers,
            verify=_trust(ca_file) if any(url.startswith("https:") for url in urls) else True,
            follow_redirects=False,
            trust_env=False,  # a proxy or a .netrc of the machine must not redirect or sign our calls
            timeout=httpx.Timeout(timeout, connect=min(CONNECT_SECONDS, timeout), pool=timeout),
            limits=httpx.Limits(max_connections=parallel, max_keepalive_connections=parallel),
        )

    def post(self, url: str, body: bytes, headers: Mapping[str, str], *, writes: bool) -> Answer:
        """Send `body` and return the whole answer, whatever its status.

        writes: the call changes something there. Raises Transient when it was surely not accepted, UnknownOutcome
        when a write left us and no whole answer came, ConfigurationFault for a wrong host name or certificate.
        """
        if _origin(url) not in self._origins:
            raise ConfigurationFault(f"Adressen {_shown(url)} er ikke arkivet som er satt opp.")
        until = time.monotonic() + self._timeout
        try:
            with self._client.stream(
                "POST", url, content=body, headers=dict(headers), extensions={"trace": _watch} if writes else {}
            ) as response:
                return Answer(
                    response.status_code,
                    {name.lower(): value for name, value in response.headers.items()},
                    self._read(response, until, writes=writes),
                )
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as fault:
            raise _not_connected(fault, url) from fault
        except (httpx.TransportError, httpx.DecodingError, httpx.InvalidURL) as fault:
            raise _no_answer(f"Arkivet svarte ikke ferdig ({type(fault).__name__}).", writes=writes) from fault

    def _read(self, response: httpx.Response, until: float, *, writes: bool) -> bytes:
        parts: list[bytes] = []
        size = 0
        for part in response.iter_bytes():
            size += len(part)
            if size > self._max_bytes:
                raise _no_answer("Arkivets svar er for stort.", writes=writes)
            if time.monotonic() > until:
                raise _no_answer("Arkivet brukte for lang tid på svaret.", writes=writes)
            parts.append(part)
        return b"".join(parts)

    def close(self) -> None:
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _watch(event: str, _info: Mapping[str, Any]) -> None:
    """The request is out on the wire, and nothing of the answer has been read."""
    if event == "http11.receive_response_headers.started":
        crash_point("send.after_written")


def _trust(ca_file: str) -> ssl.SSLContext:
    """The machine's own authorities, or the municipality's own one alone."""
    return ssl.create_default_context(cafile=ca_file or None)


def _origin(url: str) -> tuple[str, str, int]:
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return (parts.scheme, (parts.hostname or "").lower(), port)


def _shown(url: str) -> str:
    """The address without anything secret that may stand in it."""
    scheme, host, port = _origin(url)
    return f"{scheme}://{host}:{port}"


def _no_answer(sentence: str, *, writes: bool) -> DeliveryFault:
    return UnknownOutcome(sentence) if writes else Transient(sentence)


def _not_connected(fault: httpx.TransportError, url: str) -> DeliveryFault:
    cause: BaseException | None = fault
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return ConfigurationFault(f"Sertifikatet til {_shown(url)} blir ikke godtatt.")
        if isinstance(cause, socket.gaierror) and cause.errno != socket.EAI_AGAIN:
            return ConfigurationFault(f"Navnet i {_shown(url)} finnes ikke. Er adressen rett?")
        cause = cause.__cause__ or cause.__context__
    return Transient(f"Får ikke kontakt med arkivet på {_shown(url)}.")
