"""Fatima makes a passkey, and from then on signs in with code and passkey: by keyboard, in a real browser.

At localhost: a passkey belongs to a name, and 127.0.0.1 is none. Not Per: other journeys sign him in with his code.
"""

import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.journeys.forms import codes_in, next_code
from tests.journeys.screens import layout_faults, violations
from tests.journeys.test_per_works_by_keyboard import tab_to
from tests.journeys.turns import turn
from tests.support.browser import DESK, PHONE

if TYPE_CHECKING:
    from playwright.sync_api import CDPSession, Page

    from tests.journeys.town import Town

FATIMA = "fatima@demo.narvik.example"
KIND = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def test_fatima_makes_a_passkey_and_signs_in_with_it_by_keys_alone(open_desk, town):
    site = town.site.replace("127.0.0.1", "localhost")
    page = open_desk().new_page()
    reader = FingerprintReader(page)
    give_code(page, town, f"{site}/mine/innlogginger")
    expect(page).to_have_url(f"{site}/mine/innlogginger")

    tab_to(page, "#name")
    page.keyboard.press("Control+a")
    page.keyboard.type("Maskinen på jobb")
    tab_to(page, "#passkey-go")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=3, name="Maskinen på jobb")).to_be_visible()
    assert faults(page) == []
    page.goto(f"{site}/mine")
    tab_to(page, "#sign-out")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Du er logget ut")

    give_code(page, town, f"{site}/arbeidsflate")
    expect(page.get_by_role("heading", level=1)).to_have_text("Bruk passnøkkelen")
    assert faults(page) == []
    page.goto(f"{site}/arbeidsflate")
    expect(page.get_by_role("heading", level=1)).to_have_text("Logg inn")

    page.goto(f"{site}/logg-inn/passnokkel")
    reader.takes(finger=False)
    tab_to(page, "#passkey-go")
    page.keyboard.press("Enter")
    expect(page.locator("[data-passkey-state=stopped]")).to_be_visible()
    expect(page.locator("#passkey-go")).to_be_focused()
    reader.takes(finger=True)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(rf"^{site}/arbeidsflate"))

    page.goto(f"{site}/mine/innlogginger")
    tab_to(page, "#passkeys li button")
    page.keyboard.press("Enter")
    expect(page.locator("#passkeys li")).to_have_count(0)


def test_without_javascript_the_page_says_what_to_do(open_phone, town):
    site = town.site.replace("127.0.0.1", "localhost")
    page = open_phone(java_script_enabled=False).new_page()
    give_code(page, town, f"{site}/mine/innlogginger", by_keys=False)

    expect(page.get_by_text("Passnøkler trenger JavaScript.")).to_be_visible()
    expect(page.locator("#passkey-go")).to_be_hidden()


class FingerprintReader:
    """What the machine has that `page` is open on."""

    def __init__(self, page: "Page") -> None:
        self._line: CDPSession = page.context.new_cdp_session(page)
        self._line.send("WebAuthn.enable")
        self._id = self._line.send("WebAuthn.addVirtualAuthenticator", {"options": KIND})["authenticatorId"]

    def takes(self, *, finger: bool) -> None:
        self._line.send("WebAuthn.setUserVerified", {"authenticatorId": self._id, "isUserVerified": finger})


def give_code(page: "Page", town: "Town", after: str, *, by_keys: bool = True) -> None:
    """Open `after`, ask for a code and type it. One at a time, for one post box."""
    post = page.context.browser.new_page() if page.context.browser else page.context.new_page()
    with turn(town.logs / "sign-in", alone=True):
        letters = codes_in(post, town, FATIMA).count()
        page.goto(after)
        type_into(page, "#email", FATIMA, by_keys=by_keys)
        page.locator("#code").wait_for()
        type_into(page, "#code", next_code(post, town, FATIMA, letters), by_keys=by_keys)
        page.locator("#code").wait_for(state="detached")


def type_into(page: "Page", field: str, text: str, *, by_keys: bool) -> None:
    if by_keys:
        tab_to(page, field)
    else:
        page.locator(field).focus()
    page.keyboard.type(text)
    page.keyboard.press("Enter")


def faults(page: "Page") -> list[str]:
    """Return what axe and the layout say, on a phone and at a desk, in light and dark."""
    found = []
    for size in (PHONE, DESK):
        for scheme in ("light", "dark"):
            page.set_viewport_size(size)
            page.emulate_media(color_scheme=scheme)
            found += layout_faults(page) + violations(page)
    return found
