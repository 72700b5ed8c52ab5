"""A new version of the app waits until somebody says yes, and never while they write."""

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.journeys.forms import comes_true
from tests.journeys.test_kari_opens_the_app import visit_with_worker
from tests.support.browser import phone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

NEW = "f" * 12
WAITS = "async () => Boolean((await navigator.serviceWorker.getRegistration()).waiting)"
IN_CHARGE = f"async () => (await caches.keys()).every((name) => name.endsWith('{NEW}'))"
# A photo on its way, by another tab
SENDING = (
    "async () => { navigator.locks.request('outbox', () => new Promise((done) => { globalThis.arrived = done; })); }"
)


@pytest.fixture
def site(live_site, session) -> "Iterator[str]":
    """The app on a port of its own, which gets a new version while somebody visits it."""
    before = live_site.app.extensions["lab_assets"]
    yield live_site.url
    live_site.app.extensions["lab_assets"] = before


def a_new_version_comes(page: "Page", live_site) -> None:
    live_site.app.extensions["lab_assets"] = replace(live_site.app.extensions["lab_assets"], version=NEW)
    page.evaluate("async () => { await (await navigator.serviceWorker.getRegistration()).update(); }")
    comes_true(page, WAITS)


def test_it_waits_while_kari_writes_and_comes_when_she_says_so(browser, live_site, site):
    context = phone(browser, base_url=site)
    page = context.new_page()
    visit_with_worker(page, "/", "/ideer/ny")
    page.get_by_label("Hva er idéen din?").fill("Noe jeg holder på å skrive")
    a_new_version_comes(page, live_site)
    expect(page.locator("#notice-version")).to_have_count(0)

    other = context.new_page()
    other.goto("/")
    loads: list[str] = []
    other.on("load", lambda page: loads.append(page.url))
    with other.expect_event("load"):
        other.get_by_role("button", name="Oppdater").click()
    other.wait_for_load_state("networkidle")
    comes_true(other, IN_CHARGE)
    assert len(loads) == 1

    expect(other.get_by_role("heading", level=1)).to_have_text("Hva synes du, Narvik?")
    expect(other.locator("#notice-version")).to_have_count(0)
    expect(page.get_by_label("Hva er idéen din?")).to_have_value("Noe jeg holder på å skrive")
    context.close()


def test_it_waits_while_something_is_being_sent(browser, live_site, site):
    context = phone(browser, base_url=site)
    page = context.new_page()
    visit_with_worker(page, "/", "/om")
    sending = context.new_page()
    sending.goto("/personvern")
    sending.evaluate(SENDING)
    a_new_version_comes(page, live_site)
    page.goto("/om")
    expect(page.locator("#notice-version")).to_have_count(0)

    sending.evaluate("globalThis.arrived()")

    expect(page.get_by_role("button", name="Oppdater")).to_be_visible()
    context.close()


def test_who_writes_after_the_offer_is_told_to_send_first(browser, live_site, site):
    context = phone(browser, base_url=site)
    page = context.new_page()
    visit_with_worker(page, "/", "/ideer/ny")
    a_new_version_comes(page, live_site)
    expect(page.get_by_role("button", name="Oppdater")).to_be_visible()
    page.get_by_label("Hva er idéen din?").fill("Begynte å skrive")

    page.get_by_role("button", name="Oppdater").click()

    expect(page.get_by_text("Send eller slett det du skriver først.")).to_be_visible()
    expect(page.get_by_label("Hva er idéen din?")).to_have_value("Begynte å skrive")
    context.close()
