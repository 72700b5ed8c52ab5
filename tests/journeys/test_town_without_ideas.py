"""A town in which nobody has written yet, and one that is broken: honest, friendly, and readable for all."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from app.factory import create_app
from app.settings import Settings
from tests.journeys.screens import EMPTY_SCREENS, Screen, layout_faults, violations
from tests.support.browser import phone, served

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page
    from sqlalchemy.orm import Session

    from tests.support.browser import LiveSite

SAID = {
    "home, nothing yet": ("Ingenting er åpent akkurat nå.", "Du har ikke sendt noe ennå.", "Ingen idéer her ennå."),
    "list, nothing yet": ("Ingen idéer her ennå. Bli den første.",),
    "own things, nothing yet": ("Du har ikke sendt noe ennå. Hva vil du si?",),
}
BROKEN = {
    "nb": "Noe gikk galt hos oss. Prøv igjen om litt.",
    "nn": "Noko gjekk gale hos oss. Prøv igjen om litt.",
    "en": "Something went wrong on our side. Try again in a while.",
}
# What only a programmer should see.
INSIDES = ("Traceback", "sqlalchemy", "OperationalError", "no such table", "SELECT", 'File "/')


@pytest.mark.parametrize("screen", EMPTY_SCREENS, ids=[screen.name for screen in EMPTY_SCREENS])
def test_where_nothing_is_the_page_says_so_and_what_to_do(browser, empty_site, screen: Screen):
    page = visitor(browser, empty_site, "nb")
    screen.open(page, {})

    for words in SAID[screen.name]:
        expect(page.locator("main, .hero").filter(has_text=words).first).to_be_visible()
    expect(page.get_by_role("link", name="Skriv en idé").first).to_be_visible()
    assert violations(page) + layout_faults(page) == []
    page.context.close()


@pytest.mark.parametrize("language", BROKEN)
def test_a_fault_of_ours_is_told_in_the_readers_language_and_without_its_insides(browser, broken_site, language):
    page = visitor(browser, broken_site, language)
    answer = page.goto("/ideer")

    assert answer is not None
    assert answer.status == 500
    expect(page.get_by_text(BROKEN[language])).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", language)
    assert [word for word in INSIDES if word in page.content()] == []
    assert violations(page) + layout_faults(page) == []
    page.context.close()


def visitor(browser: "Browser", site: str, language: str) -> "Page":
    """Open a page of a fresh phone that asks for `language`."""
    return phone(browser, base_url=site, locale=f"{language}-NO" if language != "en" else "en-GB").new_page()


@pytest.fixture
def empty_site(live_site: "LiveSite", session: "Session") -> str:
    """The app on a database that holds what migrations make, and nothing more."""
    session.rollback()
    return live_site.url


@pytest.fixture(scope="module")
def broken_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app on a database that nobody has migrated: each page that asks it for something fails."""
    folder: Path = tmp_path_factory.mktemp("broken")
    app = create_app(Settings(mode="test", instance=folder, rate_limits=False, public_url="http://127.0.0.1"))
    app.extensions["lab_show_faults"] = True
    with served(app) as url:
        yield url
