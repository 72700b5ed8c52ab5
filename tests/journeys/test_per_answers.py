"""Per, the case worker, from the code in his mail to an answer that everybody can read."""

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.journeys.forms import at_desk, comes_true, send_idea, sign_in

if TYPE_CHECKING:
    from playwright.sync_api import Request


def test_per_signs_in_by_code_and_answers(open_phone, open_desk, town):
    kari, per = open_phone().new_page(), open_desk().new_page()
    idea = send_idea(kari, "Flere sykkelstativ ved svømmehallen")

    sign_in(per, town)
    per.get_by_role("link", name="Flere sykkelstativ ved svømmehallen").click()
    per.get_by_label("Svaret").fill("Ja. Vi setter opp ti stativ til våren.")
    per.get_by_text("Bestemt", exact=True).last.click()
    per.get_by_role("button", name="Send svaret").click()

    expect(per.get_by_role("heading", name="Svar fra kommunen")).to_be_visible()
    kari.goto(idea)
    expect(kari.locator("[aria-current=step]")).to_contain_text("Bestemt")
    expect(kari.get_by_role("region", name="Svar fra kommunen")).to_contain_text("Ja. Vi setter opp ti stativ")


def test_per_hides_an_idea_and_everybody_reads_why(open_phone, open_desk, town):
    kari, ola, per = open_phone().new_page(), open_phone().new_page(), open_desk().new_page()
    idea = send_idea(kari, "Naboen min bråker")

    sign_in(per, town, at_desk(idea))
    per.locator("#hide-fold summary").click()
    per.get_by_label("Hvorfor skjuler du den?").fill("Den handler om en nabo.")
    per.get_by_role("button", name="Skjul den").click()

    expect(per.get_by_role("button", name="Vis den igjen")).to_be_visible()
    ola.goto(idea)
    expect(ola.get_by_role("heading", level=1)).to_have_text("Denne er skjult")
    expect(ola.get_by_text("Grunn: Den handler om en nabo.")).to_be_visible()
    expect(ola.get_by_text("Naboen min bråker")).to_have_count(0)


def test_per_signs_out_and_the_next_one_at_the_desk_is_asked_who_they_are(open_desk, town):
    per = open_desk().new_page()
    sign_in(per, town)
    comes_true(per, "async () => Boolean(await navigator.serviceWorker.ready)")
    per.goto("/mine")

    with per.expect_event("requestfinished", is_told_to_forget):
        per.get_by_role("button", name="Logg ut", exact=True).click()

    expect(per.get_by_role("heading", level=1)).to_have_text("Du er logget ut")
    comes_true(per, "async () => (await navigator.serviceWorker.getRegistrations()).length === 0")
    per.goto("/arbeidsflate")
    expect(per.get_by_label("E-post")).to_be_visible()


def is_told_to_forget(request: "Request") -> bool:
    """Until this one has ended, Chromium may be throwing the worker away, and a page that is asked for with it."""
    return request.url.endswith("/logget-ut") and not request.is_navigation_request()
