"""Arne of the working group, by keyboard alone: from nothing to a process that everybody can take part in."""

from playwright.sync_api import expect

from tests.journeys.forms import fill_idea, send, sign_in

ARNE = "arne@demo.narvik.example"
TITLE = "Nytt skatehjul i Framneslia"


def test_arne_makes_a_process_with_the_keyboard_and_ola_takes_part(open_phone, open_desk, town):
    arne, ola = open_desk().new_page(), open_phone().new_page()
    sign_in(arne, town, "/arbeidsflate/prosesser", ARNE)

    arne.keyboard.press("Tab")
    _type(arne, "Hva heter prosessen?", TITLE)
    arne.keyboard.press("Enter")
    expect(arne.get_by_role("heading", level=1)).to_have_text(TITLE)
    _type(arne, "Hva handler den om?", "Vi bygger en ny park. Hva vil du ha?")
    expect(arne.locator("#saved-at")).to_contain_text("Utkast lagret")
    expect(arne.locator("#reading-summary")).to_contain_text("Lett å lese")
    _type(arne, "Dette kan du påvirke", "Du kan si hva vi skal bygge.")
    _type(arne, "Hva skjer?", "Send idéen din")
    _date(arne, "Begynner", "2026-01-01T08:00")
    arne.get_by_role("checkbox", name="Idéer").focus()
    arne.keyboard.press("Space")
    _type(arne, "Hvem bestemmer?", "Kommunestyret")
    _press(arne, "Publiser")

    expect(arne.get_by_role("heading", name="Rett opp dette:")).to_be_visible()
    assert arne.evaluate("document.activeElement.id") == "error-summary"
    _date(arne, "Når bestemmer de?", "2027-01-01")
    _press(arne, "Publiser")
    expect(arne.get_by_text("Publisert. Nå kan alle se den.").first).to_be_visible()

    ola.goto("/prosesser")
    ola.get_by_role("link", name=TITLE).click()
    ola.get_by_role("link", name="Skriv en idé").click()
    fill_idea(ola, "En høy rampe", area="Annet")
    send(ola)
    ola.get_by_role("link", name="Se idéen slik andre ser den").click()
    expect(ola.get_by_role("link", name=TITLE)).to_be_visible()


def test_nothing_ends_without_telling_what_was_done(open_phone, open_desk, town):
    arne, ola = open_desk().new_page(), open_phone().new_page()
    sign_in(arne, town, "/arbeidsflate/prosesser", ARNE)
    arne.get_by_role("link", name="Trygg vei til skolen", exact=True).press("Enter")
    arne.get_by_role("link", name="Lag en kopi").or_(arne.get_by_role("button", name="Lag en kopi")).press("Enter")
    for name, value in (("Begynner", "2026-01-01T08:00"), ("Når bestemmer de?", "2027-01-01")):
        _date(arne, name, value)
    arne.locator("#remove-phases-1").press("Enter")
    _press(arne, "Publiser")
    arne.get_by_role("link", name="Avslutt").press("Enter")
    _press(arne, "Avslutt og vis det")

    expect(arne.get_by_role("link", name="Skriv hva som ble gjort.")).to_be_visible()
    _type(arne, "Dette ble gjort", "To nye fartsdumper.")
    _press(arne, "Avslutt og vis det")
    expect(arne.get_by_text("Avsluttet. Nå kan alle se hva som ble gjort.").first).to_be_visible()

    ola.goto("/prosesser/kopi-av-trygg-vei-til-skolen")
    expect(ola.get_by_role("region", name="Dette ble gjort")).to_contain_text("To nye fartsdumper.")
    expect(ola.get_by_role("link", name="Skriv en idé")).to_have_count(0)


def _type(page, label, text):
    field = page.get_by_label(label, exact=True).or_(page.get_by_label(label)).first
    field.focus()
    page.keyboard.press("Control+a")
    page.keyboard.type(text)


def _date(page, label, value):
    """Chromium types a date part by part, in the order of the machine's own language; what counts is that it can be."""
    field = page.get_by_label(label).first
    field.focus()
    field.fill(value)


def _press(page, name):
    page.get_by_role("button", name=name, exact=True).focus()
    page.keyboard.press("Enter")
