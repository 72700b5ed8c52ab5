"""Filling in forms as people do: by the words they read."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.journeys.turns import turn

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from tests.journeys.town import Town


def fill_idea(page: "Page", title: str, why: str = "Da blir det lettere for alle.", area: str = "Annet") -> None:
    """Fill in what an idea needs. area: the focus area's name as it stands on the page."""
    page.get_by_label("Hva er idéen din?").fill(title)
    page.get_by_label("Hvorfor er det lurt?").fill(why)
    page.get_by_text(area, exact=True).click()


def send(page: "Page") -> None:
    """Press «Send idéen», and see the receipt."""
    page.get_by_role("button", name="Send idéen").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Takk! Vi har fått idéen din.")


def send_idea(page: "Page", title: str) -> str:
    """Send a plain idea; return the address of its page, without the host."""
    page.goto("/ideer/ny")
    fill_idea(page, title)
    send(page)
    return page.get_by_role("link", name="Se idéen slik andre ser den").get_attribute("href") or ""


def send_something_private(page: "Page", title: str) -> str:
    """Send an idea with a phone number that its writer keeps, so that it waits; return the address of its page."""
    page.goto("/ideer/ny")
    fill_idea(page, title, "Ring meg på 412 34 567, så forklarer jeg.")
    page.get_by_role("button", name="Behold").click()
    send(page)
    return page.get_by_role("link", name="Se idéen slik andre ser den").get_attribute("href") or ""


def at_desk(idea: str) -> str:
    """Return where staff open the idea whose public page this is."""
    return idea.replace("/ideer/", "/arbeidsflate/innspill/")


def sign_in(page: "Page", town: "Town", after: str = "/arbeidsflate", who: str = "") -> None:
    """Sign Per in, or the one with the address `who`, by the code that comes by mail, and open the page `after`.

    One at a time, for one post box.
    """
    post = page.context.new_page()
    who = who or town.staff
    with turn(town.logs / "sign-in", alone=True):
        letters = codes_in(post, town, who).count()
        page.goto(after)
        page.get_by_label("E-post").fill(who)
        page.get_by_role("button", name="Send kode").click()
        page.get_by_label("Koden").fill(next_code(post, town, who, letters))
        page.get_by_role("button", name="Logg inn").click()
        expect(page).to_have_url(f"{town.site}{after}")


def codes_in(post: "Page", town: "Town", who: str) -> "Locator":
    """Open the page on which mails end; return the letters with a code for `who`, newest first."""
    post.goto(town.post)
    return post.get_by_role("article").filter(has_text=who).filter(has_text="Koden din")


def next_code(post: "Page", town: "Town", who: str, letters: int) -> str:
    """Return the code in the letter after the first `letters`, when it has come; close the page."""
    eventually(lambda: codes_in(post, town, who).count() > letters)
    found = re.search(r"\b\d{6,8}\b", codes_in(post, town, who).first.inner_text())
    assert found
    post.close()
    return found[0]


def eventually(true: Callable[[], bool], tries: int = 200) -> None:
    """Ask again, each time over the network, until it is so."""
    for _ in range(tries):
        if true():
            return
    raise AssertionError("it did not happen in time")


def comes_true(page: "Page", script: str) -> None:
    """Ask the page until the async function `script` says yes; wait_for_function takes its promise for a yes."""
    page.evaluate(
        f"""async () => {{
          const until = Date.now() + 15_000;
          while (!(await ({script})())) {{
            if (Date.now() > until) throw new Error("it did not come true in time");
            await new Promise((done) => setTimeout(done, 50));
          }}
        }}"""
    )
