"""Every screen as it is met: readable for all, on each width, in each light, and light to fetch."""

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import PATIENCE_MS
from tests.journeys.forms import at_desk, fill_idea, send, send_something_private, sign_in
from tests.journeys.screens import SCREENS, Screen, Weight, layout_faults, violations
from tests.journeys.test_arne_makes_a_process import ARNE
from tests.journeys.test_mona_moderates import MONA, QUEUE
from tests.support.browser import DESK, PHONE, phone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from tests.journeys.town import Town

NAMES = [screen.name for screen in SCREENS]
THEMES: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "forced colours": {"forced_colors": "active"},
}
STAFF = ("per", "arne", "mona")
WIDTHS = ((320, 640), (390, 844), (768, 1024), (1280, 800))


@pytest.mark.parametrize("screen", SCREENS, ids=NAMES)
def test_everybody_can_use_it_and_it_is_light_to_fetch(visited, furnished, screen):
    # Without the worker, which fetches ahead: what is counted here is what the page itself asks for
    page = visited(screen, service_workers="block")

    with Weight(page) as weight:
        screen.visit(page, furnished.addresses)
        too_heavy = weight.faults()
    if screen.act:
        screen.act(page)

    assert violations(page) + layout_faults(page) + too_heavy == []


@pytest.mark.slow
@pytest.mark.parametrize("screen", SCREENS, ids=NAMES)
@pytest.mark.parametrize("theme", THEMES)
def test_everybody_can_use_it_on_each_width_in_each_light(visited, furnished, screen, theme):
    page = visited(screen, **THEMES[theme])
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
def test_it_can_be_read_with_text_twice_as_large(visited, furnished, screen):
    page = visited(screen)
    screen.open(page, furnished.addresses)

    # As the phone's own setting does: every size is in rem. A stylesheet of the page would be refused, this is none
    page.evaluate("document.documentElement.style.fontSize = '200%'")

    assert layout_faults(page) + violations(page) == []


class Visitors:
    """One open page for each visitor in each look: a page that is warm takes a third of a fresh one's time.

    Where something is done on a screen, the page is a fresh one, since what was done stays.
    """

    def __init__(self, browser: "Browser", town: "Town", states: dict[str, Any]) -> None:
        self.faults: list[str] = []
        self._browser, self._site, self._states = browser, town.site, states
        self._pages: dict[str, Page] = {}

    @contextmanager
    def page_of(self, screen: Screen, look: dict[str, Any]) -> "Iterator[Page]":
        """Give the page of the screen's visitor, on which nothing was done yet; nobody has no cookie on it."""
        page = self._opened(screen.who, look) if screen.act else self._kept(screen.who, look)
        page.set_viewport_size(DESK if screen.who in STAFF else PHONE)
        if screen.who == "nobody":
            page.context.clear_cookies()
        yield page
        if screen.act:
            page.context.close()

    def _kept(self, who: str, look: dict[str, Any]) -> "Page":
        name = f"{who} {look}"
        if name not in self._pages:
            self._pages[name] = self._opened(who, look)
        return self._pages[name]

    def _opened(self, who: str, look: dict[str, Any]) -> "Page":
        context = phone(self._browser, base_url=self._site, storage_state=self._states[who], **look)
        context.set_default_timeout(PATIENCE_MS)
        context.on("weberror", lambda fault: self.faults.append(str(fault.error)))
        page = context.new_page()
        line = context.new_cdp_session(page)
        line.send("Network.enable")
        line.send("Network.setCacheDisabled", {"cacheDisabled": True})
        return page

    def close(self) -> None:
        for page in self._pages.values():
            page.context.close()


@pytest.fixture(scope="module")
def visitors(browser: "Browser", town: "Town", furnished: "Furnished") -> "Iterator[Visitors]":
    made = Visitors(browser, town, furnished.states)
    yield made
    made.close()


@pytest.fixture
def visited(visitors: Visitors, town: "Town") -> "Iterator[Callable[..., Page]]":
    """Give the page of a screen's visitor. Neither side had a fault when the test ends."""
    with ExitStack() as opened:
        yield lambda screen, **look: opened.enter_context(visitors.page_of(screen, look))
    faults, visitors.faults = visitors.faults, []
    assert faults + town.faults() == []


class Furnished:
    """What the screens need to be there. addresses: name -> path. states: who -> the cookies of their browser."""

    def __init__(self) -> None:
        self.addresses: dict[str, str] = {}
        self.states: dict[str, Any] = {"nobody": None}


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
    # In make test-slow another worker furnishes the same town, and has such ideas of its own
    not_shown = {name: f"Ring meg, {name} {uuid4().hex[:6]}" for name in ("refused", "appealed")}
    for name, title in not_shown.items():
        made.addresses[name] = send_something_private(page, title)
        made.addresses[f"{name}_receipt"] = path_of(page)
    made.states["kari"] = kari.storage_state()
    desk = per.new_page()
    sign_in(desk, town, at_desk(made.addresses["hidden"]))
    desk.locator("#hide-fold summary").click()
    desk.get_by_label("Hvorfor skjuler du den?").fill("Den handler om en nabo.")
    desk.get_by_role("button", name="Skjul den").click()
    expect(desk.get_by_role("button", name="Vis den igjen")).to_be_visible()
    desk.goto(QUEUE)
    for title in not_shown.values():
        refuse(desk, title)
    made.states["per"] = per.storage_state()
    page.goto(made.addresses["appealed_receipt"])
    disagree(page, "Nummeret står i telefonkatalogen.")
    report(page, made.addresses["talked"])
    mona = phone(browser, base_url=town.site)
    sign_in(mona.new_page(), town, QUEUE, MONA)
    made.states["mona"] = mona.storage_state()
    arne = phone(browser, base_url=town.site)
    editor = arne.new_page()
    sign_in(editor, town, "/arbeidsflate/prosesser", ARNE)
    made.addresses["editor"] = (
        editor.get_by_role("link", name="Trygg vei til skolen", exact=True).get_attribute("href") or ""
    )
    made.states["arne"] = arne.storage_state()
    for opened in (kari, per, mona, arne):
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
    return path_of(page)


def refuse(desk: "Page", title: str) -> None:
    """Let what waits with this title not be shown, for a reason from the list."""
    waits = desk.locator("[data-item]", has_text=title)
    waits.locator("details summary").click()
    waits.locator("[data-act=reason]").first.click()
    expect(waits).to_have_count(0)


def disagree(page: "Page", words: str) -> None:
    page.locator("#appeal summary").click()
    page.locator("#appeal textarea").fill(words)
    page.get_by_role("button", name="Send det").click()
    expect(page.get_by_text("En annen i kommunen ser på det du skrev.")).to_be_visible()


def report(page: "Page", idea: str) -> None:
    page.goto(f"{idea}/si-fra")
    page.get_by_role("radio").first.check()
    page.get_by_role("button", name="Si fra").click()
    expect(page.locator("#report-form")).to_have_count(0)


def path_of(page: "Page") -> str:
    """Return the page's address without the host."""
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
    return path_of(page), idea or ""
