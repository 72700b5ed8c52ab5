"""Leaving a phone: what is not sent is asked about first, what is agreed to goes, and nothing else does."""

import base64
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.journeys.forms import comes_true, fill_idea, sign_in
from tests.journeys.test_kari_opens_the_app import visit_with_worker
from tests.journeys.test_the_outbox import NO_SYNC, WAITING, keep_one

if TYPE_CHECKING:
    from playwright.sync_api import Page

DRAFTS = """() => new Promise((told) => {
  const asked = indexedDB.open("innbyggerlab-drafts", 1);
  asked.onupgradeneeded = () => asked.result.createObjectStore("drafts", { keyPath: "name" });
  asked.onsuccess = () => {
    const count = asked.result.transaction("drafts").objectStore("drafts").count();
    count.onsuccess = () => { asked.result.close(); told(count.result); };
  };
})"""
OUTBOX = """async () => (await indexedDB.databases()).some(({ name }) => name === "innbyggerlab-outbox")"""


def test_per_is_asked_about_what_is_not_sent_and_sends_it_before_he_signs_out(open_phone, town):
    phone = open_phone()
    page = phone.new_page()
    sign_in(page, town, after="/mine/innlogginger")
    keep_one(phone, page, "Vannpost ved Ofotbanen")
    page.goto("/mine")
    page.locator("#sign-out").click()
    expect(page.get_by_role("dialog", name="Noe er ikke sendt")).to_be_visible()
    expect(page.get_by_role("dialog").get_by_text("Vannpost ved Ofotbanen")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert page.evaluate(WAITING) == 1

    page.locator("#sign-out").click()
    page.locator("#leaving-send").click()
    expect(page.get_by_text("Noe står igjen.")).to_be_visible()
    phone.unroute_all()
    page.locator("#leaving-send").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Du er logget ut")
    page.goto("/ideer?sok=Vannpost")
    expect(page.get_by_role("link", name="Vannpost ved Ofotbanen", exact=True)).to_have_count(1)


def test_who_leaves_all_the_same_leaves_an_empty_phone(open_phone, town):
    phone = open_phone()
    page = phone.new_page()
    sign_in(page, town, after="/mine/innlogginger")
    keep_one(phone, page, "Noe som aldri ble sendt")
    page.goto("/ideer/ny")
    fill_idea(page, "Et utkast om snø")
    expect(page.locator("[data-saved]")).to_be_visible()
    page.goto("/mine")
    page.locator("#sign-out").click()
    expect(page.get_by_role("dialog").get_by_text("Utkast: Et utkast om snø")).to_be_visible()

    page.locator("#leaving-go").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Du er logget ut")
    emptied(page)


def test_without_network_nobody_is_signed_out_and_nothing_goes(open_phone, town):
    phone = open_phone()
    page = phone.new_page()
    page.add_init_script(NO_SYNC)
    sign_in(page, town, after="/mine/innlogginger")
    page.evaluate("async () => { await navigator.serviceWorker.ready; }")
    keep_one(phone, page, "Skal ikke bort")
    page.goto("/mine")
    phone.set_offline(True)
    page.locator("#sign-out").click()
    page.locator("#leaving-go").click()

    expect(page.get_by_text("Vi får ikke kontakt. Ingenting er slettet.")).to_be_visible()
    assert page.evaluate(WAITING) == 1


def test_a_link_to_the_page_of_those_who_left_leaves_what_waits(open_phone):
    phone = open_phone()
    page = phone.new_page()
    keep_one(phone, page, "Blir liggende")

    page.goto("/logget-ut")
    page.wait_for_load_state("networkidle")

    assert page.evaluate(WAITING) == 1


def test_a_phone_that_somebody_else_is_to_have_is_emptied(open_phone):
    phone = open_phone()
    page = phone.new_page()
    page.goto("/ideer/ny")
    fill_idea(page, "Karis idé om torget")
    page.get_by_role("button", name="Send idéen").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Takk! Vi har fått idéen din.")
    page.goto("/mine")
    page.get_by_role("link", name="Tøm denne mobilen").click()

    page.get_by_role("button", name="Tøm mobilen").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Mobilen er tømt")
    emptied(page)
    page.goto("/mine")
    expect(page.get_by_text("Du har ikke sendt noe ennå.")).to_be_visible()


def test_a_photo_shared_in_a_tunnel_becomes_an_idea(open_phone, photo):
    phone = open_phone()
    page = phone.new_page()
    page.add_init_script(NO_SYNC)
    visit_with_worker(page, "/")
    comes_true(page, "async () => Boolean(await caches.match('/ideer/ny'))")
    phone.set_offline(True)
    share(page, "Hull i veien", "Ved skolen i Ankenes.", photo)

    expect(page.get_by_label("Hva er idéen din?")).to_have_value("Hull i veien")
    expect(page.get_by_label("Hvorfor er det lurt?")).to_have_value("Ved skolen i Ankenes.")
    expect(page.locator(".pictures__item")).to_have_count(1)
    page.goto("/mine")
    expect(page.get_by_text("Delt hit fra mobilen.")).to_be_visible()
    page.get_by_role("link", name="Endre").click()
    expect(page.locator(".pictures__item")).to_have_count(1)
    page.get_by_text("Annet", exact=True).click()
    page.get_by_role("button", name="Send idéen").click()
    expect(page.get_by_role("heading", name="Lagret på mobilen")).to_be_visible()

    phone.set_offline(False)
    page.goto("/mine")
    comes_true(page, f"async () => (await ({WAITING})()) === 0")
    page.goto("/ideer?sok=Hull")
    expect(page.get_by_role("link", name="Hull i veien", exact=True)).to_have_count(1)
    page.get_by_role("link", name="Hull i veien", exact=True).click()
    expect(page.locator("main img").first).to_be_visible()


def test_without_the_worker_shared_words_stand_in_the_form_and_older_words_are_not_lost(open_phone, photo):
    page = open_phone(service_workers="block").new_page()
    page.goto("/ideer/ny")
    page.get_by_label("Hva er idéen din?").fill("Det jeg skrev i går")
    expect(page.locator("[data-saved]")).to_be_visible()
    share(page, "Hull i veien", "https://narvik.example/hull", photo)

    expect(page.get_by_label("Hva er idéen din?")).to_have_value("Hull i veien")
    expect(page.get_by_text("Velg bildene på nytt.")).to_be_visible()
    page.get_by_label("Hvorfor er det lurt?").fill("Nye ord")
    page.get_by_role("button", name="Hent den").click()

    expect(page.get_by_label("Hva er idéen din?")).to_have_value("Det jeg skrev i går")


def test_hotels_answer_to_a_sign_out_is_not_believed(open_phone, town):
    phone = open_phone()
    page = phone.new_page()
    sign_in(page, town, after="/mine/innlogginger")
    keep_one(phone, page, "Hotellet får den ikke")
    page.goto("/mine")
    phone.route("**/merke?sender=1", welcome)
    page.locator("#sign-out").click()
    page.locator("#leaving-go").click()

    expect(page.get_by_text("Vi får ikke kontakt.")).to_be_visible()
    assert page.evaluate(WAITING) == 1


def welcome(route) -> None:
    route.fulfill(status=200, content_type="text/html", body="<h1>Velkommen til hotellet</h1>")


def share(page: "Page", title: str, text: str, photo) -> None:
    """Share to us as the phone's gallery does: a form that is posted to /del."""
    page.evaluate(
        """async ([title, text, picture]) => {
          const form = document.createElement("form");
          Object.assign(form, { method: "post", action: "/del", enctype: "multipart/form-data" });
          for (const [name, value] of [["title", title], ["text", text]]) {
            form.append(Object.assign(document.createElement("input"), { name, value }));
          }
          const bytes = Uint8Array.from(atob(picture), (one) => one.charCodeAt(0));
          const all = new DataTransfer();
          all.items.add(new File([bytes], "IMG_1.jpg", { type: "image/jpeg" }));
          const input = Object.assign(document.createElement("input"), { type: "file", name: "pictures" });
          input.files = all.files;
          form.append(input);
          document.body.append(form);
          setTimeout(() => form.submit());
        }""",
        [title, text, base64.b64encode(photo.read_bytes()).decode()],
    )
    page.wait_for_url(lambda address: "/del" in address or "utkast=" in address)
    expect(page.get_by_role("heading", level=1)).to_have_text("Ny idé")


def emptied(page: "Page") -> None:
    """Nothing waits, no draft lies there, nothing is noted; seen when the browser has been asked to forget too."""
    comes_true(page, f"async () => !(await ({OUTBOX})())")
    assert page.evaluate(DRAFTS) == 0
    assert page.evaluate("Object.keys(localStorage).concat(Object.keys(sessionStorage))") == []
