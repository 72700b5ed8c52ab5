"""Who is known to us."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import Participant, SignInCode
from app.core.actor import Role
from app.core.receipt import one_time_code


def participant_or_none(session: Session, participant_id: UUID) -> Participant | None:
    """Return a participant whose account is open."""
    found = session.get(Participant, participant_id)
    return found if found is not None and found.closed_at is None else None


def participants(session: Session, *, limit: int = 1000) -> Sequence[Participant]:
    """Return staff and others with an account, open accounts first, then by e-mail; at most `limit`."""
    query = select(Participant).order_by(Participant.closed_at.is_not(None), Participant.email).limit(limit)
    return session.scalars(query).all()


def staff(session: Session, roles: Collection[Role]) -> Sequence[Participant]:
    """Return those who have one of these roles and an open account, by name; at most 200."""
    wanted = [role.value for role in roles]
    query = select(Participant).where(Participant.role.in_(wanted), Participant.closed_at.is_(None))
    return session.scalars(query.order_by(Participant.name, Participant.id).limit(200)).all()


def names(session: Session, ids: Collection[UUID]) -> Mapping[UUID, str]:
    """Return the names of these participants, also of those who have left: for staff alone."""
    found = session.execute(select(Participant.id, Participant.name).where(Participant.id.in_(ids)))
    return {participant_id: name for participant_id, name in found}  # noqa: C416 - a Row is a pair to people, not to mypy


def code_to_send(session: Session, code_id: UUID, keys: Sequence[str]) -> tuple[str, str, str] | None:
    """Return (e-mail, six digits, language) of a code, or None when it is no more."""
    code = session.get(SignInCode, code_id)
    if code is None:
        return None
    participant = session.get_one(Participant, code.participant_id)
    return participant.email, one_time_code(keys[-1], code.id), participant.language
