"""What the reconciler tidies away once an hour, and what it leaves."""

from datetime import timedelta

from sqlalchemy import select

from app.balance import balance, faults
from app.outbox import service as outbox
from app.outbox.models import DeliveryAttempt, DeliveryState, OutboxDelivery, OutboxEvent
from app.outbox.query import is_paused
from app.outbox.service import Recipient, Route
from tests.support.ideas import make_idea
from workers.reconciler import FORGOTTEN_AT_ONCE, Reconciler, Watch
from workers.runtime import Runtime, transactions

ROUNDS = 40


def test_forty_questions_about_a_case_leave_one_row_and_the_books_still_balance(session, engine, settings, kari, now):
    make_idea(session, settings, actor=kari, now=now - timedelta(days=9))
    submitted = session.scalars(select(OutboxEvent)).one()
    outbox.deliver_to(session, submitted, Route("forward_case", "archive", "send"), [Recipient("archive")], now)
    outbox.mark_routed(submitted, now)
    letter = session.scalars(select(OutboxDelivery)).one()
    letter.state, letter.external_id, letter.ended_at = "filed", "2026/7", now - timedelta(days=9)
    for number in range(ROUNDS):
        answered(session, at=now - timedelta(days=8) + timedelta(hours=number))
    session.commit()

    clockwork = reconciler(engine, settings, now)
    clockwork.round()
    clockwork.round()

    session.expire_all()
    questions = session.scalars(select(OutboxDelivery).where(OutboxDelivery.job == "fetch_case_answers")).all()
    assert [row.ended_at for row in questions] == [now - timedelta(days=8) + timedelta(hours=ROUNDS - 1)]
    assert len(session.scalars(select(OutboxEvent).where(OutboxEvent.kind == "status_due")).all()) == 1
    assert balance(session).adds_up
    assert [fault for fault in faults(session, settings, now) if "forsøk" in fault or "Regnskapet" in fault] == []


def test_more_than_a_batch_is_tidied_in_one_go(session, engine, settings, now):
    event = question(session, now - timedelta(days=9))
    for number in range(FORGOTTEN_AT_ONCE + 5):
        session.add(answered_row(event, now - timedelta(days=8, seconds=number), f"archive:{number}"))
    session.commit()

    reconciler(engine, settings, now).round()

    session.expire_all()
    questions = select(OutboxDelivery.id).where(OutboxDelivery.job == "fetch_case_answers")
    assert len(session.scalars(questions).all()) == 1


def test_a_push_service_that_was_refused_yesterday_is_no_longer_paused(session, engine, settings, now):
    yesterday, soon = now - timedelta(days=1), timedelta(minutes=5)
    outbox.close_channel(session, "push/push.example", "403", now=yesterday, probe_after=soon)
    session.commit()

    reconciler(engine, settings, now).round()

    session.expire_all()
    assert not is_paused(session, "push/push.example")


def answered(session, *, at) -> None:
    row = answered_row(question(session, at), at, "archive")
    session.add(row)
    session.flush()
    session.add_all(
        DeliveryAttempt(delivery_id=row.id, attempt=1, at=at, outcome=said) for said in ("begun", "accepted")
    )


def question(session, at) -> OutboxEvent:
    """Store the fact that it was time to ask, long since routed."""
    event = OutboxEvent(
        kind="status_due", payload={"case_number": "2026/7"}, recorded_at=at, due_at=at, routed_at=at, turn=f"t:{at}"
    )
    session.add(event)
    session.flush()
    return event


def answered_row(event: OutboxEvent, at, recipient: str) -> OutboxDelivery:
    return OutboxDelivery(
        event_id=event.id, job="fetch_case_answers", channel="archive", queue="send", recipient=recipient,
        reference=outbox.new_reference(), state=DeliveryState.ACCEPTED.value, step={}, attempts=1, created_at=at,
        due_at=at, external_id="2026/7", ended_at=at,
    )  # fmt: skip


def reconciler(engine, settings, now) -> Reconciler:
    runtime = Runtime(settings, transactions(engine), ports=None, clock=lambda: now)  # type: ignore[arg-type]
    return Reconciler(runtime, None, Watch(settings.lease_seconds))
