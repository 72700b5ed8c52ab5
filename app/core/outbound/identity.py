"""Calls to one identity provider: its own origin and no other, no redirects, bounded in time and size."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx

from app.core.errors import ConfigurationFault, Transient

TIMEOUT_SECONDS = 5.0
MAX_ANSWER_BYTES = 256_000


class ProviderConnection:
    """Speaks with the origin of `issuer`. Safe to use from several threads."""

    def __init__(self, issuer: str) -> None:
        self._origin = _origin(issuer)
        self._client = httpx.Client(
            follow_redirects=False,
            trust_env=False,  # a proxy or a .netrc of the machine must not redirect or sign our calls
            timeout=TIMEOUT_SECONDS,
            headers={"User-Agent": "Innbyggerlab", "Accept": "application/json"},
        )

    def get(self, url: str) -> Mapping[str, Any]:
        """Return the JSON object there. Raises Transient when there is none, ConfigurationFault for another origin."""
        return self._ask("GET", url)

    def post(self, url: str, fields: Mapping[str, str], *, basic: tuple[str, str] | None = None) -> Mapping[str, Any]:
        """Send a form and return the JSON object that comes back; errors as for `get`. basic: user and password."""
        return self._ask("POST", url, data=dict(fields), auth=basic)

    def _ask(self, method: str, url: str, **what: Any) -> Mapping[str, Any]:
        if _origin(url) != self._origin:
            raise ConfigurationFault("Adressen hører ikke til innloggingstjenesten som er satt opp.")
        try:
            with self._client.stream(method, url, **what) as response:
                body = b""
                for part in response.iter_bytes():
                    body += part
                    if len(body) > MAX_ANSWER_BYTES:
                        raise Transient("Svaret fra innloggingstjenesten er for stort.")
                said = json.loads(body) if response.status_code == httpx.codes.OK else None
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as fault:
            raise Transient(f"Innloggingstjenesten svarte ikke rett ({type(fault).__name__}).") from fault
        if not isinstance(said, dict):
            raise Transient("Innloggingstjenesten ga ikke svaret vi ba om.")
        return said


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    return (parts.scheme, (parts.hostname or "").lower(), parts.port or {"https": 443, "http": 80}.get(parts.scheme))
