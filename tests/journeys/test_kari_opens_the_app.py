"""What the phone keeps: pages without network, language and look, the app on the home screen."""

import io
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.journeys.forms import at_desk, send_idea, sign_in

if TYPE_CHECKING:
    from playwright.sync_api import Page

KEPT = (
    "async () => (await Promise.all((await caches.keys()).map(async (name) => (await (await caches.open(name)).keys())"
)
KEPT += ".map((request) => request.url)))).flat()"


def test_a_page_seen_before_opens_without_network_and_another_says_so(open_phone):
    phone = open_phone()
    page = phone.new_page()
    visit_with_worker(page, "/", "/personvern", "/ideer")

    phone.set_offline(True)

    page.goto("/personvern")
    expect(page.get_by_role("heading", level=1)).to_have_text("Personvern")
    page.goto("/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Hva synes du, Narvik?")
    page.goto("/om")
    expect(page.get_by_role("heading", level=1)).to_have_text("Du er uten nett")
    page.goto("/mine")
    expect(page.get_by_role("heading", level=1)).to_have_text("Du er uten nett")


def test_the_phone_keeps_nothing_that_is_somebodys_own(open_phone, town):
    page = open_phone().new_page()
    visit_with_worker(page, "/", "/personvern")
    idea = send_idea(page, "Flere postkasser på Beisfjord")
    receipt = urlsplit(page.url).path
    for path in ("/mine", "/varsler", "/utseende", "/ideer/ny", idea):
        page.goto(path)
    sign_in(page, town)
    page.goto(at_desk(idea))

    kept = {urlsplit(address).path for address in page.evaluate(KEPT)}

    assert "/personvern" in kept
    assert "/offline" in kept
    private = ("/mine", "/varsler", "/utseende", "/kvittering", "/logg-inn", "/arbeidsflate", "/merke")
    assert [path for path in kept if path.startswith(private) or path in {receipt, idea}] == []
    assert "csrf_token" not in page.evaluate("async () => (await (await caches.match('/ideer/ny'))?.text()) ?? ''")


def test_language_and_look_are_chosen_once_and_kept(open_phone):
    phone = open_phone()
    page = phone.new_page()
    page.goto("/mine")
    page.get_by_role("link", name="Språk og utseende").first.click()
    page.get_by_text("English", exact=True).first.click()
    page.get_by_text("Mørkt", exact=True).click()
    page.get_by_role("button", name="Lagre").click()

    for path in ("/", "/ideer", "/personvern"):
        page.goto(path)
        expect(page.locator("html")).to_have_attribute("lang", "en")
        expect(page.locator("html")).to_have_attribute("data-color-scheme", "dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(10, 21, 29)"


def test_the_app_can_be_put_on_the_home_screen(open_phone):
    page = open_phone().new_page()
    visit_with_worker(page, "/")
    devtools = page.context.new_cdp_session(page)

    # Playwright's phones are private windows, and that alone is what Chromium has against installing in one
    errors = devtools.send("Page.getInstallabilityErrors")["installabilityErrors"]
    assert [error["errorId"] for error in errors if error["errorId"] != "in-incognito"] == []
    assert devtools.send("Page.getAppManifest")["errors"] == []


@pytest.mark.parametrize("shape", ["narrow", "wide"])
def test_the_shop_window_of_the_app_shows_pictures_of_the_right_size(open_phone, shape):
    phone = open_phone()
    pictures = phone.request.get("/manifest.webmanifest").json()["screenshots"]
    (shown,) = [one for one in pictures if one["form_factor"] == shape]

    with Image.open(io.BytesIO(phone.request.get(shown["src"]).body())) as picture:
        assert f"{picture.width}x{picture.height}" == shown["sizes"]


def visit_with_worker(page: "Page", *paths: str) -> None:
    """Open the pages with the service worker in charge: it comes with the first page, and keeps from the second on."""
    page.goto(paths[0])
    page.evaluate("async () => { await navigator.serviceWorker.ready; }")
    for path in paths:
        page.goto(path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
