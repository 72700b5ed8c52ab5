"""What people see of an idea that waits, on the pages they know."""

from tests.support.desk import revision_of
from tests.support.ideas import idea_form
from tests.support.moderation import the_waiting, waiting

PHONE = "Ring meg på 91 23 45 67."


def test_ola_reads_that_it_waits_and_kari_reads_it_all(visit_as, session, looked_at_first):
    kari = visit_as("kari")
    kari.post("/ideer/ny", idea_form())
    address = f"/ideer/{waiting(session)[0].input_id}"

    page = visit_as("ola").get(address)
    assert "Denne venter på at en i kommunen ser på den." in page.words
    assert "Lys i lysløypa" not in page.text
    assert "Andre ser ikke idéen nå." in kari.get(address).words
    assert "Lys i lysløypa" in kari.get(address).words


def test_what_kari_chose_to_keep_is_kept_and_a_person_looks_first(visit_as, session):
    kari = visit_as("kari")

    receipt = kari.post("/ideer/ny", idea_form(body=PHONE, kept="ja")).location

    assert the_waiting(session, waiting(session)[0].input_id).why == "filter"
    assert "Lys i lysløypa" in kari.get(receipt).words
    assert "Lys i lysløypa" in kari.get("/mine").words
    assert "Lys i lysløypa" not in visit_as("ola").get("/ideer").text


def test_per_sees_on_its_page_that_nobody_has_looked_and_shows_it(visit_as, session):
    visit_as("kari").post("/ideer/ny", idea_form(body=PHONE, kept="ja"))
    idea_id = waiting(session)[0].input_id
    per = visit_as("per")
    at_desk = f"/arbeidsflate/innspill/{idea_id}"
    assert "Denne venter på at en i kommunen ser på den." in per.get(at_desk).words

    per.post(f"{at_desk}/vis", {"revision": revision_of(per, idea_id)})

    assert "Lys i lysløypa" in visit_as("ola").get(f"/ideer/{idea_id}").words
    assert waiting(session) == []
