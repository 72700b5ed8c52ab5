"""What staff do with a delivery that has stopped."""

from datetime import datetime

from sqlalchemy.orm import Session

from app.audit import service as audit
from app.cases import service as cases
from app.cases.client import Kind
from app.core.actor import Actor
from app.ideas.events import IdeaAnswered
from app.outbox import service as outbox
from app.outbox.query import Stopped
from app.parcels.events import ReportCollected

# The jobs whose deliveries are letters; others of the archive's channel only ask, and nobody can ask by hand.
LETTERS = ("forward_case", "file_report")
KINDS = {IdeaAnswered.name: Kind.OUTGOING, ReportCollected.name: Kind.INTERNAL}


def is_letter(delivery: Stopped) -> bool:
    """Tell whether a person can deliver it in another way."""
    return delivery.job in LETTERS and delivery.letter_of is not None


def send_again(session: Session, delivery: Stopped, *, looked_in_archive: bool, actor: Actor, now: datetime) -> None:
    """Let a delivery be tried again, with its old reference. Raises what outbox.service.send_again does."""
    outbox.send_again(session, delivery.id, looked_in_archive=looked_in_archive, now=now)
    said = {"reference": delivery.reference, "looked": "yes" if looked_in_archive else "no"}
    audit.note(session, "delivery_sent_again", f"delivery:{delivery.id}", actor=actor, now=now, said=said)


def delivered_otherwise(session: Session, delivery: Stopped, *, case_number: str, actor: Actor, now: datetime) -> None:
    """End a letter that somebody has put into the archive by hand, in the case `case_number`, e.g. "2026/211".

    Its writer sees the number (of a report: everybody who has something in it), and later answers go into the same
    case. Raises Conflict when it is no longer stopped.
    """
    assert delivery.letter_of is not None  # noqa: S101 - is_letter has looked
    kind = KINDS.get(delivery.kind, Kind.INCOMING)
    outbox.delivered_otherwise(session, delivery.id, case_number=case_number, now=now)
    cases.filed_by_hand(
        session, delivery.reference, input_id=delivery.letter_of, kind=kind, case_number=case_number, now=now
    )
    said = {"reference": delivery.reference, "case_number": case_number}
    audit.note(session, "delivered_otherwise", f"delivery:{delivery.id}", actor=actor, now=now, said=said)
