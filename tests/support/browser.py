"""A real Chromium, and the app on a port of this machine for it to visit."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask
from werkzeug.serving import make_server

from tests.support.visits import Visit

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from playwright.sync_api import Browser, BrowserContext

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 800}
# A browser that calls nobody on its own: what a test then sees on the wire, our page has asked for.
SILENT = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-sync",
    "--metrics-recording-only",
    "--no-first-run",
    "--no-pings",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost",
)


@dataclass(frozen=True, slots=True)
class LiveSite:
    """The app, served over real HTTP. url: scheme, host and port, without a slash at the end."""

    url: str
    app: Flask

    def let_in(self, context: "BrowserContext", visit: Visit) -> None:
        """Give the browser the cookies of somebody who visits without a screen, e.g. a signed-in case worker."""
        found = [visit.client.get_cookie(name) for name in ("lab", "spraak", "utseende")]
        context.add_cookies([{"name": c.key, "value": c.value, "url": self.url} for c in found if c is not None])


def chromium_path() -> str:
    """Return the Chromium of this machine; `make test` names it in LAB_TEST_CHROMIUM."""
    return os.environ.get("LAB_TEST_CHROMIUM") or "/usr/bin/chromium"


def chromium_flags() -> list[str]:
    return [*SILENT, *(["--no-sandbox"] if os.geteuid() == 0 else [])]


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """Serve `app` on a free port of loopback, several requests at a time; give its address."""
    server = make_server("127.0.0.1", 0, _whole(app), threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _whole(app: Flask) -> "WSGIApplication":
    """Read each answer to its end before it is sent, so that a browser that turns away leaves no file open."""

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> list[bytes]:
        parts = app(environ, start_response)
        try:
            return list(parts)
        finally:
            parts.close()  # type: ignore[attr-defined] - werkzeug's always can

    return answer


@pytest.fixture(scope="session")
def live_site(app: Flask) -> Iterator[LiveSite]:
    """The test app on a port of its own, on the same database. Ask for `session` too, which empties it again."""
    with served(app) as url:
        yield LiveSite(url, app)


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """One Chromium for a file of tests. Not for all: while Playwright is open, asyncio.run() fails in its thread."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - it is slow to load, and few files need it

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium_path(), args=chromium_flags())
        yield opened
        opened.close()


def phone(browser: "Browser", **options: Any) -> "BrowserContext":
    """Return a fresh phone in bokmål: 390x844, no cookies, nothing stored."""
    return browser.new_context(**{"viewport": PHONE, "locale": "nb-NO", "timezone_id": "Europe/Oslo", **options})
