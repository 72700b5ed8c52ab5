"""The page of an input's case."""

from uuid import uuid4

import pytest

from app.parcels import service as parcels


def test_before_the_archive_has_answered_a_number_is_promised(visit, input_id):
    assert "Saksnummer kommer." in visit.get(f"/sak/{input_id}").words


def test_the_case_number_stands_there_when_the_archive_has_given_one(session, visit, input_id):
    parcels.number(session, input_id, "2026/1042")

    assert "Saksnummer 2026/1042" in visit.get(f"/sak/{input_id}").words


def test_what_is_not_forwarded_is_promised_no_number(session, visit, input_id):
    parcels.not_forwarded(session, input_id)

    assert "Saksnummer" not in visit.get(f"/sak/{input_id}").words


def test_htmx_gets_the_panel_alone(visit, input_id):
    assert "Saksnummer kommer." in visit.fragment(f"/sak/{input_id}").text


def test_an_input_that_is_not_there_gives_a_friendly_page(visit):
    visit.get(f"/sak/{uuid4()}", expect=404)


@pytest.fixture
def input_id(session, kari, now):
    made = uuid4()
    parcels.start(session, made, kind="idea", actor=kari, now=now)
    session.commit()
    return made
