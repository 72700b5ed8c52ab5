"""What the phone holds until we have it: tunnels, lost answers, lying networks, full phones, several tabs."""

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.journeys.forms import comes_true, fill_idea
from tests.journeys.test_kari_opens_the_app import visit_with_worker

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import BrowserContext, Page, Route

KEPT = "Lagret på mobilen"
NO_ROOM = "navigator.storage.estimate = async () => ({ quota: 1000, usage: 999 });"
# As an iPhone is: nothing is sent while no page is open, so that a test knows who sends.
NO_SYNC = "Object.defineProperty(ServiceWorkerRegistration.prototype, 'sync', { value: undefined });"
FORM_KEPT = "async () => Boolean(await caches.match('/ideer/ny'))"
WAITING = """() => new Promise((told) => {
  const asked = indexedDB.open("innbyggerlab-outbox", 1);
  asked.onsuccess = () => {
    const count = asked.result.transaction("items").objectStore("items").count();
    count.onsuccess = () => { asked.result.close(); told(count.result); };
  };
})"""


def test_an_idea_with_a_photo_is_written_in_a_tunnel_and_arrives_once(open_phone, photo: "Path"):
    phone = open_phone()
    page = phone.new_page()
    visit_with_worker(page, "/")
    comes_true(page, FORM_KEPT)
    phone.set_offline(True)

    page.goto("/ideer/ny")
    fill_idea(page, "Lys i tunnelen ved Sjøbakken")
    page.locator("input[type=file]").set_input_files(photo)
    expect(page.locator(".pictures__item")).to_have_count(1)
    press_send(page)
    expect(page.get_by_role("heading", name=KEPT)).to_be_focused()
    page.goto("/mine")
    expect(page.get_by_role("heading", level=3, name="Lys i tunnelen ved Sjøbakken")).to_be_visible()
    expect(page.get_by_text("Ikke sendt ennå.")).to_be_visible()

    phone.set_offline(False)
    arrived_once(page, "Lys i tunnelen ved Sjøbakken")
    page.get_by_role("link", name="Lys i tunnelen ved Sjøbakken").click()
    expect(page.locator("main img").first).to_be_visible()


def test_what_is_sent_is_seen_on_the_phone_without_network(open_phone):
    phone = open_phone()
    page = phone.new_page()
    visit_with_worker(page, "/")
    page.goto("/ideer/ny")
    fill_idea(page, "Huskestativ i Villaveien")
    press_send(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Takk! Vi har fått idéen din.")

    phone.set_offline(True)
    page.goto("/mine")

    expect(page.get_by_role("heading", name="Sendt fra denne mobilen")).to_be_visible()
    expect(page.get_by_role("link", name="Huskestativ i Villaveien")).to_be_visible()


def test_an_answer_that_is_lost_makes_no_second_idea(open_phone):
    phone = open_phone()
    page = phone.new_page()
    page.goto("/ideer/ny")
    fill_idea(page, "Snarvei bak kirka på Ankenes")
    lost = lose_answers(page)
    press_send(page)
    expect(page.get_by_role("heading", name=KEPT)).to_be_visible()
    assert lost == ["201"]

    page.unroute_all()
    arrived_once(page, "Snarvei bak kirka på Ankenes")


def test_the_page_of_a_hotel_is_no_receipt(open_phone):
    page = open_phone().new_page()
    page.add_init_script(NO_SYNC)
    page.goto("/ideer/ny")
    fill_idea(page, "Drikkefontene på torghallen")
    page.route("**/ideer/ny", hotel)
    press_send(page)
    expect(page.get_by_role("heading", name=KEPT)).to_be_visible()
    assert page.evaluate(WAITING) == 1

    page.unroute_all()
    arrived_once(page, "Drikkefontene på torghallen")


def test_what_is_refused_says_why_and_is_mended(open_phone, photo: "Path"):
    phone = open_phone()
    page = phone.new_page()
    page.goto("/ideer/ny")
    page.evaluate("document.querySelector('#title').removeAttribute('maxlength')")
    fill_idea(page, "Badstue " * 20)
    page.locator("input[type=file]").set_input_files(photo)
    expect(page.locator(".pictures__item")).to_have_count(1)
    phone.set_offline(True)
    press_send(page)
    expect(page.get_by_role("heading", name=KEPT)).to_be_visible()
    phone.set_offline(False)
    expect(page.locator("#kept").get_by_text("Vi kunne ikke ta imot det.")).to_be_visible()
    page.get_by_role("link", name="Se det i Mine").click()
    expect(page.get_by_text("Bruk høyst 120 tegn.")).to_be_visible()

    page.get_by_role("link", name="Endre").click()
    expect(page.get_by_label("Hvorfor er det lurt?")).to_have_value("Da blir det lettere for alle.")
    expect(page.locator(".pictures__item")).to_have_count(1)
    page.get_by_label("Hva er idéen din?").fill("Badstue på Vassvik")
    press_send(page)

    expect(page.get_by_role("heading", level=1)).to_have_text("Takk! Vi har fått idéen din.")
    assert page.evaluate(WAITING) == 0


def test_three_tabs_that_come_out_of_the_tunnel_send_one(open_phone):
    phone = open_phone()
    page = phone.new_page()
    keep_one(phone, page, "Benk ved Oscarsborg")
    tabs = [phone.new_page() for _ in range(2)]
    for tab in tabs:
        tab.goto("/")

    phone.unroute_all()
    for tab in (page, *tabs):
        tab.evaluate("dispatchEvent(new Event('online'))")

    arrived_once(page, "Benk ved Oscarsborg")


def test_two_ideas_that_wait_are_two(open_phone):
    phone = open_phone()
    page = phone.new_page()
    visit_with_worker(page, "/")
    comes_true(page, FORM_KEPT)
    phone.set_offline(True)
    for title in ("Grillhytte i Håkvik", "Sykkelvei til Håkvik"):
        page.goto("/ideer/ny")
        fill_idea(page, title)
        press_send(page)
        expect(page.get_by_role("heading", name=KEPT)).to_be_visible()

    assert page.evaluate(WAITING) == 2
    phone.set_offline(False)
    for title in ("Grillhytte i Håkvik", "Sykkelvei til Håkvik"):
        arrived_once(page, title)


def test_a_full_phone_says_so_and_the_text_stays(open_phone):
    phone = open_phone()
    page = phone.new_page()
    page.add_init_script(NO_ROOM)
    page.goto("/ideer/ny")
    page.get_by_label("Hva er idéen din?").focus()
    expect(page.get_by_role("alert").filter(has_text="Mobilen er nesten full.")).to_be_visible()
    fill_idea(page, "Postkasse på kaia")
    phone.set_offline(True)
    press_send(page)
    expect(page.get_by_label("Hva er idéen din?")).to_have_value("Postkasse på kaia")
    expect(page.get_by_role("heading", name=KEPT)).to_have_count(0)

    phone.set_offline(False)
    press_send(page)

    expect(page.get_by_role("heading", level=1)).to_have_text("Takk! Vi har fått idéen din.")


def test_whoever_regrets_what_waits_throws_it_away(open_phone):
    phone = open_phone()
    page = phone.new_page()
    keep_one(phone, page, "Noe jeg ikke mente")
    page.goto("/mine")
    row = page.locator("#waiting li")
    row.get_by_text("Slett", exact=True).click()
    row.get_by_role("button", name="Slett for godt").click()

    expect(page.locator("#waiting")).to_be_hidden()
    assert page.evaluate(WAITING) == 0


def press_send(page: "Page") -> None:
    page.get_by_role("button", name="Send idéen").click()


def keep_one(phone: "BrowserContext", page: "Page", title: str) -> None:
    """Write an idea that waits, since a hotel answers in our place until phone.unroute_all()."""
    page.add_init_script(NO_SYNC)
    page.goto("/ideer/ny")
    fill_idea(page, title)
    phone.route("**/ideer/ny", hotel)
    press_send(page)
    expect(page.get_by_role("heading", name=KEPT)).to_be_visible()


def hotel(route: "Route") -> None:
    if route.request.method != "POST":
        route.continue_()
        return
    route.fulfill(status=200, content_type="text/html", body="<h1>Velkommen til hotellet</h1>")


def lose_answers(page: "Page") -> list[str]:
    """Let everything through to our server, and nothing back; return the list that gets each answer's status."""
    lost: list[str] = []

    def lose(route: "Route") -> None:
        if route.request.method != "POST":
            route.continue_()
            return
        lost.append(str(route.fetch().status))
        route.abort()

    page.route("**/ideer/ny", lose)
    return lost


def arrived_once(page: "Page", title: str) -> None:
    """Open «Mine» until nothing waits; the idea stands there once, and once in the list for everybody."""
    page.goto("/mine")
    page.evaluate("dispatchEvent(new Event('online'))")
    comes_true(page, f"async () => (await ({WAITING})()) === 0")
    page.goto(f"/ideer?sok={title.split(maxsplit=1)[0]}")
    expect(page.get_by_role("link", name=title, exact=True)).to_have_count(1)
