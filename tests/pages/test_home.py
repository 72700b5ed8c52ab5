"""Home says what is open, counted, and is honest when there is nothing."""

from datetime import timedelta

import pytest

from app.core.actor import Role
from app.processes.models import Activity
from app.processes.service import PhaseDraft
from tests.support.accounts import staff
from tests.support.processes import publish

NOTHING = "Ingenting er åpent akkurat nå. Idéer tar vi alltid imot."


@pytest.mark.parametrize(
    ("open_ones", "sentence"),
    [(0, NOTHING), (1, "Én ting er åpen nå. Idéer tar vi alltid imot."), (4, "4 ting er åpne nå. Idéer tar vi alltid")],
)
def test_home_counts_what_is_open(visit, open_from, now, open_ones, sentence):
    for _ in range(open_ones):
        open_from(now - timedelta(days=1), now + timedelta(days=1))

    assert sentence in visit.get("/").words


def test_something_is_open_from_its_first_instant_until_its_last(visit, open_from, now):
    for opens, closes in (
        (now + timedelta(seconds=1), None),
        (now - timedelta(days=9), now),
        (now - timedelta(days=9), now - timedelta(seconds=1)),
    ):
        open_from(opens, closes)
    assert NOTHING in visit.get("/").words

    open_from(now, None)
    assert "Én ting er åpen nå." in visit.get("/").words


def test_home_speaks_of_it_in_the_chosen_language(visit, open_from, now):
    visit.client.set_cookie("spraak", "en")
    assert "Nothing is open right now. We always welcome ideas." in visit.get("/").words

    open_from(now, None)
    open_from(now, None)
    assert "2 things are open now." in visit.get("/").words


def test_what_is_open_all_year_is_not_called_active_now(visit, session):
    page = visit.get("/")

    assert "Aktivt nå" not in page.words
    assert "Åpent hele året" in page.words
    assert "Hva er din idé for Narvik?" in page.words


@pytest.fixture
def open_from(session, now):
    """Publish a process that asks for ideas from one instant until another."""
    arne = staff(session, "arne", Role.WORKING_GROUP, now)

    def make(opens_at, closes_at) -> None:
        opened = PhaseDraft("Idéer", opens_at, closes_at, (Activity.IDEAS,))
        publish(session, arne, title="Torget", phases=(opened,))

    return make
