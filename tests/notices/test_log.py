"""/arbeidsflate/varsler: how many were told and how it went, day by day, and never who."""

from datetime import timedelta
from uuid import uuid4

from app.push import service as push
from app.push.models import PushOutcome


def noted(session, count: int, about: str, outcome: PushOutcome, at) -> None:
    push.note_all(session, [uuid4() for _ in range(count)], topic=about, outcome=outcome, now=at)


def test_a_town_that_has_told_nobody_says_so(visit_as):
    assert "Ingen varsler er sendt" in visit_as("per").get("/arbeidsflate/varsler").words


def test_per_sees_what_became_of_each_kind_on_each_day(session, visit_as, now):
    noted(session, 12, "news", PushOutcome.SENT, now)
    noted(session, 9, "news", PushOutcome.ACCEPTED, now)
    noted(session, 2, "news", PushOutcome.GONE, now)
    noted(session, 1, "news", PushOutcome.UNKNOWN, now)
    noted(session, 3, "step", PushOutcome.ACCEPTED, now - timedelta(days=1))
    noted(session, 7, "step", PushOutcome.ACCEPTED, now - timedelta(days=20))

    page = visit_as("per").get("/arbeidsflate/varsler")

    cards = [" ".join(card.text_content().split()) for card in page.tree.xpath("//article")]
    assert len(cards) == 2
    assert "9 er sendt · 2 mobiler har slått av · 1 vet vi ikke om ble sendt." in cards[0]
    assert "3 er sendt" in cards[1]
    assert "Svar på det folk har sendt" in cards[1]


def test_a_message_late_in_the_evening_stands_on_the_day_it_was_in_narvik(session, visit_as, now):
    late = now.replace(hour=23, minute=30) - timedelta(days=2)  # past midnight in Narvik
    noted(session, 4, "test", PushOutcome.ACCEPTED, late)
    noted(session, 5, "test", PushOutcome.ACCEPTED, now - timedelta(days=1))

    (card,) = visit_as("per").get("/arbeidsflate/varsler").tree.xpath("//article")

    assert "9 er sendt" in card.text_content()
