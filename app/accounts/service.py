"""Signing in by a code sent by e-mail, and making participants."""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.accounts.events import SignInCodeWanted
from app.accounts.models import Participant, SignInCode
from app.audit import service as audit
from app.core.actor import Actor, Role
from app.core.errors import NotFound, RuleBroken
from app.core.receipt import one_time_code
from app.core.text import N_
from app.outbox import service as outbox

LIFE = timedelta(minutes=15)
TRIES = 5
WRONG = N_("Koden stemmer ikke, eller den er for gammel. Be om en ny.")


def add_participant(session: Session, *, email: str, name: str, title: str, role: Role, now: datetime) -> Participant:
    """Return the participant with this e-mail, made if there is none; an existing one gets name, title and role."""
    found = session.scalar(select(Participant).where(Participant.email == email.lower()))
    if found is None:
        found = Participant(email=email.lower(), created_at=now)
        session.add(found)
    found.name, found.title, found.role, found.closed_at = name, title, role.value, None
    session.flush()
    return found


def give_role(
    session: Session, *, email: str, name: str, title: str, role: Role, actor: Actor | None, now: datetime
) -> Participant:
    """Make somebody a participant with this role, or give it to the one who is there; noted in the audit log."""
    made = add_participant(session, email=email, name=name, title=title, role=role, now=now)
    audit.note(session, "role_given", f"participant:{made.id}", actor=actor, now=now, said={"role": role.value})
    return made


def close_account(session: Session, email: str, *, actor: Actor | None, now: datetime) -> Participant:
    """Let somebody in no more, and sign them out everywhere; a second time changes nothing. Raises NotFound."""
    found = session.scalar(select(Participant).where(Participant.email == email.strip().lower()))
    if found is None:
        raise NotFound(N_("Ingen har denne e-posten."))
    if found.closed_at is None:
        found.closed_at = now
        audit.note(session, "account_closed", f"participant:{found.id}", actor=actor, now=now)
    return found


def close_for_good(session: Session, participant_ids: Sequence[UUID], *, now: datetime) -> None:
    """Sign out everywhere those whose names are about to be erased."""
    closed = update(Participant).where(Participant.id.in_(participant_ids), Participant.closed_at.is_(None))
    session.execute(closed.values(closed_at=now).execution_options(synchronize_session=False))


def ask_for_code(session: Session, email: str, *, browser: str, now: datetime) -> UUID:
    """Send a code if the address is known; return the code's id, or one that leads nowhere.

    The caller tells the same to everybody, so that nobody learns who is known. browser: a random mark in the
    asking browser's cookie; the code works there alone.
    """
    participant = session.scalar(
        select(Participant).where(Participant.email == email.strip().lower(), Participant.closed_at.is_(None))
    )
    if participant is None:
        return uuid4()
    code = SignInCode(participant_id=participant.id, browser_hash=_hash(browser), made_at=now)
    session.add(code)
    session.flush()
    outbox.record(session, SignInCodeWanted(code_id=code.id), now=now)
    return code.id


def count_try(session: Session, code_id: UUID) -> bool:
    """Count a try in a transaction that stays; return False when the code has been tried too often."""
    counted = session.execute(
        update(SignInCode)
        .where(SignInCode.id == code_id, SignInCode.tries < TRIES)
        .values(tries=SignInCode.tries + 1)
        .returning(SignInCode.id)
        .execution_options(synchronize_session=False)
    ).first()
    return counted is not None


def use_code(
    session: Session, code_id: UUID, digits: str, *, browser: str, keys: Sequence[str], now: datetime
) -> Participant:
    """Return who signs in, and use the code up. Raises RuleBroken when anything about it is wrong.

    It is the same sentence for every reason. The caller has counted the try.
    """
    code = session.get(SignInCode, code_id, populate_existing=True)
    given = "".join(letter for letter in digits if letter.isdigit())
    if code is None or not _fits(code, given, browser, keys, now):
        raise RuleBroken(WRONG, field="code")
    used = session.execute(
        update(SignInCode)
        .where(SignInCode.id == code_id, SignInCode.used_at.is_(None))
        .values(used_at=now)
        .returning(SignInCode.id)
        .execution_options(synchronize_session=False)
    ).first()
    if used is None:
        raise RuleBroken(WRONG, field="code")
    participant = session.get_one(Participant, code.participant_id)
    if participant.actor.is_staff:
        audit.note(session, "signed_in", f"participant:{participant.id}", actor=participant.actor, now=now)
    return participant


def _fits(code: SignInCode, given: str, browser: str, keys: Sequence[str], now: datetime) -> bool:
    right = any(hmac.compare_digest(given, one_time_code(key, code.id)) for key in keys)
    same_browser = hmac.compare_digest(code.browser_hash, _hash(browser))
    fresh = code.used_at is None and now < code.made_at + LIFE and code.tries <= TRIES
    return right and same_browser and fresh


def _hash(mark: str) -> bytes:
    return hashlib.sha256(mark.encode()).digest()
