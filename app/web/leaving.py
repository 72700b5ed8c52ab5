"""Leaving a phone: its browser is asked to forget, once, by whoever has just left it and by nobody else."""

from flask import Response
from flask import session as cookie

from app.web.htmx import wants_fragment

_LEFT = "forlatt"


def just_left() -> None:
    """Note that somebody has just left this phone: the next page tells its browser to forget."""
    cookie[_LEFT] = True


def let_it_forget(response: Response) -> Response:
    """Ask the browser to drop all it keeps of us; what a link from elsewhere opens drops nothing.

    It is told beside the page, not with it: a browser that drops its service worker drops what that worker was loading.
    """
    if wants_fragment() and cookie.pop(_LEFT, False):
        response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response
