"""The least a page can cost: a bare WSGI answer, on the same server with the same settings."""

from collections.abc import Callable, Iterable
from typing import Any

BODY = b"Hei, Narvik!"
HEADERS = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(BODY)))]


def wsgi() -> Callable[[Any, Callable[..., object]], Iterable[bytes]]:
    """What the web server calls, as it calls app.factory:wsgi."""
    return hello


def hello(_environ: Any, start_response: Callable[..., object]) -> Iterable[bytes]:
    start_response("200 OK", HEADERS)
    return [BODY]
