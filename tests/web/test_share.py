"""«Del»: the address is there without script, and only of what everybody sees."""

import io

import pytest
from PIL import Image
from playwright.sync_api import expect

from app.core.actor import Role
from app.ideas import service
from tests.support.accounts import staff
from tests.support.ideas import make_idea
from tests.support.processes import begin, publish


def test_without_script_the_address_of_an_idea_can_be_marked_and_copied(visit, settings, idea):
    (link,) = visit.get(f"/ideer/{idea.id}").tree.xpath("//*[@id='share-link']")

    assert link.get("href") == f"{settings.public_url}/ideer/{idea.id}"
    assert link.text_content() == f"localhost/ideer/{idea.id}"


def test_what_others_do_not_see_is_not_offered_to_be_shared(visit_as, session, idea, per, now):
    service.hide_idea(session, idea, reason="Grovt", actor=per, now=now)
    session.commit()

    assert not visit_as("kari").get(f"/ideer/{idea.id}").tree.xpath("//*[@data-island='share']")


def test_whoever_shares_a_process_shows_its_title_and_picture(session, visit, settings, arne):
    process = publish(session, arne)

    page = visit.get(f"/prosesser/{process.slug}")

    address = f"{settings.public_url}/prosesser/{process.slug}"
    said = {meta.get("property"): meta.get("content") for meta in page.tree.xpath("//meta[@property]")}
    assert said["og:title"] == "Ny lekeplass på Ankenes"
    assert said["og:image"] == f"{address}/delekort.png"
    assert page.tree.xpath("//*[@id='share-link']/@href") == [address]
    card = visit.get(f"/prosesser/{process.slug}/delekort.png").response
    assert Image.open(io.BytesIO(card.data)).size == (1200, 630)
    assert card.headers["Cache-Control"] == "public, max-age=3600"
    assert {"Cookie", "Accept-Language"} <= set(card.headers["Vary"].split(", "))


def test_the_page_of_a_process_can_still_be_kept_on_a_phone(session, visit, arne):
    assert visit.get(f"/prosesser/{publish(session, arne).slug}").response.headers["X-Offline"] == "1"


def test_a_draft_has_no_picture_to_share(session, visit, arne):
    draft = begin(session, arne)

    visit.get(f"/prosesser/{draft.slug}/delekort.png", expect=404)


def test_on_a_computer_del_copies_the_link_and_says_so(browser, live_site, settings, session, idea):
    session.commit()
    with browser.new_context(locale="nb-NO", permissions=["clipboard-read", "clipboard-write"]) as context:
        page = context.new_page()
        page.goto(f"{live_site.url}/ideer/{idea.id}")
        expect(page.locator("#share-link")).to_be_hidden()

        page.locator("#share").click()

        expect(page.locator("#status")).to_have_text("Lenka er kopiert.")
        assert page.evaluate("navigator.clipboard.readText()") == f"{settings.public_url}/ideer/{idea.id}"


@pytest.fixture
def idea(session, settings, kari, now):
    return make_idea(session, settings, actor=kari, now=now)


@pytest.fixture
def arne(session, now):
    return staff(session, "arne", Role.WORKING_GROUP, now)
