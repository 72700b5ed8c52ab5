"""The poster of a process: how to get there, who reads it, who decides, and until when."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.core.actor import Role
from app.processes import service
from tests.support.accounts import staff
from tests.support.pdf import words_of
from tests.support.processes import begin, phase, publish

DESK = "/arbeidsflate/prosesser"


def test_arne_prints_a_poster_from_the_editor(session, visit_as, arne):
    process = publish(session, arne)

    links = visit_as("administrator").get(f"{DESK}/{process.id}").tree.xpath("//a[contains(@href, 'plakat.pdf')]/@href")

    assert links == [f"/prosesser/{process.slug}/plakat.pdf?storrelse={size}" for size in ("a4", "a5", "lapper")]


def test_it_says_who_reads_who_decides_and_how_long(session, visit, arne):
    process = publish(session, arne, decided_by="Kommunestyret.")

    answer = visit.get(f"/prosesser/{process.slug}/plakat.pdf").response

    words = words_of(answer.data)
    for said in ("NylekeplasspåAnkenes", "Kommunenleserdetduskriver.", "Kommunestyretbestemmer.", "Åpenttil20.mars."):
        assert said in words
    assert f"localhost/prosesser/{process.slug}" in words
    assert answer.headers["Cache-Control"] == "public, max-age=3600"


def test_what_closes_at_midnight_is_open_until_the_day_before(session, visit, arne):
    process = publish(session, arne, phases=(phase(closes=timedelta(days=7, hours=11)),))

    assert "Åpenttil10.mars." in words_of(visit.get(f"/prosesser/{process.slug}/plakat.pdf").response.data)


def test_it_does_not_ask_for_what_is_not_open(session, visit, arne):
    process = publish(session, arne, phases=(phase(activities=()),))

    words = words_of(visit.get(f"/prosesser/{process.slug}/plakat.pdf").response.data)

    assert "Skannogsehvasomskjer." in words
    assert "Åpenttil" not in words


def test_when_it_is_over_it_leads_to_what_was_done(session, visit, arne, now):
    process = publish(session, arne)
    service.end_process(session, process, "Huska kom.", actor=arne, now=now)
    session.commit()

    words = words_of(visit.get(f"/prosesser/{process.slug}/plakat.pdf").response.data)

    assert "Skannogsehvasomblegjort." in words
    assert "Kommunenleser" not in words


def test_a_draft_has_no_poster_not_even_for_who_writes_it(session, visit_as, arne):
    draft = begin(session, arne)
    session.commit()

    visit_as("administrator").get(f"/prosesser/{draft.slug}/plakat.pdf", expect=404)
    assert "plakat.pdf" not in visit_as("administrator").get(f"{DESK}/{draft.id}").text


def test_the_telephone_number_stands_there_when_there_is_one(session, app, visit, arne, settings, monkeypatch):
    process = publish(session, arne)
    without = words_of(visit.get(f"/prosesser/{process.slug}/plakat.pdf").response.data)
    monkeypatch.setitem(app.extensions, "lab_settings", replace(settings, contact_phone="76 91 20 00"))

    words = words_of(visit.get(f"/prosesser/{process.slug}/plakat.pdf").response.data)

    assert "Vilduhellersnakke" not in without
    assert "Vilduhellersnakkemednoen?Ring76912000." in words


def test_a_size_that_is_none_is_refused(session, visit, arne):
    process = publish(session, arne)

    visit.get(f"/prosesser/{process.slug}/plakat.pdf?storrelse=a3", expect=422)
    visit.get(f"/prosesser/{process.slug}/plakat.pdf?storrelse=%00", expect=422)


@pytest.fixture
def arne(session, now):
    return staff(session, "arne", Role.WORKING_GROUP, now)
