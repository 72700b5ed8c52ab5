"""Who is known to us."""

import hashlib
import hmac
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import Participant, Passkey, SignIn, SignInCode
from app.core.actor import STAFF, Actor, Role
from app.core.receipt import one_time_code, sign_in_link

LIFE = timedelta(minutes=15)


class LinkState(Enum):
    """What a link from a mail is worth in this browser."""

    OPEN = "open"
    ELSEWHERE = "elsewhere"
    SPENT = "spent"


@dataclass(frozen=True, slots=True)
class CodeToSend:
    """What the letter with a code needs. link: the secret part of the link's address."""

    email: str
    language: str
    digits: str
    link: str


def signed_in_or_none(session: Session, sign_in_id: UUID, *, now: datetime) -> Participant | None:
    """Return who is signed in by this sign-in: it is whole and not ended, has not run out, and the account is open."""
    return session.scalar(
        select(Participant)
        .join(SignIn, SignIn.participant_id == Participant.id)
        .where(SignIn.id == sign_in_id, SignIn.waits.is_(False), SignIn.ends_at > now, Participant.closed_at.is_(None))
    )


def waiting_or_none(session: Session, sign_in_id: UUID, *, now: datetime) -> SignIn | None:
    """Return a sign-in that waits for its passkey: it has not run out, and the account is open."""
    return session.scalar(
        select(SignIn)
        .join(Participant, SignIn.participant_id == Participant.id)
        .where(SignIn.id == sign_in_id, SignIn.waits, SignIn.ends_at > now, Participant.closed_at.is_(None))
    )


def passkeys_of(session: Session, participant_id: UUID | None) -> Sequence[Passkey]:
    """Return somebody's passkeys, the newest first. There are few: MOST in `app.accounts.passkeys`."""
    own = select(Passkey).where(Passkey.participant_id == participant_id)
    return session.scalars(own.order_by(Passkey.made_at.desc(), Passkey.id)).all()


def sign_ins_of(session: Session, actor: Actor, *, now: datetime, limit: int = 50) -> Sequence[SignIn]:
    """Return where `actor` is signed in, the newest first."""
    whole = SignIn.waits.is_(False), SignIn.ends_at > now
    own = select(SignIn).where(SignIn.participant_id == actor.participant_id, *whole)
    return session.scalars(own.order_by(SignIn.begun_at.desc(), SignIn.id).limit(limit)).all()


def staff(session: Session, *, limit: int = 1000) -> Sequence[Participant]:
    """Return those who work here, open accounts first, then by e-mail; at most `limit`. Citizens are not listed."""
    query = select(Participant).where(Participant.role != Role.CITIZEN.value).limit(limit)
    return session.scalars(query.order_by(Participant.closed_at.is_not(None), Participant.email)).all()


def participant_or_none(session: Session, participant_id: UUID | None) -> Participant | None:
    """Return a participant whose account is open."""
    found = session.get(Participant, participant_id) if participant_id else None
    return found if found is not None and found.closed_at is None else None


def staff_at_work(session: Session, roles: Collection[Role] = STAFF, *, limit: int = 500) -> Sequence[Participant]:
    """Return those who have one of these roles and an open account, by name; at most `limit`."""
    wanted = [role.value for role in roles]
    query = select(Participant).where(Participant.role.in_(wanted), Participant.closed_at.is_(None))
    return session.scalars(query.order_by(Participant.name, Participant.id).limit(limit)).all()


def names(session: Session, ids: Collection[UUID]) -> Mapping[UUID, str]:
    """Return the names of these participants, also of those who have left: for staff alone."""
    found = session.execute(select(Participant.id, Participant.name).where(Participant.id.in_(ids)))
    return {participant_id: name for participant_id, name in found}  # noqa: C416 - a Row is a pair to people, not to mypy


def code_to_send(session: Session, code_id: UUID, keys: Sequence[str]) -> CodeToSend | None:
    """Return what is to be sent, or None when the code is no more, or its address belongs to a closed account."""
    code = session.get(SignInCode, code_id)
    if code is None:
        return None
    participant = session.scalar(select(Participant).where(Participant.email == code.email))
    if participant is not None and participant.closed_at is not None:
        return None
    return CodeToSend(code.email, code.language, one_time_code(keys[-1], code.id), sign_in_link(keys, code.id))


def link_state(session: Session, code_id: UUID, *, browser: str, now: datetime) -> LinkState:
    """Tell what a link is worth in the browser that carries the mark `browser`. Changes nothing."""
    code = session.get(SignInCode, code_id, populate_existing=True)
    if code is None or not is_fresh(code, now):
        return LinkState.SPENT
    return LinkState.OPEN if is_from(code, browser) else LinkState.ELSEWHERE


def is_fresh(code: SignInCode, now: datetime) -> bool:
    return code.used_at is None and now < code.made_at + LIFE


def is_from(code: SignInCode, browser: str) -> bool:
    """Tell whether `browser` is the random mark of the browser that asked for this code."""
    return hmac.compare_digest(code.browser_hash, mark_hash(browser))


def mark_hash(mark: str) -> bytes:
    return hashlib.sha256(mark.encode()).digest()
