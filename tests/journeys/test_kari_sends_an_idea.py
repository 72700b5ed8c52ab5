"""An idea's whole way: phone, case system, answer, push. Nothing is played but one call of the browser's own."""

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.sync_api import expect

from tests.journeys.forms import comes_true, fill_idea
from tests.support.push_service import until

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, CDPSession, Page

TITLE = "Hold lysløypa på Ankenes tent til klokka 23"
WITH_CASE_NUMBER_MS = 30_000  # 10 s of «Angre» and a case system that answers; the bench measures the time itself
STATUS_BACK_MS = 15_000
TELLINGS = 3  # the same message shows the same notice, however often it comes
# A browser's own push service cannot be reached from here, so this one call is answered for it. All else is real.
SUBSCRIBE = """
  PushManager.prototype.subscribe = async function () {
    const given = %s;
    return {
      endpoint: given.endpoint,
      unsubscribe: async () => true,
      toJSON: () => ({ endpoint: given.endpoint, keys: { p256dh: given.p256dh, auth: given.auth } }),
    };
  };
"""


def test_kari_sends_an_idea_and_is_told_when_it_is_decided(open_phone, town, push_service, photo):
    kari = open_phone(permissions=["notifications"])
    subscription = subscribed(kari, push_service)
    page = kari.new_page()

    receipt = send_idea(page, photo)
    idea = switch_notices_on(page)
    expect(page.get_by_text(re.compile(r"Saksnummer \d{4}/\d+"))).to_be_visible(timeout=WITH_CASE_NUMBER_MS)
    expect(page.locator(".gallery img")).to_be_visible()
    press_answered(kari.new_page(), town.archive)
    current = page.locator("[aria-current=step]")
    expect(current).to_contain_text("Bestemt", timeout=STATUS_BACK_MS)

    until(lambda: len(push_service.messages(subscription["clientHash"])) == 1, seconds=15)
    message = push_service.messages(subscription["clientHash"])[0]
    shown = delivered(page, town.site, message)
    assert shown == [{"body": json.loads(message)["notification"]["body"], "url": f"{town.site}/{idea}"}]
    assert "lysløypa" not in message.lower(), "a push message is read on locked screens: it names nothing"
    until(lambda: receipt in letter_to("kari@test.example", kari.new_page(), town.post), seconds=15)


def send_idea(page: "Page", photo: Path) -> str:
    """Write and send the idea on the phone; return the path of the receipt."""
    page.goto("/ideer")
    page.get_by_role("link", name="Ny idé").first.click()
    fill_idea(page, TITLE, "Mange trener etter jobb. Lyset går av klokka 21.", "Energi")
    page.locator("#pictures").set_input_files(photo)
    expect(page.get_by_role("img", name="Bilde 1")).to_be_visible()
    page.get_by_label("Hvor?").fill("Lysløypa på Ankenes")
    page.get_by_label("Vil du ha svar på e-post?").fill("kari@test.example")
    page.get_by_role("button", name="Send idéen").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Takk! Vi har fått idéen din.")
    return page.url.split("://", 1)[1].partition("/")[2]


def switch_notices_on(page: "Page") -> str:
    """One tap on the receipt, and on to the idea as others see it; return its path."""
    page.get_by_role("button", name="Slå på varsler").click()
    expect(page.get_by_text("Varsler er på. Vi sier fra når det skjer noe.")).to_be_visible()
    page.get_by_role("link", name="Se idéen slik andre ser den").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(TITLE)
    return page.url.split("://", 1)[1].partition("/")[2]


def subscribed(phone: "BrowserContext", push_service: Any) -> dict[str, str]:
    """Let the witness be this phone's push service; return endpoint, keys and clientHash."""
    key = phone.request.get("/varsler/nokkel").json()["key"]
    subscription: dict[str, str] = push_service.subscribe(key)
    phone.add_init_script(SUBSCRIBE % json.dumps(subscription))
    return subscription


def press_answered(page: "Page", archive: str) -> None:
    """Do what a case worker does on the archive's own page."""
    page.goto(archive)
    letter = page.get_by_role("article", name=f"Innspill: {TITLE}")
    letter.get_by_role("button", name="Besvart").click()
    # A page that is closed while it loads may never be closed: Chromium once kept a whole run waiting
    expect(page.get_by_text("Besvart. Svarbrevet ligger i samme sak.")).to_be_visible()


def delivered(page: "Page", site: str, message: str) -> list[dict[str, str]]:
    """Hand the decrypted message to the service worker, as the browser would; return the notices it shows."""
    # Told before its worker is up, Chromium never answers
    comes_true(page, "async () => (await navigator.serviceWorker.ready).active.state === 'activated'")
    devtools = page.context.new_cdp_session(page)
    told = {"origin": site, "registrationId": registration(devtools, page), "data": message}
    # A question after what is shown, asked while Chromium puts a notice up, may never be answered: it is given a second
    found = """async () => {
      const later = (ms) => new Promise((done) => setTimeout(done, ms, []));
      const worker = await navigator.serviceWorker.ready;
      for (let tries = 0; tries < 10; tries += 1) {
        const notices = await Promise.race([worker.getNotifications(), later(1000)]);
        if (notices.length) return notices.map(({ body, data }) => ({ body, url: data.url }));
        await later(100);
      }
      return [];
    }"""
    notices: list[dict[str, str]] = []
    for _ in range(TELLINGS):
        devtools.send("ServiceWorker.deliverPushMessage", told)
        page.wait_for_timeout(600)  # without it the notice was lost for good in 2 of 112, with it in none of 267
        notices = page.evaluate(found)
        if notices:
            break
    return notices


def registration(devtools: "CDPSession", page: "Page") -> str:
    """Return the id of the site's worker, as the browser names it."""
    seen: list[str] = []
    devtools.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda told: seen.extend(one["registrationId"] for one in told["registrations"]),
    )
    devtools.send("ServiceWorker.enable")
    for _ in range(100):
        if seen:
            return seen[0]
        page.wait_for_timeout(50)  # the browser tells in its own time
    raise AssertionError("the site has no service worker")


def letter_to(recipient: str, page: "Page", post: str) -> str:
    """Return the words of the newest mail to somebody, as the page for people shows it."""
    page.goto(post)
    mail = page.locator("article, li, section").filter(has_text=recipient).last
    text = mail.inner_text()
    page.close()
    return text
