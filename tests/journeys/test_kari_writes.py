"""Writing on a phone where things go wrong: reload, second tap, the back button, no network, no script, no pointer."""

import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.journeys.forms import comes_true, fill_idea, send, send_idea

if TYPE_CHECKING:
    from playwright.sync_api import Page

NOTHING_KEPT = """() => new Promise((told) => {
  const asked = indexedDB.open("innbyggerlab-drafts", 1);
  asked.onsuccess = () => {
    const count = asked.result.transaction("drafts").objectStore("drafts").count();
    count.onsuccess = () => { asked.result.close(); told(count.result === 0); };
  };
})"""

# A phone that is slow to open its store; `stored` counts how often it has, and what came of it has run.
SLOW_STORE = """
globalThis.stored = 0;
const open = IDBFactory.prototype.open;
IDBFactory.prototype.open = function (...asked) {
  const request = open.apply(this, asked);
  Object.defineProperty(request, "onsuccess", {
    set: (act) => request.addEventListener("success", () => setTimeout(() => {
      act();
      setTimeout(() => globalThis.stored++, 500);
    }, 1500)),
  });
  return request;
};
"""


def test_a_draft_comes_back_after_a_reload_and_is_gone_when_it_is_sent(open_phone):
    page = open_phone().new_page()
    page.goto("/ideer/ny")
    fill_idea(page, "Bålplass ved Forsneset")
    expect(page.get_by_text("Utkast lagret")).to_be_visible()

    page.reload()
    expect(page.get_by_text("Vi fant det du skrev sist.")).to_be_visible()
    expect(page.get_by_label("Hva er idéen din?")).to_have_value("Bålplass ved Forsneset")
    expect(page.get_by_role("radio", name="Annet")).to_be_checked()
    send(page)
    page.goto("/ideer/ny")

    expect(page.get_by_label("Hva er idéen din?")).to_have_value("")
    expect(page.get_by_text("Vi fant det du skrev sist.")).to_have_count(0)


def test_a_draft_that_the_phone_finds_late_never_covers_what_kari_types(open_phone):
    phone = open_phone()
    page = phone.new_page()
    page.goto("/ideer/ny")
    fill_idea(page, "Det jeg skrev i går")
    expect(page.get_by_text("Utkast lagret")).to_be_visible()
    late = phone.new_page()
    late.add_init_script(SLOW_STORE)
    late.goto("/ideer/ny")

    late.get_by_label("Hva er idéen din?").fill("Det jeg skriver nå")
    late.wait_for_function("() => globalThis.stored > 0")

    expect(late.get_by_label("Hva er idéen din?")).to_have_value("Det jeg skriver nå")


def test_somebody_has_had_the_idea_before_and_kari_supports_it_with_one_tap(open_phone):
    send_idea(open_phone().new_page(), "Sklie fra parkeringen ned til badeplassen")
    page = open_phone().new_page()
    page.goto("/ideer/ny")

    page.get_by_label("Hva er idéen din?").press_sequentially("Sklier ned til badeplasen")
    alike = page.locator(".similar__idea", has_text="Sklie fra parkeringen")
    alike.get_by_role("button", name="Støtt den: Sklie fra parkeringen").click()

    expect(alike.get_by_text("Du støtter. 1 støtter.")).to_be_focused()
    expect(page.locator("#status")).to_have_text("Du støtter. 1 støtter.")
    expect(page.get_by_label("Hva er idéen din?")).to_have_value("Sklier ned til badeplasen")
    page.get_by_label("Hva er idéen din?").fill("Svømmehall på Fagernesfjellet")
    expect(alike).to_have_count(0)


def test_without_network_nobody_is_told_that_there_was_nothing_to_compare_with(open_phone):
    phone = open_phone()
    page = phone.new_page()
    page.goto("/ideer/ny")
    phone.set_offline(True)
    expect(page.locator("#notice-offline")).to_be_visible()

    with page.expect_event("requestfailed"):
        page.get_by_label("Hva er idéen din?").press_sequentially("Flere benker")

    expect(page.locator("#notice-failure")).to_have_count(0)


def test_going_back_from_the_receipt_gives_a_new_form(open_phone):
    page = open_phone().new_page()
    page.goto("/ideer/ny")
    fill_idea(page, "Skøytebane på torget")
    sent = submission(page)
    send(page)
    comes_true(page, NOTHING_KEPT)  # nobody reads a receipt in the blink in which the phone lets go of the text

    page.go_back()

    expect(page.get_by_label("Hva er idéen din?")).to_be_visible()
    expect(page.locator("[name=submission_id]")).not_to_have_value(sent)


def test_two_quick_taps_make_one_idea(open_phone):
    page = open_phone().new_page()
    page.goto("/ideer/ny")
    fill_idea(page, "Trampoline bak biblioteket")
    page.get_by_role("button", name="Send idéen").dblclick()
    expect(page.get_by_role("heading", level=1)).to_have_text("Takk! Vi har fått idéen din.")

    page.goto("/ideer?sok=trampoline")

    expect(page.locator("#results").get_by_text("1 idé", exact=True)).to_be_visible()


def test_what_is_written_without_network_is_kept_and_sent_later(open_phone):
    phone = open_phone()
    page = phone.new_page()
    page.goto("/ideer/ny")
    phone.set_offline(True)
    expect(page.locator("#notice-offline")).to_contain_text("Du er uten nett.")
    fill_idea(page, "Lys i akebakken")
    expect(page.get_by_text("Utkast lagret")).to_be_visible()

    phone.set_offline(False)
    expect(page.locator("#notice-offline")).to_have_count(0)
    send(page)


def test_what_looks_private_is_pointed_out_before_it_is_sent(open_phone):
    page = open_phone().new_page()
    page.goto("/ideer/ny")
    fill_idea(page, "Ring meg om lekeplassen", "Jeg heter Kari. Ring 412 34 567.")

    expect(page.get_by_text("Det ser ut som et telefonnummer. Vil du ta det bort?")).to_be_visible()
    expect(page.get_by_role("radio", name="Annet")).to_be_checked()  # the question did not push the tap away
    page.get_by_role("button", name="Ta det bort").click()
    expect(page.get_by_label("Hvorfor er det lurt?")).to_have_value(re.compile(r"^Jeg heter Kari\. Ring ?\.$"))
    send(page)


def test_kari_regrets_within_ten_seconds(open_phone):
    page = open_phone().new_page()
    idea = send_idea(page, "Noe jeg skrev i sinne")

    page.get_by_role("button", name="Angre").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Angret. Idéen er ikke sendt.")
    page.goto(idea)
    expect(page.get_by_role("heading", level=1)).to_have_text("Noe jeg skrev i sinne")
    expect(page.get_by_text("Du har trukket idéen tilbake. Andre ser den ikke.")).to_be_visible()


def test_without_javascript_kari_sends_supports_finds_and_changes_language(open_phone):
    page = open_phone(java_script_enabled=False).new_page()
    idea = send_idea(page, "Kolonialvarer med båt til Kjøpsvik")

    page.goto(idea)
    page.get_by_role("button", name="Støtt").click()
    expect(page.get_by_role("button", name="Du støtter")).to_be_visible()
    page.goto("/ideer")
    page.get_by_label("Søk").fill("båter")
    page.get_by_role("button", name="Søk").click()
    expect(page.get_by_role("link", name="Kolonialvarer med båt til Kjøpsvik")).to_be_visible()
    page.get_by_role("link", name="Nynorsk").click()
    page.get_by_role("radio", name="Nynorsk").check()
    page.locator("#look-save").click()

    expect(page.locator("html")).to_have_attribute("lang", "nn")


def test_with_the_keyboard_alone_kari_mends_and_sends(open_phone):
    page = open_phone().new_page()
    page.goto("/ideer/ny")
    press_on(page, "#submit", "Enter")

    expect(page.locator("#error-summary")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Hva er idéen din?")).to_be_focused()
    page.keyboard.type("Benk ved bussen på Ankenes")
    page.keyboard.press("Tab")
    page.keyboard.type("Da kan de som er slitne, sitte.")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    press_on(page, "#submit", "Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Takk! Vi har fått idéen din.")
    press_on(page, "a[href^='/ideer/']", "Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Benk ved bussen på Ankenes")
    press_on(page, ".support__button", "Enter")
    expect(page.get_by_role("button", name="Du støtter")).to_be_focused()
    expect(page.locator("#status")).to_have_text("Du støtter. 1 støtter.")


def test_on_a_desk_the_same_way_works_from_the_top_row(open_desk):
    page = open_desk().new_page()
    page.goto("/")
    page.get_by_role("navigation", name="Hovedmeny").get_by_role("link", name="Bidra").click()
    page.get_by_role("link", name="Ny idé").click()
    fill_idea(page, "Ladestasjon ved Stetind")
    send(page)

    page.get_by_role("link", name="Se idéen slik andre ser den").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Ladestasjon ved Stetind")


def press_on(page: "Page", selector: str, key: str) -> None:
    """Tab to the first element that fits, and press `key` there."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("wanted => document.activeElement.matches(wanted)", selector):
            page.keyboard.press(key)
            return
    raise AssertionError(f"the keyboard does not reach {selector}")


def submission(page: "Page") -> str:
    return page.locator("[name=submission_id]").input_value()
