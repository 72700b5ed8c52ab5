"""Mona, the moderator, clears her queue without touching the mouse; the writers see what came of it."""

import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.journeys.forms import send_something_private, sign_in

if TYPE_CHECKING:
    from playwright.sync_api import Page

QUEUE = "/arbeidsflate/moderering"
MONA = "mona@demo.narvik.example"


def test_mona_shows_undoes_and_refuses_by_keys_alone(open_phone, open_desk, town):
    kari, ola, mona = open_phone().new_page(), open_phone().new_page(), open_desk().new_page()
    ramp = send_something_private(kari, "En rampe i skateparken")
    bench = send_something_private(kari, "En benk ved kirka")
    sign_in(mona, town, QUEUE, who=MONA)

    go_to(mona, "En rampe i skateparken")
    mona.keyboard.press("v")
    expect(mona.get_by_role("status")).to_have_text(re.compile("Vist\\. .*"))
    expect(mona.locator("[data-item]", has_text="En rampe i skateparken")).to_have_count(0)
    assert focused(mona) != "BODY"
    mona.keyboard.press("z")
    expect(mona.get_by_role("status")).to_have_text("Angret.")
    expect(mona.locator("[data-item]:focus")).to_contain_text("En rampe i skateparken")
    mona.keyboard.press("v")
    expect(mona.locator("[data-item]", has_text="En rampe i skateparken")).to_have_count(0)
    go_to(mona, "En benk ved kirka")
    mona.keyboard.press("i")
    mona.keyboard.press("1")
    expect(mona.get_by_role("status")).to_have_text(re.compile("Vises ikke\\. .*"))

    ola.goto(ramp)
    expect(ola.get_by_role("heading", level=1)).to_have_text("En rampe i skateparken")
    ola.goto(bench)
    expect(ola.get_by_text("Denne vises ikke, fordi den har private opplysninger.")).to_be_visible()


def test_mona_writes_why_in_her_own_words_and_the_keys_let_her_write(open_phone, open_desk, town):
    kari, ola, mona = open_phone().new_page(), open_phone().new_page(), open_desk().new_page()
    slide = send_something_private(kari, "Ei sklie i parken")
    sign_in(mona, town, QUEUE, who=MONA)

    go_to(mona, "Ei sklie i parken")
    mona.keyboard.press("i")
    mona.keyboard.press("6")
    expect(mona.get_by_label("Egne ord").and_(mona.locator(":focus"))).to_be_visible()
    mona.keyboard.type("Vi viser ikke jzvk 16.")
    for _ in range(6):
        mona.keyboard.press("Tab")
    mona.keyboard.press("Enter")

    expect(mona.get_by_role("status")).to_have_text(re.compile("Vises ikke\\. .*"))
    ola.goto(slide)
    expect(ola.get_by_text("Vi viser ikke jzvk 16.")).to_be_visible()


def test_mona_turns_the_keys_off(open_phone, open_desk, town):
    kari, mona = open_phone().new_page(), open_desk().new_page()
    send_something_private(kari, "Et tre ved skolen")
    sign_in(mona, town, QUEUE, who=MONA)

    mona.get_by_role("button", name="Taster på").press("Enter")
    mona.keyboard.press("v")
    mona.reload()

    expect(mona.get_by_role("button", name="Taster på")).to_have_attribute("aria-pressed", "false")
    expect(mona.locator("[data-item]", has_text="Et tre ved skolen")).to_be_visible()


def go_to(page: "Page", title: str) -> None:
    """Press j until the thing with this title has the focus; it may have it already."""
    expect(page.locator("[data-item]", has_text=title)).to_be_visible()
    for _ in range(25):
        if page.locator("[data-item]:focus", has_text=title).count():
            return
        page.keyboard.press("j")
    raise AssertionError(f"j never came to {title}")


def focused(page: "Page") -> str:
    return str(page.evaluate("document.activeElement.tagName"))
