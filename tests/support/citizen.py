"""A browser without a screen that talks to a real server: it keeps its cookie and fetches a token before it sends."""

import socket as unix
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import UUID, uuid4

import httpx

from tests.support.ideas import idea_form

JSON = {"Accept": "application/json"}
PATIENCE_S = 30.0


class Citizen:
    """Somebody on the way to `/ideer/ny`. socket: the server's; or port, and the loopback address to come from."""

    def __init__(self, socket: Path | None, *, port: int | None = None, address: str | None = None) -> None:
        transport = httpx.HTTPTransport(uds=str(socket) if socket else None, local_address=address)
        self._client = httpx.Client(
            transport=transport,
            base_url="http://localhost" if socket else f"http://127.0.0.1:{port}",
            timeout=PATIENCE_S,
            follow_redirects=False,
            trust_env=False,
        )
        self._socket = socket
        self.token = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._client.close()

    def close_after_each(self) -> None:
        """Use a new connection for each request."""
        self._client.headers["Connection"] = "close"

    def is_served(self) -> bool:
        if self._socket is not None and not listens(self._socket):
            return False
        try:
            return self._client.get("/readyz").status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    def fetch_token(self) -> str:
        """Fetch the token that goes with our cookie; every form carries it."""
        answer = self._client.get("/merke")
        assert answer.status_code == httpx.codes.OK, f"/merke gave {answer.status_code}"
        self.token = str(answer.json()["csrf_token"])
        return self.token

    def send(
        self,
        form: Mapping[str, object],
        *,
        pictures: Sequence[bytes] = (),
        headers: Mapping[str, str] = JSON,
        multipart: bool = False,
    ) -> httpx.Response:
        """Send an idea; the outbox of the browser does it with JSON headers, a form without script without them."""
        fields: dict[str, Any] = {**form, "csrf_token": self.token or self.fetch_token()}
        files = [("pictures", (f"{n}.jpg", picture, "image/jpeg")) for n, picture in enumerate(pictures)]
        if multipart and not files:
            files = [("pictures", ("", b"", "application/octet-stream"))]
        return self._client.post("/ideer/ny", data=fields, files=files or None, headers=dict(headers))

    def post(self, path: str, form: Mapping[str, object]) -> httpx.Response:
        """Send any form, with a fresh token: the page it stands on was shown just now."""
        return self._client.post(path, data={**form, "csrf_token": self.fetch_token()})

    def get(self, path: str) -> httpx.Response:
        return self._client.get(path)

    def send_idea(self, title: str, *, key: UUID | None = None, pictures: Sequence[bytes] = ()) -> httpx.Response:
        return self.send(idea_form(title=title, submission_id=str(key or uuid4())), pictures=pictures)


def listens(path: Path) -> bool:
    """Tell whether somebody listens on a unix socket. (httpx leaves its own end open when nobody does.)"""
    with unix.socket(unix.AF_UNIX) as line:
        try:
            line.connect(str(path))
        except OSError:
            return False
    return True
