"""What staff do with a delivery that has stopped."""

from datetime import datetime

from sqlalchemy.orm import Session

from app.cases import service as cases
from app.cases.client import Kind
from app.ideas.events import IdeaAnswered
from app.outbox import service as outbox
from app.outbox.query import Stopped

# The job whose deliveries are letters; other jobs of the archive's channel only ask, and nobody can ask by hand.
LETTERS = "forward_case"


def is_letter(delivery: Stopped) -> bool:
    """Tell whether a person can deliver it in another way."""
    return delivery.job == LETTERS and delivery.input_id is not None


def delivered_otherwise(session: Session, delivery: Stopped, *, case_number: str, now: datetime) -> None:
    """End a letter that somebody has put into the archive by hand, in the case `case_number`, e.g. "2026/211".

    Its writer sees the number, and later answers go into the same case. Raises Conflict when it is no longer stopped.
    """
    assert delivery.input_id is not None  # noqa: S101 - is_letter has looked
    kind = Kind.OUTGOING if delivery.kind == IdeaAnswered.name else Kind.INCOMING
    outbox.delivered_otherwise(session, delivery.id, case_number=case_number, now=now)
    cases.filed_by_hand(
        session, delivery.reference, input_id=delivery.input_id, kind=kind, case_number=case_number, now=now
    )
