"""Processes through the doors people use: the editor, the page everybody reads, ideas inside a process."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from app.core.actor import Role
from app.ideas.models import Idea
from app.parcels.models import ReportItem
from app.processes.models import Archiving, Process, WorkingCopy
from tests.support.accounts import staff
from tests.support.ideas import idea_form, make_idea
from tests.support.processes import begin, phase, process_form, publish

DESK = "/arbeidsflate/prosesser"
NEW = {"submission_id": "5f0e6f0e-6f0e-4f0e-8f0e-6f0e6f0e6f0e", "title": "Ny lekeplass på Ankenes"}


def test_arne_makes_a_process_from_nothing_and_everybody_sees_it(session, visit, as_arne, arne):
    editor = as_arne.post(DESK, NEW).location
    assert as_arne.get(editor).value("title") == "Ny lekeplass på Ankenes"

    as_arne.post(f"{editor}/publiser", process_form(arne))

    page = visit.get("/prosesser/ny-lekeplass-pa-ankenes")
    assert "Du kan si hva vi skal bygge. Stedet er bestemt." in page.words
    assert "Kommunestyret · 20. april" in page.words
    assert "17 dager igjen" in page.words
    assert "Ny lekeplass på Ankenes" in visit.get("/").words
    assert "Ny lekeplass på Ankenes" in visit.get("/prosesser").words


def test_enter_in_a_field_keeps_the_draft_and_takes_no_phase_away(session, as_arne, arne):
    page = as_arne.get(f"{DESK}/{begin(session, arne).id}")

    (pressed, *_) = page.tree.xpath("//form[@id='process-form']//button[@type='submit']")

    assert pressed.text_content() == "Lagre utkast"
    assert pressed.get("name") is None


def test_begin_twice_with_one_form_is_one_process(session, as_arne):
    assert as_arne.post(DESK, NEW).location == as_arne.post(DESK, NEW).location


def test_a_process_needs_a_name(as_arne):
    page = as_arne.post(DESK, NEW | {"title": "  "}, expect=422)

    assert "Skriv hva prosessen heter." in page.words


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"title": ""}, "Skriv hva prosessen heter."),
        ({"summary": "x" * 301}, "Bruk høyst 300 tegn."),
        ({"influence": ""}, "Skriv hva folk kan påvirke."),
        ({"decided_by": ""}, "Skriv hvem som bestemmer."),
        ({"decides_on": ""}, "Velg en dag."),
        ({"decides_on": "i morgen"}, "Velg en dag."),
        ({"phases-0-closes": "snart"}, "Velg dag og klokkeslett."),
        ({"decides_on": "0001-01-01"}, "Sjekk årstallet."),
        ({"owner": ""}, "Velg hvem som har ansvaret."),
        ({"owner": str(uuid4())}, "Velg hvem som har ansvaret."),
        ({"area": "fotball"}, "Velg et område fra lista."),
        ({"moderation": "aldri"}, "Velg når det skal vises."),
        ({"phases-0-title": ""}, "Skriv hva som skjer."),
        ({"phases-0-opens": ""}, "Velg når det begynner."),
        ({"phases-0-opens": "0001-01-01T00:00"}, "Sjekk årstallet."),
        ({"phases-0-closes": "9999-12-31T23:59"}, "Sjekk årstallet."),
        ({"phases-0-closes": "2026-02-01T08:00"}, "«Send idéen din» slutter før den begynner."),
        ({"phases-1-title": "Mer", "phases-1-opens": "2026-03-10T08:00"}, "er ikke ferdig når «Mer» begynner."),
        ({f"phases-{n}-title": "x" for n in range(9)}, "Lag høyst 8 faser."),
        ({"phases-²-title": "x", "phases-0-activities": "fly"}, "'fly'"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_beside_the_field_and_what_was_typed_stays(session, as_arne, arne, changed, sentence):
    process = begin(session, arne)

    page = as_arne.post(f"{DESK}/{process.id}/publiser", process_form(arne) | changed, expect=422)

    assert sentence in page.words
    assert "Rett opp dette:" in page.words
    if "influence" not in changed:
        assert page.value("influence") == "Du kan si hva vi skal bygge. Stedet er bestemt."
    assert session.get_one(Process, process.id).state == "draft"


def test_what_arne_writes_is_kept_as_he_writes_and_seen_by_nobody_else(session, visit, as_arne, arne):
    process = publish(session, arne)
    form = process_form(arne, title="", summary="Halvferdig ne", revision="2")

    saved = as_arne.fragment(f"{DESK}/{process.id}/utkast", post=form)

    assert "Utkast lagret 13.00" in saved.text
    page = as_arne.get(f"{DESK}/{process.id}")
    assert (page.value("title"), page.value("summary")) == ("", "Halvferdig ne")
    assert "Du har endringer som ikke er ute." in page.words
    assert "Halvferdig" not in visit.get(f"/prosesser/{process.slug}").text


def test_the_editor_says_how_easy_a_text_is(session, as_arne, arne):
    process = begin(session, arne)
    hard = (
        "Kommunedirektøren innstiller på gjennomføring av medvirkningsprosesser i henhold til reguleringsbestemmelsene"
    )

    easy = as_arne.fragment(f"{DESK}/{process.id}/utkast", post=process_form(arne, revision="1"))
    said = as_arne.fragment(f"{DESK}/{process.id}/utkast", post=process_form(arne, summary=hard, revision="2"))

    assert "Lett å lese" in easy.text
    assert "<b>Tung</b>" in said.text
    long = as_arne.fragment(f"{DESK}/{process.id}/utkast", post=process_form(arne, summary="vi " * 21, revision="3"))
    assert "Lengste setning har 21 ord." in long.text


def test_two_who_write_at_once_are_told_and_keep_their_words(session, as_arne, arne, visit_as):
    process = begin(session, arne)
    as_arne.post(f"{DESK}/{process.id}/utkast", process_form(arne, title="Arnes"))

    page = visit_as("administrator").post(
        f"{DESK}/{process.id}/utkast", process_form(arne, title="En annens"), expect=409
    )

    assert "Arne endret denne 13.00." in page.words
    assert session.get_one(WorkingCopy, process.id).typed["title"] == ["Arnes"]


def test_the_idepool_has_no_day_on_which_it_is_decided(session, as_arne, arne):
    idepool = session.scalars(select(Process).where(Process.slug == "idepool")).one()

    page = as_arne.post(
        f"{DESK}/{idepool.id}/publiser", process_form(arne, title="", decides_on="", revision="0"), expect=422
    )

    assert "Skriv hva prosessen heter." in page.words
    assert "Velg en dag." not in page.words


def test_the_list_says_how_long_one_can_take_part_and_not_when_it_is_all_over(session, visit, arne):
    day = timedelta(days=1)
    publish(session, arne, phases=(phase(closes=3 * day), phase("Vi svarer", 3 * day, 40 * day, ())))
    publish(session, arne, title="Senere", phases=(phase(opens=3 * day, closes=4 * day),))
    publish(session, arne, title="Nå leser vi", phases=(phase("Vi svarer", -3 * day, 4 * day, ()),))

    words = visit.get("/prosesser").words

    assert "3 dager igjen Ny lekeplass på Ankenes" in words
    assert "Begynner 6. mars Senere" in words
    assert "Ikke åpent nå Nå leser vi" in words


def test_phases_are_added_and_taken_away_without_script(session, as_arne, arne):
    process = begin(session, arne)
    url = f"{DESK}/{process.id}"
    form = process_form(arne)

    as_arne.post(f"{url}/utkast", form | {"legg-til": "fase"})
    assert len(as_arne.get(url).tree.xpath("//fieldset[contains(@class, 'phase')]")) == 2

    as_arne.post(f"{url}/utkast", form | {"phases-1-title": "Nummer to", "ta-bort": "0"})
    assert as_arne.get(url).value("phases-0-title") == "Nummer to"
    as_arne.post(f"{url}/utkast", form | {"ta-bort": "0"})
    as_arne.post(f"{url}/utkast", form | {"ta-bort": "²"})
    assert as_arne.get(url).value("phases-0-title") == "Send idéen din"


def test_there_are_phases_enough(session, as_arne, arne):
    process = begin(session, arne)
    many = {f"phases-{number}-title": f"Fase {number}" for number in range(8)}

    as_arne.post(f"{DESK}/{process.id}/utkast", process_form(arne) | many | {"legg-til": "fase"})

    assert len(as_arne.get(f"{DESK}/{process.id}").tree.xpath("//fieldset[contains(@class, 'phase')]")) == 8


def test_a_preview_shows_what_is_right_so_far_to_staff_alone(session, visit, as_arne, arne):
    process = begin(session, arne)
    form = process_form(arne, decides_on="", **{"phases-1-title": "Uten dato"})
    as_arne.post(f"{DESK}/{process.id}/utkast", form)

    page = as_arne.get(f"{DESK}/{process.id}/forhandsvis")

    assert "Stedet er bestemt." in page.words
    assert "Send idéen din" in page.words
    assert "Uten dato" not in page.words
    visit.get(f"/prosesser/{process.slug}", expect=404)


def test_a_copy_is_a_draft_of_its_own(session, visit, as_arne, arne):
    process = publish(session, arne)

    copy = as_arne.post(f"{DESK}/{process.id}/kopier", NEW).location
    again = as_arne.post(f"{DESK}/{process.id}/kopier", NEW).location

    assert copy == again
    page = as_arne.get(copy)
    assert page.value("title") == "Kopi av Ny lekeplass på Ankenes"
    assert page.value("influence") == "Du kan si hva vi skal bygge. Stedet er bestemt."
    assert page.value("phases-0-opens") == ""
    visit.get("/prosesser/kopi-av-ny-lekeplass-pa-ankenes", expect=404)


def test_what_was_done_must_be_told_and_is_shown_first(session, visit, as_arne, arne):
    process = publish(session, arne)
    url = f"{DESK}/{process.id}/avslutt"

    assert "Skriv hva som ble gjort." in as_arne.post(url, {"outcome": " "}, expect=422).words
    as_arne.post(url, {"outcome": "Lekeplassen åpnet 1. mars."})
    as_arne.post(url, {"outcome": "To ganger."})

    page = visit.get(f"/prosesser/{process.slug}")
    assert "Dette ble gjort Lekeplassen åpnet 1. mars." in page.words
    assert "Bli med nå" not in page.words
    assert as_arne.get(f"{DESK}/{process.id}", expect=303).location == f"/prosesser/{process.slug}"
    assert "Lekeplassen" not in visit.get("/").words


def test_a_draft_is_thrown_away(session, as_arne, arne):
    url = f"{DESK}/{begin(session, arne).id}"

    as_arne.post(f"{url}/slett")

    as_arne.get(url, expect=404)
    as_arne.post(f"{url}/slett", expect=404)


def test_news_stands_on_the_page_of_the_process(session, visit, as_arne, arne):
    process = publish(session, arne)
    url = f"{DESK}/{process.id}/nyhet"
    news = {"submission_id": str(uuid4()), "title": "Vi har valgt huske", "text": "Den kommer i mai."}

    assert "Skriv en overskrift." in as_arne.post(url, news | {"title": ""}, expect=422).words
    as_arne.post(url, news)
    as_arne.post(url, news)

    assert visit.get(f"/prosesser/{process.slug}").words.count("Vi har valgt huske") == 1


def test_news_waits_until_the_process_is_out(session, as_arne, arne):
    process = begin(session, arne)
    news = {"submission_id": str(uuid4()), "title": "Nytt", "text": "Nytt."}

    page = as_arne.post(f"{DESK}/{process.id}/nyhet", news, expect=409)

    assert "Publiser prosessen først." in page.words


def test_fatima_may_change_the_process_she_was_given(session, visit_as, arne, fatima):
    mine = publish(session, arne, members=(fatima.participant_id,))
    other = publish(session, arne, title="Arnes egen")

    visit_as("fatima").get(f"{DESK}/{mine.id}")
    visit_as("fatima").get(f"{DESK}/{other.id}", expect=404)
    assert "Arnes egen" not in visit_as("fatima").get(DESK).words


def test_kari_sends_an_idea_to_the_process_and_it_stands_in_both_lists(session, visit, arne):
    process = publish(session, arne)

    visit.post(f"/prosesser/{process.slug}/ideer/ny", idea_form(title="En høy huske"))

    idea = session.scalars(select(Idea)).one()
    assert idea.process_id == process.id
    assert "En høy huske" in visit.get(f"/prosesser/{process.slug}/ideer").words
    assert "En høy huske" in visit.get("/ideer").words
    assert "Ny lekeplass på Ankenes" in visit.get(f"/ideer/{idea.id}").words


def test_the_list_of_a_process_has_its_own_ideas_alone(session, settings, visit, arne, kari, now):
    process = publish(session, arne)
    make_idea(session, settings, actor=kari, now=now, title="I Idépoolen")

    page = visit.get(f"/prosesser/{process.slug}/ideer?sorter=stottet&omrade=mobilitet")

    assert "I Idépoolen" not in page.words
    assert "0 idéer" in page.words
    for nowhere in ("finnes-ikke", "a%00b", "%C3%A6", "A"):
        visit.get(f"/prosesser/{nowhere}/ideer", expect=404)
        visit.get(f"/prosesser/{nowhere}/ideer/ny", expect=404)
        visit.get(f"/prosesser/{nowhere}", expect=404)


def test_who_writes_while_it_closes_keeps_the_words(session, visit, arne, clock, now):
    process = publish(session, arne)
    clock["now"] = now + timedelta(days=17)

    page = visit.post(f"/prosesser/{process.slug}/ideer/ny", idea_form(title="Litt for sent"), expect=409)

    assert "Dette kom for sent. Teksten din er her." in page.words
    assert page.value("title") == "Litt for sent"
    assert session.scalar(select(func.count()).select_from(Idea)) == 0
    assert visit.get(f"/prosesser/{process.slug}/ideer/ny", expect=303).location == f"/prosesser/{process.slug}"


def test_a_phone_that_sends_late_is_told_in_its_own_words(session, visit, arne, clock, now):
    process = publish(session, arne)
    clock["now"] = now + timedelta(days=17)

    answer = visit.post(
        f"/prosesser/{process.slug}/ideer/ny", idea_form(), expect=409, headers={"Accept": "application/json"}
    ).response.get_json()

    assert answer["errors"] == {"form": ["Dette kom for sent. Teksten din er her."]}


def test_what_was_sent_in_time_is_received_again_after_closing(session, visit, arne, clock, now):
    process, form = publish(session, arne), idea_form()
    first = visit.post(f"/prosesser/{process.slug}/ideer/ny", form)
    clock["now"] = now + timedelta(days=17)

    assert visit.post(f"/prosesser/{process.slug}/ideer/ny", form).location == first.location


def test_a_process_that_asks_for_no_ideas_has_no_form_for_them(session, visit, arne):
    process = publish(session, arne, phases=(phase(activities=()),))

    visit.get(f"/prosesser/{process.slug}/ideer/ny", expect=404)
    visit.post(f"/prosesser/{process.slug}/ideer/ny", idea_form(), expect=404)
    assert "Ingenting er åpent her akkurat nå." in visit.get(f"/prosesser/{process.slug}").words


def test_home_shows_what_closes_first_on_top_and_four_at_most(session, visit, arne):
    for days in (9, 2, 30, 5, 12):
        publish(session, arne, title=f"Stenger om {days}", phases=(phase(closes=timedelta(days=days)),))

    titles = visit.get("/").tree.xpath("//section[@aria-labelledby='open-now']//h3")

    assert [title.text_content() for title in titles] == [
        "Stenger om 2", "Stenger om 5", "Stenger om 9", "Stenger om 12", "Hva er din idé for Narvik?",
    ]  # fmt: skip


@pytest.fixture
def arne(session, now):
    return staff(session, "arne", Role.WORKING_GROUP, now)


@pytest.fixture
def as_arne(visit_as, arne):
    return visit_as("anonymous").signed_in(str(arne.participant_id))


def test_arne_chooses_how_it_is_archived_and_a_copy_keeps_the_choice(session, as_arne, arne):
    editor = as_arne.post(DESK, NEW).location
    form = process_form(arne, ideas_archived="samlerapport")
    as_arne.post(f"{editor}/utkast", form)
    assert ways(session) == ("enkeltvis", "enkeltvis")

    as_arne.post(f"{editor}/publiser", form)
    assert ways(session) == ("samlerapport", "enkeltvis")
    assert "Idéer arkiveres i en samlerapport." in as_arne.get(DESK).words

    copy = as_arne.post(f"{editor}/kopier", {"submission_id": str(uuid4()), "title": "x"}).location
    chosen = as_arne.get(copy).tree.xpath("//input[@checked]/@id")
    assert {"ideas_archived-1", "comments_archived-0"} <= set(chosen)


def test_what_cannot_be_chosen_is_refused(as_arne, arne):
    editor = as_arne.post(DESK, NEW).location

    page = as_arne.post(f"{editor}/publiser", process_form(arne, comments_archived="aldri"), expect=422)

    assert "Velg hvordan det skal arkiveres." in page.words


def ways(session) -> tuple[str, str]:
    found = session.execute(select(Process.ideas_archived, Process.comments_archived).where(Process.slug != "idepool"))
    return tuple(found.one())


def test_what_is_sent_is_in_a_report_when_the_phase_closes_and_sooner_when_arne_ends_it(
    session, visit, as_arne, arne, now
):
    closes = phase(closes=timedelta(days=3))
    process = publish(session, arne, ideas_archived=Archiving.REPORT, phases=(closes,))
    visit.post(f"/prosesser/{process.slug}/ideer/ny", idea_form())
    assert session.scalars(select(ReportItem.due_at)).all() == [now + timedelta(days=3, minutes=1)]

    as_arne.post(f"{DESK}/{process.id}/avslutt", {"outcome": "Lekeplassen er bygget."})

    assert session.scalars(select(ReportItem.due_at)).all() == [now + timedelta(minutes=1)]
