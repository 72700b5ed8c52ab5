"""Ola has no mouse: he finds an idea, says what he thinks, follows it, and takes his words back."""

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.journeys.forms import send_idea
from tests.journeys.test_kari_writes import press_on

if TYPE_CHECKING:
    from playwright.sync_api import Page


def test_with_the_keyboard_alone_ola_comments_follows_and_takes_it_back(open_phone):
    send_idea(open_phone().new_page(), "Utlån av akebrett på Fagernesfjellet")
    page = open_phone().new_page()
    find(page, "akebrett")

    press_on(page, "#talk-write", "Enter")
    expect(page.locator("#comment-heading")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")  # For
    page.keyboard.press("Tab")
    page.keyboard.type("Da kan alle barna være med.")
    press_on(page, "#comment-send", "Enter")
    expect(page.locator("#talk-thanks-words")).to_be_focused()
    expect(page.locator("#status")).to_have_text("Kommentaren din står her nå.")
    mine = page.locator("article.comment", has_text="Da kan alle barna være med.")
    expect(mine.get_by_text("Din", exact=True)).to_be_visible()

    press_on(page, "[id^=follow-][id$=-button]", "Enter")
    expect(page.get_by_role("button", name="Du følger")).to_be_focused()
    expect(page.locator("#status")).to_have_text("Du følger idéen.")

    page.goto(page.url)
    press_on(page, ".comment__own summary", "Enter")
    press_on(page, "[id^=withdraw-]", "Enter")
    expect(page.locator("#talk-heading")).to_be_focused()
    expect(page.locator("#status")).to_have_text("Kommentaren er trukket tilbake.")
    expect(mine).to_have_count(0)


def test_without_javascript_ola_asks_and_finds_his_question_again(open_phone):
    idea = send_idea(open_phone().new_page(), "Sparkstøtting ved hver holdeplass")
    page = open_phone(java_script_enabled=False).new_page()
    page.goto(idea)
    page.get_by_role("link", name="Skriv en kommentar").click()
    page.get_by_label("Spørsmål", exact=True).check()
    page.get_by_label("Hva vil du si?").fill("Hvem setter dem tilbake?")

    page.get_by_role("button", name="Send kommentaren").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Takk! Kommentaren din står på siden nå.")
    page.goto("/mine")
    expect(page.get_by_role("link", name="Hvem setter dem tilbake?")).to_be_visible()


def find(page: "Page", word: str) -> None:
    page.goto("/ideer")
    press_on(page, "#sok", "Home")
    page.keyboard.type(word)
    page.keyboard.press("Enter")
    expect(page.locator("#results article")).to_have_count(1)
    press_on(page, "#results article a", "Enter")
    page.wait_for_url("**/ideer/*-*")
