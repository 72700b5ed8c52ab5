"""Every route says who may enter; the program does not start if one does not."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar
from urllib.parse import urlsplit

from flask import Flask, current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.core.actor import Role
from app.core.errors import NotFound
from app.core.text import N_

P = ParamSpec("P")
R = TypeVar("R", bound=ResponseReturnValue)
STAFF_PREFIX = "/arbeidsflate"


def install(app: Flask) -> None:
    """Send whoever is not signed in from every address below /arbeidsflate to sign in.

    Also where there is no page, and no such method: from outside, nobody can tell which of our pages exist.
    """
    app.before_request(_staff_door)


def _staff_door() -> ResponseReturnValue | None:
    inside = request.path == STAFF_PREFIX or request.path.startswith(f"{STAFF_PREFIX}/")
    return _to_sign_in() if inside and not current_user.is_authenticated else None


def _to_sign_in() -> ResponseReturnValue:
    return redirect(url_for("accounts.sign_in", neste=local_path(request.path)), code=303)


def open_to(*roles: Role) -> Callable[[Callable[P, ResponseReturnValue]], Callable[P, ResponseReturnValue]]:
    """Let in those who have one of `roles`; without roles, anybody.

    Somebody who is not signed in is sent to sign in. For the wrong role the page is not there: 404, not 403.
    """
    allowed = frozenset(roles)

    def decorate(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            if allowed and not current_user.is_authenticated:
                return _to_sign_in()
            if allowed and Role(current_user.role) not in allowed:
                raise NotFound(N_("Vi fant ikke siden."))
            return view(*args, **kwargs)

        guarded.open_to = allowed  # type: ignore[attr-defined]
        return guarded

    return decorate


def opens(endpoint: str) -> bool:
    """Tell whether the door of `endpoint` opens to whoever asks: nobody is shown a link that leads nowhere."""
    allowed: frozenset[Role] = getattr(current_app.view_functions[endpoint], "open_to", frozenset())
    return not allowed or (current_user.is_authenticated and Role(current_user.role) in allowed)


def require_doors(app: Flask) -> None:
    """Refuse to start while a route does not say who may enter."""
    silent = [
        endpoint
        for endpoint, view in app.view_functions.items()
        if endpoint != "static" and not hasattr(view, "open_to")
    ]
    if silent:
        raise RuntimeError(f"These routes do not say who may enter (@open_to): {', '.join(sorted(silent))}")


def local_path(target: str | None, default: str = "/") -> str:
    """Return `target` if it is a path on our own site, else `default`. Nobody is sent anywhere else from here."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return default
    if any(not letter.isprintable() or letter == "\\" for letter in target):
        return default
    parts = urlsplit(target)
    return default if parts.scheme or parts.netloc else target
