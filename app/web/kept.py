"""Pages that read the same for everybody: written and packed once, and again when anything they show has changed.

Two answers differ in their marks alone, the nonce and the token of the forms. These go between the packed parts and are
not packed with them, so the length of an answer tells nothing of a mark, whatever else stands on the page (BREACH).
"""

import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache

from flask import Response, current_app, request
from jinja2 import Environment

from app.web import packing
from app.web.language import colour_scheme, locale
from app.web.security import csrf_token, nonce

MOST = 200  # pages kept; the largest takes some 50 KB
# Stand-ins for the marks while a page is written. Nobody can guess them, so nobody can write them into an idea.
_NONCE, _TOKEN = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
_MARKS = re.compile(f"({_NONCE}|{_TOKEN})")


@dataclass(frozen=True, slots=True)
class Page:
    """All that decides what a page says; equal pages are written once. context: name and value, both hashable."""

    template: str
    language: str
    look: str
    context: tuple[tuple[str, object], ...]


@dataclass(frozen=True, slots=True)
class Written:
    """A page in pieces. parts, packed: what stands around the marks, plain and deflated. marks: stand-ins, in order."""

    parts: tuple[bytes, ...]
    packed: tuple[bytes, ...]
    marks: tuple[str, ...]


def kept_page(template: str, context: Mapping[str, object]) -> Response:
    """Return the whole page for this visitor. Its template may not ask who that is: only its context, and the marks."""
    page = Page(template, locale(), colour_scheme(), tuple(context.items()))
    written = _written(current_app.jinja_env, page)
    own = {_NONCE: nonce().encode(), _TOKEN: csrf_token().encode() if _TOKEN in written.marks else b""}
    between = [own[mark] for mark in written.marks]
    if packing.takes_gzip():
        response = Response(packing.gzip_of(written.parts, written.packed, between), mimetype="text/html")
        response.headers["Content-Encoding"] = "gzip"
    else:
        response = Response(b"".join(_woven(written.parts, between)), mimetype="text/html")
    return response


@lru_cache(maxsize=MOST)
def _written(environment: Environment, page: Page) -> Written:
    with _stand_ins():
        html = environment.get_template(page.template).render(dict(page.context))
    pieces = _MARKS.split(html)
    parts = tuple(piece.encode() for piece in pieces[::2])
    return Written(parts, tuple(map(packing.deflated, parts)), tuple(pieces[1::2]))


@contextmanager
def _stand_ins() -> Iterator[None]:
    """Let the templates write the stand-ins where they ask for nonce and token."""
    before = {name: request.environ.get(name) for name in ("lab.nonce", "lab.token")}
    request.environ.update({"lab.nonce": _NONCE, "lab.token": _TOKEN})
    try:
        yield
    finally:
        request.environ.update(before)


def _woven(parts: tuple[bytes, ...], between: list[bytes]) -> Iterator[bytes]:
    for part, mark in zip(parts, [*between, b""], strict=True):
        yield part
        yield mark
