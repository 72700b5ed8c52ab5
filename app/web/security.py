"""Headers, one table; the nonce; trusted hosts; cookies."""

import secrets
from collections.abc import Callable
from typing import ParamSpec
from urllib.parse import urlsplit

from flask import Flask, Response, abort, current_app, request
from flask.globals import request_ctx
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import generate_csrf
from werkzeug.exceptions import SecurityError

from app.settings import Settings
from app.web.extensions import csrf, settings
from app.web.packing import vary_by

P = ParamSpec("P")
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(self), payment=(), usb=(), browsing-topics=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
HSTS = "max-age=63072000; includeSubDomains"
OFFLINE_COOKIES = frozenset({"spraak", "utseende"})
OFFLINE = "X-Offline"
# The phone asks for a page that it may keep, the same for everybody.
KEEP = "X-Keep"


def nonce() -> str:
    """Return this answer's nonce: made once, new for every answer."""
    value = request.environ.get("lab.nonce")
    if value is None:
        value = request.environ["lab.nonce"] = secrets.token_urlsafe(18)
    return str(value)


def csrf_token() -> str:
    """Return the token that this visitor's forms carry. Asking for it makes the answer theirs alone."""
    return request.environ.get("lab.token") or str(generate_csrf())


def policy(nonce_value: str, live_url: str) -> str:
    """Return the Content-Security-Policy of an answer."""
    live = f" {_origin(live_url)}" if live_url else ""
    return (
        f"default-src 'none'; script-src 'self' 'nonce-{nonce_value}'; style-src 'self' 'nonce-{nonce_value}'; "
        f"img-src 'self' data: blob:; connect-src 'self'{live}; font-src 'self'; manifest-src 'self'; "
        "worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'"
    )


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def install(app: Flask, given: Settings) -> None:
    """Set cookies, hosts and headers on `app`."""
    secure = given.secure_cookies
    app.config.update(
        SESSION_COOKIE_NAME="__Host-lab" if secure else "lab",
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
        PERMANENT_SESSION_LIFETIME=60 * 60 * 24 * 365,
        SESSION_REFRESH_EACH_REQUEST=False,
        MAX_CONTENT_LENGTH=32 * 1024 * 1024,
        MAX_FORM_MEMORY_SIZE=200_000,
        MAX_FORM_PARTS=40,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,
        TRUSTED_HOSTS=list(given.hosts),
    )
    app.before_request(_known_host)
    app.before_request(_same_origin)
    app.after_request(_headers)


def _known_host() -> None:
    """Refuse a forged Host before anybody makes an address of it."""
    if isinstance(request.routing_exception, SecurityError):
        raise request.routing_exception


def from_anywhere(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """Let a view be posted to by other apps on the phone, which have no token of ours. It must change nothing."""
    view.from_anywhere = True  # type: ignore[attr-defined]
    exempt: Callable[P, ResponseReturnValue] = csrf.exempt(view)
    return exempt


def _same_origin() -> None:
    """Refuse what another site sends for somebody: the browser says where it comes from, and cannot be made to lie."""
    view = current_app.view_functions.get(request.endpoint or "")
    if request.method in {"GET", "HEAD", "OPTIONS"} or getattr(view, "from_anywhere", False):
        return
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        abort(400)
    origin = request.headers.get("Origin")
    if origin not in {None, request.host_url.rstrip("/"), _origin(settings().public_url)}:
        abort(400)


def _headers(response: Response) -> Response:
    said = {name for name, _ in response.headers}
    for name, value in HEADERS.items():
        if name not in said:
            response.headers.add(name, value)
    if "Content-Security-Policy" not in said:
        response.headers.add("Content-Security-Policy", policy(nonce(), settings().live_url))
    if settings().secure_cookies:
        response.headers["Strict-Transport-Security"] = HSTS
    if response.mimetype == "text/html":
        _mark_storable(response)
    return response


def _mark_storable(response: Response) -> None:
    """Nobody keeps a page that is not the same for everybody: session untouched, no cookie set."""
    touched = _session_touched()
    same_for_all = response.status_code == 200 and not touched and "Set-Cookie" not in response.headers  # noqa: PLR2004
    if not same_for_all:
        response.headers.pop(OFFLINE, None)
    if touched:
        response.headers["Cache-Control"] = "no-store"
    else:
        response.headers.setdefault("Cache-Control", "private, no-cache")
    vary_by(response, "Cookie")


def _session_touched() -> bool:
    """Tell whether anybody read or wrote the session; asking by flask.session would itself count as reading."""
    session = request_ctx._session  # noqa: SLF001 - the only way to look without touching
    return session is not None and session.accessed
