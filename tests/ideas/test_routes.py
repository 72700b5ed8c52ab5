"""Writing, finding, supporting and undoing ideas, through the doors people use."""

import io
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select, update

from app.areas import query as areas
from app.areas.models import FocusArea
from app.audit.models import AuditLine
from app.ideas import service
from app.ideas.models import Idea, Support
from app.outbox.models import OutboxEvent
from app.parcels.models import Parcel
from tests.support.desk import act
from tests.support.ideas import idea_form, make_idea


def test_kari_sends_an_idea_and_finds_it_again_by_her_receipt(visit, session):
    receipt = visit.post("/ideer/ny", idea_form())

    page = visit.get(receipt.location)
    assert "Takk! Vi har fått idéen din." in page.words
    assert "Lys i lysløypa til klokka 23" in page.words
    assert "Saksnummer kommer." in page.words
    assert page.tree.xpath("//*[@role='img' or contains(@class, 'qr')]")


def test_an_idea_and_its_fact_are_stored_together(visit, session):
    visit.post("/ideer/ny", idea_form())

    idea = session.scalars(select(Idea)).one()
    event = session.scalars(select(OutboxEvent)).one()
    assert event.kind == "idea_submitted"
    assert event.payload["idea_id"] == str(idea.id)
    assert event.due_at - idea.submitted_at == timedelta(seconds=11)
    assert session.scalars(select(Parcel)).one().input_id == idea.id


def test_the_same_form_twice_is_one_idea_with_one_receipt(visit, session):
    form = idea_form()

    first, second = visit.post("/ideer/ny", form), visit.post("/ideer/ny", form)

    assert first.location == second.location
    assert session.scalar(select(func.count()).select_from(Idea)) == 1


def test_what_is_stored_is_received_again_after_its_area_was_closed(visit, closing):
    form = idea_form()
    first = visit.post("/ideer/ny", form)
    closing()

    second = visit.post("/ideer/ny", form)

    assert first.location == second.location


def test_a_phone_that_never_heard_the_answer_gets_the_same_receipt(visit, closing):
    form, headers = idea_form(), {"Accept": "application/json"}
    visit.post("/ideer/ny", form, expect=201, headers=headers)
    closing()

    first, again = (visit.post("/ideer/ny", form, expect=201, headers=headers).response.get_json() for _ in range(2))

    assert first == again
    assert first["submission_id"] == form["submission_id"]


def test_another_form_is_refused_once_its_area_is_closed(visit, session, closing):
    closing()

    visit.post("/ideer/ny", idea_form(), expect=422)

    assert session.scalar(select(func.count()).select_from(Idea)) == 0


def test_what_is_stored_is_received_again_though_somebody_asks_about_private_words(visit):
    form = idea_form(body="Ring meg på 91 23 45 67, så forklarer jeg.")
    first = visit.post("/ideer/ny", form | {"kept": "ja"})

    second = visit.post("/ideer/ny", form)

    assert first.location == second.location


def test_a_used_form_with_other_words_is_refused(visit, session):
    form = idea_form()
    visit.post("/ideer/ny", form)

    page = visit.post("/ideer/ny", form | {"title": "Noe helt annet"}, expect=422)

    assert "alt sendt" in page.words
    assert session.scalar(select(func.count()).select_from(Idea)) == 1


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"title": ""}, "Skriv hva idéen er."),
        ({"title": "   \t "}, "Skriv hva idéen er."),
        ({"title": "x" * 121}, "Bruk høyst 120 tegn."),
        ({"body": ""}, "Skriv hvorfor det er lurt."),
        ({"body": "x" * 4001}, "Bruk høyst 4000 tegn."),
        ({"area": "fotball"}, "Velg hva det handler om."),
        ({"area": ""}, "Velg hva det handler om."),
        ({"email": "ikke en adresse"}, "Sjekk e-posten."),
        ({"place": "x" * 201}, "Bruk høyst 200 tegn."),
        ({"submission_id": "tull"}, "Siden har ligget for lenge."),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(visit, session, changed, sentence):
    page = visit.post("/ideer/ny", idea_form() | changed, expect=422)

    assert sentence in page.words
    assert "Rett opp dette:" in page.words
    if "body" not in changed:
        assert page.value("body") == "Mange trener etter jobb. Lyset går av klokka 21."
    assert session.scalar(select(func.count()).select_from(Idea)) == 0
    assert session.scalar(select(func.count()).select_from(OutboxEvent)) == 0


def test_a_phone_number_is_pointed_out_before_it_is_sent(visit, session):
    form = idea_form(body="Ring meg på 91 23 45 67, så forklarer jeg.")

    page = visit.post("/ideer/ny", form, expect=422)
    assert "Har du skrevet noe privat?" in page.words
    assert session.scalar(select(func.count()).select_from(Idea)) == 0

    visit.post("/ideer/ny", form | {"kept": "ja"})
    assert session.scalar(select(func.count()).select_from(Idea)) == 1


def test_a_pdf_renamed_to_jpg_is_refused_with_the_text_kept(visit, session):
    form = idea_form() | {"pictures": (io.BytesIO(b"%PDF-1.7 hei"), "ferie.jpg")}

    page = visit.post("/ideer/ny", form, expect=422)

    assert "Vi kan vise JPG, PNG og WebP." in page.words
    assert page.value("title") == "Lys i lysløypa til klokka 23"
    assert session.scalar(select(func.count()).select_from(Idea)) == 0


def test_a_phone_that_asks_for_json_gets_its_own_key_back(visit, session):
    form = idea_form()

    answer = visit.post("/ideer/ny", form, expect=201, headers={"Accept": "application/json"})

    said = answer.response.get_json()
    assert said["submission_id"] == form["submission_id"]
    assert said["receipt"].startswith("/kvittering/")


def test_kari_regrets_within_ten_seconds(visit, session):
    receipt = visit.post("/ideer/ny", idea_form()).location

    visit.post(f"{receipt}/angre")

    assert session.scalars(select(Idea)).one().withdrawn_at is not None
    assert "Angret." in visit.get(receipt).words
    assert "Lys i lysløypa" not in visit.get("/ideer").words


def test_after_ten_seconds_it_is_too_late_to_regret(visit, session, now, clock):
    receipt = visit.post("/ideer/ny", idea_form()).location
    clock["now"] = now + timedelta(seconds=10)

    page = visit.post(f"{receipt}/angre", expect=409)

    assert "kan ikke angres" in page.words
    assert session.scalars(select(Idea)).one().withdrawn_at is None


def test_later_kari_takes_it_off_the_page_and_is_told_what_the_archive_keeps(visit, session, now, clock):
    receipt = visit.post("/ideer/ny", idea_form()).location
    clock["now"] = now + timedelta(days=3)
    assert "Vil du trekke idéen tilbake?" in visit.get(receipt).words

    visit.post(f"{receipt}/trekk-tilbake")
    visit.post(f"{receipt}/trekk-tilbake")

    page = visit.get(receipt)
    assert "Du har trukket idéen tilbake." in page.words
    assert "Brevet til kommunens arkiv kan vi ikke ta tilbake." in page.words
    assert "Angret" not in page.words
    assert "Lys i lysløypa" not in visit.get("/ideer").words
    kinds = session.scalars(select(OutboxEvent.kind)).all()
    assert sorted(kinds) == ["idea_submitted", "idea_withdrawn"]


def test_what_kari_took_back_says_so_to_per_and_keeps_its_words_for_her(visit_as, session, settings, kari, now):
    idea = make_idea(session, settings, actor=kari, now=now, title="Skjæret ved kaia")
    service.withdraw_idea(session, idea, now=now)
    session.commit()

    as_per = visit_as("per").get(f"/ideer/{idea.id}")

    assert "Denne er trukket tilbake." in as_per.words
    assert "Skjæret" not in as_per.text
    assert "Skjæret ved kaia" in visit_as("kari").get(f"/ideer/{idea.id}").words


def test_somebody_who_only_knows_the_idea_cannot_take_it_back(visit, session, settings, kari, now):
    idea = make_idea(session, settings, actor=kari, now=now)

    visit.post(f"/kvittering/{idea.id.hex}.forged/trekk-tilbake", expect=404)

    session.refresh(idea)
    assert idea.withdrawn_at is None


def test_a_made_up_receipt_opens_nothing(visit, session, settings, kari, now):
    idea = make_idea(session, settings, actor=kari, now=now)

    page = visit.get(f"/kvittering/{idea.id.hex}.tullogtoys", expect=404)

    assert idea.title not in page.words


def test_two_taps_on_support_count_once_and_a_third_takes_it_back(visit_as, session, settings, kari, now):
    idea = make_idea(session, settings, actor=kari, now=now)
    ola = visit_as("ola")

    ola.post(f"/ideer/{idea.id}/stott")
    ola.post(f"/ideer/{idea.id}/stott")
    session.refresh(idea)
    assert idea.support_count == 1
    assert session.scalar(select(func.count()).select_from(Support)) == 1

    ola.post(f"/ideer/{idea.id}/stott", {"pressed": "true"})
    session.refresh(idea)
    assert idea.support_count == 0


def test_the_button_says_that_it_is_pressed_so_that_it_can_be_let_go(visit_as, session, settings, kari, now):
    idea = make_idea(session, settings, actor=kari, now=now)
    ola = visit_as("ola")
    ola.post(f"/ideer/{idea.id}/stott", {"pressed": "false"})

    (pressed,) = ola.get(f"/ideer/{idea.id}").tree.xpath("//form[contains(@action, '/stott')]/input[@name='pressed']")

    assert pressed.get("value") == "true"


def test_a_search_finds_other_forms_of_a_word(visit, session, settings, kari, now):
    make_idea(session, settings, actor=kari, now=now, title="Flere gatelys på Ankenes", body="Det er mørkt.")
    make_idea(session, settings, actor=kari, now=now, title="Skating i parken", body="Vi vil ha rampe.")

    for words in ("gatelysene", "gatelyset", "gatelys", "GATELYS", "ankenes mørke"):
        page = visit.get(f"/ideer?sok={words}")
        assert "Flere gatelys" in page.words, words
        assert "Skating" not in page.words


def test_a_search_without_hits_says_what_to_do(visit, session):
    page = visit.get("/ideer?sok=romskip")

    assert "Ingen treff på «romskip»." in page.words


@pytest.mark.parametrize(
    "address", ["?side=0", "?side=-1", "?side=x", "?side=999", "?omrade=x", "?status=x", "?sok=%00'\"*"]
)
def test_an_address_that_makes_no_sense_still_gives_the_list(visit, session, address):
    visit.get(f"/ideer{address}")


def test_the_list_is_twenty_at_a_time(visit, session, settings, kari, now):
    for number in range(25):
        make_idea(session, settings, actor=kari, now=now + timedelta(seconds=number), title=f"Idé nummer {number}")

    first = visit.get("/ideer")
    assert first.words.count("Idé nummer") == 20
    more = visit.fragment("/ideer?side=2")
    assert more.text.count("Idé nummer") == 5
    assert "Vis flere" not in more.text


def test_an_unknown_idea_is_a_friendly_404(visit, session):
    page = visit.get(f"/ideer/{uuid4()}", expect=404)

    assert "Vi fant ikke siden" in page.words


def test_hidden_words_are_not_shown_but_the_reason_is(visit, visit_as, session, settings, kari, now):
    idea = make_idea(session, settings, actor=kari, now=now, body="Naboen min heter noe.")
    act(visit_as("per"), idea.id, "skjul", {"reason": "Den nevner en nabo."})

    page = visit.get(f"/ideer/{idea.id}")

    assert "Den nevner en nabo." in page.words
    assert "Naboen min" not in page.text
    assert "Lys i lysløypa" not in visit.get("/ideer").text
    assert "Naboen min" in visit_as("kari").get(f"/ideer/{idea.id}").text


def test_per_answers_and_everybody_reads_it(visit, visit_as, session, settings, kari, now):
    idea = make_idea(session, settings, actor=kari, now=now)
    form = {"submission_id": str(uuid4()), "text": "Lyset står på til klokka 23.", "step": "decided"}
    per = visit_as("per")
    per.get(f"/arbeidsflate/innspill/{idea.id}")

    act(per, idea.id, "svar", form)
    act(per, idea.id, "svar", form)

    page = visit.get(f"/ideer/{idea.id}")
    assert "Lyset står på til klokka 23." in page.words
    assert "Rådgiver" in page.words
    kinds = [event.kind for event in session.scalars(select(OutboxEvent).order_by(OutboxEvent.recorded_at))]
    assert sorted(kinds) == ["idea_answered", "idea_submitted", "step_reached"]


def test_what_per_does_to_an_idea_stands_in_the_audit_log_once(visit_as, session, settings, kari, now):
    idea = make_idea(session, settings, actor=kari, now=now)
    answer = {"submission_id": str(uuid4()), "text": "Lyset står på til klokka 23.", "step": "decided"}
    per = visit_as("per")

    act(per, idea.id, "svar", answer)
    act(per, idea.id, "svar", answer)
    act(per, idea.id, "skjul", {"reason": "Den nevner en nabo."})
    act(per, idea.id, "vis")
    act(per, idea.id, "svar", {**answer, "submission_id": str(uuid4()), "text": ""}, expect=422)

    lines = session.scalars(select(AuditLine).order_by(AuditLine.nr)).all()
    assert [line.action for line in lines] == ["idea_answered", "idea_hidden", "idea_shown"]
    assert {line.object_ref for line in lines} == {f"idea:{idea.id}"}
    assert None not in {line.who_ref for line in lines}


def test_no_without_a_reason_is_refused(visit_as, session, settings, kari, now):
    idea = make_idea(session, settings, actor=kari, now=now)
    form = {"submission_id": str(uuid4()), "text": "", "step": "not_now"}

    page = act(visit_as("per"), idea.id, "svar", form, expect=422)

    assert "Skriv svaret." in page.words


def test_kari_sees_what_her_phone_has_sent_and_ola_does_not(visit_as, session, settings, kari, now):
    make_idea(session, settings, actor=kari, now=now)

    assert "Lys i lysløypa" in visit_as("kari").get("/mine").words
    assert "Du har ikke sendt noe ennå." in visit_as("ola").get("/mine").words


@pytest.fixture
def closing(session, monkeypatch):
    """Close the focus area that a form chooses, and let everybody know at once; it is open again afterwards."""
    monkeypatch.setattr(areas, "KEPT_S", 1e-6)

    def close(*, closed=True):
        session.execute(update(FocusArea).where(FocusArea.slug == "mobilitet").values(closed=closed))
        session.commit()

    yield close
    close(closed=False)
