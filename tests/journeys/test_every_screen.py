"""Every screen as it is met: readable for all, on each width, in each light, and light to fetch."""

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.journeys.forms import at_desk, fill_idea, send, send_something_private, sign_in
from tests.journeys.screens import SCREENS, Screen, Weight, layout_faults, violations
from tests.support.browser import DESK, PHONE, phone

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from tests.journeys.town import Town

NAMES = [screen.name for screen in SCREENS]
THEMES: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "forced colours": {"forced_colors": "active"},
}
STAFF = ("per", "arne")
ARNE = "arne@demo.narvik.example"
WIDTHS = ((320, 640), (390, 844), (768, 1024), (1280, 800))


@pytest.mark.parametrize("screen", SCREENS, ids=NAMES)
def test_everybody_can_use_it_and_it_is_light_to_fetch(open_phone, furnished, screen):
    # Without the worker, which fetches ahead: what is counted here is what the page itself asks for
    page = open_phone(**furnished.visitor(screen), service_workers="block").new_page()
    weight = Weight(page)

    screen.visit(page, furnished.addresses)
    too_heavy = weight.faults()
    screen.act(page)

    assert violations(page) + layout_faults(page) + too_heavy == []


@pytest.mark.slow
@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("screen", SCREENS, ids=NAMES)
def test_everybody_can_use_it_on_each_width_in_each_light(open_phone, furnished, screen, theme):
    page = open_phone(**furnished.visitor(screen), **THEMES[theme]).new_page()
    screen.open(page, furnished.addresses)

    faults = []
    for width, height in WIDTHS:
        page.set_viewport_size({"width": width, "height": height})
        faults += [f"{width}: {fault}" for fault in layout_faults(page)]
        # Forced colours are the reader's own, and axe does not see which they are
        faults += [f"{width}: {fault}" for fault in violations(page, colours=theme != "forced colours")]

    assert faults == []


@pytest.mark.slow
@pytest.mark.parametrize("screen", SCREENS, ids=NAMES)
def test_it_can_be_read_with_text_twice_as_large(open_phone, furnished, screen):
    page = open_phone(**furnished.visitor(screen)).new_page()
    screen.open(page, furnished.addresses)

    # As the phone's own setting does: every size is in rem. A stylesheet of the page would be refused, this is none
    page.evaluate("document.documentElement.style.fontSize = '200%'")

    assert layout_faults(page) + violations(page) == []


class Furnished:
    """What the screens need to be there. addresses: name -> path. states: who -> the cookies of their browser."""

    def __init__(self) -> None:
        self.addresses: dict[str, str] = {}
        self.states: dict[str, Any] = {"nobody": None}

    def visitor(self, screen: Screen) -> dict[str, Any]:
        """Return how the browser of the screen's visitor is opened."""
        return {"storage_state": self.states[screen.who], "viewport": DESK if screen.who in STAFF else PHONE}


@pytest.fixture(scope="module")
def furnished(browser: "Browser", town: "Town", photo: "Path") -> Furnished:
    """Ideas in every state, sent by Kari, and Per signed in."""
    made = Furnished()
    kari, per = phone(browser, base_url=town.site), phone(browser, base_url=town.site)
    page = kari.new_page()
    made.addresses["undone"], made.addresses["withdrawn"] = write(page, "Noe jeg angrer på")
    page.goto(made.addresses["undone"])
    page.get_by_role("button", name="Angre").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Angret. Idéen er ikke sendt.")
    _, made.addresses["hidden"] = write(page, "Noe som ikke passer her")
    _, made.addresses["long"] = write(
        page,
        "Gjør fylkesveivedlikeholdskontraktsforhandlingene mellom Narvik, Ballangen og Evenes åpne for alle som vil se",
    )
    made.addresses["receipt"], made.addresses["idea"] = write(page, "La lysløypa på Ankenes lyse til klokka 23", photo)
    made.addresses["held"] = send_something_private(page, "Ring meg om lekeplassen")
    page.goto("/ideer?status=done")
    made.addresses["done"] = page.locator("#results article a").first.get_attribute("href") or ""
    for name in ("idea", "hidden"):
        made.addresses[f"{name}_at_desk"] = at_desk(made.addresses[name])
    page.goto("/ideer?sok=lysløypa")
    made.addresses["talked"] = page.get_by_role("link", name="La lysløypa lyse").get_attribute("href") or ""
    made.addresses["comment"] = ask(page, made.addresses["idea"], "Når på kvelden går lyset av?")
    made.addresses["held_comment"] = ask(page, made.addresses["idea"], "Ring 412 34 567?").partition("?")[0]
    question = made.addresses["comment"].partition("?")[0].rpartition("/")[2]
    made.addresses["question_at_desk"] = f"/arbeidsflate/innspill/{question}"
    made.states["kari"] = kari.storage_state()
    desk = per.new_page()
    sign_in(desk, town, at_desk(made.addresses["hidden"]))
    desk.locator("#hide-fold summary").click()
    desk.get_by_label("Hvorfor skjuler du den?").fill("Den handler om en nabo.")
    desk.get_by_role("button", name="Skjul den").click()
    expect(desk.get_by_role("button", name="Vis den igjen")).to_be_visible()
    made.states["per"] = per.storage_state()
    arne = phone(browser, base_url=town.site)
    editor = arne.new_page()
    sign_in(editor, town, "/arbeidsflate/prosesser", ARNE)
    made.addresses["editor"] = (
        editor.get_by_role("link", name="Trygg vei til skolen", exact=True).get_attribute("href") or ""
    )
    made.states["arne"] = arne.storage_state()
    for opened in (kari, per, arne):
        opened.close()
    return made


def ask(page: "Page", idea: str, words: str) -> str:
    """Ask something about an idea; return the path that it led to."""
    page.goto(f"{idea}/kommenter")
    page.get_by_label("Spørsmål", exact=True).check()
    page.get_by_label("Hva vil du si?").fill(words)
    page.get_by_role("button", name="Send kommentaren").click()
    keep = page.get_by_label("Behold det.")
    if keep.count():
        keep.check()
        page.get_by_role("button", name="Send kommentaren").click()
    expect(page.locator("article.comment")).to_be_visible()
    return "/" + page.url.split("/", 3)[3]


def write(page: "Page", title: str, photo: "Path | None" = None) -> tuple[str, str]:
    """Send an idea; return the paths of its receipt and of its page."""
    page.goto("/ideer/ny")
    fill_idea(page, title)
    if photo is not None:
        page.locator("#pictures").set_input_files(photo)
        expect(page.get_by_role("img", name="Bilde 1")).to_be_visible()
    send(page)
    idea = page.get_by_role("link", name="Se idéen slik andre ser den").get_attribute("href")
    return "/" + page.url.split("/", 3)[3], idea or ""
