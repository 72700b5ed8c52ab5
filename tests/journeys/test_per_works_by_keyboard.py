"""Per, the case worker, without a mouse: from the inbox to an answer that everybody can read."""

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.journeys.forms import send_idea, sign_in

if TYPE_CHECKING:
    from playwright.sync_api import Page

TITLE = "Gatelys i bakken ved Oscarsborg"
MOST_TABS = 80


def test_per_takes_places_notes_and_answers_by_keys_alone(open_phone, open_desk, town):
    kari, per = open_phone().new_page(), open_desk().new_page()
    idea = send_idea(kari, TITLE)
    sign_in(per, town, "/arbeidsflate/maler")
    write_template(per)

    per.goto("/arbeidsflate")
    walk_to(per, "j", "Oscarsborg")
    per.keyboard.press("o")
    expect(per.get_by_role("heading", level=2, name=TITLE)).to_be_focused()
    per.keyboard.press("t")
    expect(per.get_by_text("Per tok den.").first).to_be_visible()

    per.keyboard.press("s")
    expect(per.get_by_label("Steg", exact=True).last).to_be_focused()
    per.keyboard.press("ArrowDown")
    tab_to(per, "#step-go")
    per.keyboard.press("Enter")
    expect(per.get_by_text("satte steget til «Vurderes»").first).to_be_visible()

    tab_to(per, "#note-text")
    per.keyboard.type("Drift ser på det i mai.")
    tab_to(per, "#note-go")
    per.keyboard.press("Enter")
    expect(per.get_by_text("Drift ser på det i mai.")).to_be_visible()

    tab_to(per, "#template-go")
    per.keyboard.press("Enter")
    expect(per.get_by_label("Svaret")).to_have_value("Takk for idéen. Vi setter opp lys.")
    tab_to(per, "#answer-step-0")
    per.keyboard.press("ArrowDown")
    per.keyboard.press("ArrowDown")
    tab_to(per, "#answer-send")
    per.keyboard.press("Enter")

    expect(per.get_by_role("heading", name="Svar fra kommunen")).to_be_visible()
    kari.goto(idea)
    expect(kari.get_by_role("region", name="Svar fra kommunen")).to_contain_text("Vi setter opp lys.")
    expect(kari.get_by_text("Drift ser på det i mai.")).to_have_count(0)


def test_keys_are_letters_while_per_writes_and_can_be_turned_off(open_phone, open_desk, town):
    send_idea(open_phone().new_page(), "Flere benker i Rallarparken")
    per = open_desk().new_page()
    sign_in(per, town)

    per.locator("#search").press_sequentially("ojt?")
    expect(per.locator("#search")).to_have_value("ojt?")

    per.locator("h1").click()
    per.keyboard.press("?")
    expect(per.locator("#keys-summary")).to_be_focused()
    per.get_by_role("button", name="Slå av tastene").press("Enter")
    per.reload()
    per.keyboard.press("j")
    assert per.evaluate("document.activeElement === document.body")


def write_template(page: "Page") -> None:
    page.get_by_label("Navn").fill("Aa lys")
    page.get_by_label("Tekst").fill("Takk for idéen. Vi setter opp lys.")
    page.get_by_role("button", name="Lagre malen").click()
    expect(page.get_by_role("heading", name="Aa lys")).to_be_visible()


def walk_to(page: "Page", key: str, words: str) -> None:
    """Press `key` until what has focus says `words`."""
    for _ in range(MOST_TABS):
        page.keyboard.press(key)
        if words in page.evaluate("document.activeElement.textContent"):
            return
    raise AssertionError(f"{key} never came to {words}")


def tab_to(page: "Page", wanted: str) -> None:
    """Press Tab until the focus is on `wanted`."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if page.evaluate("wanted => document.activeElement.matches(wanted)", wanted):
            return
    raise AssertionError(f"Tab never came to {wanted}")
