"""Mail to the one who sent an idea and left an address: the secret link at once, and later what is new."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.receipt import receipt_token
from app.ideas import query as ideas
from app.ideas.events import IdeaAnswered, IdeaSubmitted
from app.ideas.query import WriterContact
from app.mail import service
from app.mail.client import Mail
from app.moderation.events import ModerationDecided
from app.moderation.query import News, news_or_none
from app.outbox.models import DeliveryState, OutboxEvent
from app.outbox.service import Recipient
from app.parcels.events import StepReached
from app.parcels.models import Step, StepChange
from app.settings import Settings
from workers import regret
from workers.notify_writer import UNDONE, wait_for_second_thoughts
from workers.work import Work

CHANNEL = "mail"
QUEUE = "send"

_WRITER = Recipient("writer")
_MAILED = frozenset({Step.DECIDED.value, Step.DONE.value, Step.NOT_NOW.value})


def recipients(session: Session, event: OutboxEvent, _settings: Settings) -> Sequence[Recipient]:
    """Return the writer, or nobody: no address was left, or this news is not mailed, or another event mails it."""
    if event.kind == StepReached.name and event.payload["step"] not in _MAILED:
        return []
    if event.kind == IdeaAnswered.name and _moved_as_well(session, event):
        return []
    return [] if ideas.writer_contact(session, _idea_id(event)) is None else [_WRITER]


def handle(work: Work, event: OutboxEvent) -> None:
    if event.kind == StepReached.name and not regret.is_over(work, event):
        return
    with work.transaction() as session:
        contact = ideas.writer_contact(session, _idea_id(event))
        decided = _decided(session, event)
    if contact is None:
        with work.settle(DeliveryState.NEVER, reason="Adressen er slettet"):
            return
    if event.kind == ModerationDecided.name:
        if decided is None:
            with work.settle(DeliveryState.NEVER, reason=UNDONE):
                return
        wait_for_second_thoughts(work, decided)
    mail = _letter(event, decided, contact, _receipt_url(work.settings, _idea_id(event)))
    work.ports.mail.send(mail, reference=work.reference, now=work.now)
    with work.settle(DeliveryState.ACCEPTED):
        pass


def _decided(session: Session, event: OutboxEvent) -> News | None:
    if event.kind != ModerationDecided.name:
        return None
    return news_or_none(session, ModerationDecided.model_validate(event.payload).item_id)


def _letter(event: OutboxEvent, decided: News | None, contact: WriterContact, url: str) -> Mail:
    if event.kind == IdeaSubmitted.name:
        return service.receipt_letter(contact.email, contact.language, url=url)
    step = event.payload.get("step", "")
    if decided is not None:
        step = "shown" if decided.shown else "not_shown"
    return service.news_letter(contact.email, contact.language, step=step, url=url)


def _receipt_url(settings: Settings, idea_id: UUID) -> str:
    return f"{settings.public_url.rstrip('/')}/kvittering/{receipt_token(settings.secret_keys(), idea_id)}"


def _idea_id(event: OutboxEvent) -> UUID:
    return UUID(event.payload.get("idea_id") or event.payload["input_id"])


def _moved_as_well(session: Session, event: OutboxEvent) -> bool:
    """Tell whether the answer moved the parcel in the same transaction, to a step that is mailed."""
    moved = select(StepChange.id).where(
        StepChange.input_id == _idea_id(event), StepChange.at == event.recorded_at, StepChange.step.in_(_MAILED)
    )
    return session.scalars(moved.limit(1)).first() is not None
