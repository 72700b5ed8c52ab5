"""Passkeys of those who work here: making one, using one as the second step of a sign-in, removing them.

A challenge is kept in the row of the sign-in it was made for, so an answer is worth something there alone. It goes with
the first answer, right or wrong: whoever calls `answer_step` or `add_passkey` keeps the changes of a refusal too.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.accounts import ceremony, query, service
from app.accounts.ceremony import FIELD, Owner
from app.accounts.models import Participant, Passkey, SignIn
from app.audit import service as audit
from app.core.actor import Actor
from app.core.dialect import insert_once
from app.core.errors import NotFound, RuleBroken
from app.core.text import N_

MOST = 20
UNKNOWN = N_("Vi kjenner ikke denne passnøkkelen. Bruk en annen.")
TAKEN = N_("Denne passnøkkelen er lagt til fra før.")
TOO_MANY = N_("Du har så mange passnøkler du kan ha. Fjern en først.")


def is_wanted(session: Session, participant: Participant, rule: str) -> bool:
    """Tell whether a right code is not enough. rule: one of settings.PASSKEY_RULES; citizens are never asked."""
    if not participant.actor.is_staff or rule == "off":
        return False
    return rule == "required" or bool(query.passkeys_of(session, participant.id))


def ask(session: Session, sign_in: SignIn, origin: str, *, now: datetime) -> str:
    """Return what the browser is to be asked, as JSON: for one of their passkeys, or to make one.

    A sign-in that waits is asked for one, if there is one. A new challenge takes the place of the one before it.
    """
    sign_in.challenge, sign_in.challenged_at = secrets.token_bytes(ceremony.CHALLENGE_BYTES), now
    known = [key.credential_id for key in query.passkeys_of(session, sign_in.participant_id)]
    if sign_in.waits and known:
        return ceremony.ask_to_use(origin, sign_in.challenge, known)
    who = session.get_one(Participant, sign_in.participant_id)
    return ceremony.ask_to_make(origin, Owner(who.id, who.email, who.name), sign_in.challenge, known)


def answer_step(
    session: Session, sign_in: SignIn, answer: str, origin: str, *, name: str, now: datetime
) -> Participant:
    """Return who has taken the second step of `sign_in`, and end that row: a whole one is to follow.

    They have shown a passkey; or, having had none, made their first and called it `name`. Raises RuleBroken.
    """
    if query.passkeys_of(session, sign_in.participant_id):
        _use(session, sign_in, answer, origin, now)
    else:
        add_passkey(session, sign_in, answer, origin, name=name, now=now)
    session.delete(sign_in)
    return session.get_one(Participant, sign_in.participant_id)


def add_passkey(session: Session, sign_in: SignIn, answer: str, origin: str, *, name: str, now: datetime) -> None:
    """Keep the passkey that this answer brings. name: 1-40 characters. Raises RuleBroken, and then nothing is kept."""
    who = session.get_one(Participant, sign_in.participant_id)
    with _noted_when_refused(session, who, now):
        made = ceremony.prove_made(origin, answer, _taken_challenge(session, sign_in, now))
        if len(query.passkeys_of(session, who.id)) >= MOST:
            raise RuleBroken(TOO_MANY, field=FIELD)
        values = {
            "participant_id": who.id,
            "credential_id": made.credential_id,
            "public_key": made.public_key,
            "sign_count": made.sign_count,
            "name": name,
            "made_at": now,
        }
        if not insert_once(session, Passkey, values):
            raise RuleBroken(TAKEN, field=FIELD)
    _note(session, "passkey_registered", who, now)


def remove_passkey(session: Session, passkey_id: UUID, *, actor: Actor, now: datetime) -> None:
    """Remove one of `actor`'s own passkeys; one that is not there, or not theirs, changes nothing."""
    own = delete(Passkey).where(Passkey.id == passkey_id, Passkey.participant_id == actor.participant_id)
    if session.execute(own.returning(Passkey.id)).first() is not None:
        audit.note(session, "passkey_removed", f"participant:{actor.participant_id}", actor=actor, now=now)


def remove_all(session: Session, email: str, *, actor: Actor | None, now: datetime) -> int:
    """Remove every passkey of somebody who has lost theirs, and sign them out everywhere; return how many there were.

    Raises NotFound.
    """
    found = session.scalar(select(Participant).where(Participant.email == email.strip().lower()))
    if found is None:
        raise NotFound(service.NOBODY)
    gone = session.scalars(delete(Passkey).where(Passkey.participant_id == found.id).returning(Passkey.id)).all()
    service.end_sign_ins(session, actor=found.actor)
    audit.note(session, "passkeys_removed", f"participant:{found.id}", actor=actor, now=now)
    return len(gone)


def _use(session: Session, sign_in: SignIn, answer: str, origin: str, now: datetime) -> None:
    who = session.get_one(Participant, sign_in.participant_id)
    with _noted_when_refused(session, who, now):
        challenge = _taken_challenge(session, sign_in, now)
        key = session.scalar(
            select(Passkey).where(
                Passkey.credential_id == ceremony.key_named_in(answer), Passkey.participant_id == who.id
            )
        )
        if key is None:
            raise RuleBroken(UNKNOWN, field=FIELD)
        before = key.sign_count
        count = ceremony.prove_used(origin, answer, challenge, public_key=key.public_key, sign_count=before)
        counted = update(Passkey).where(Passkey.id == key.id, Passkey.sign_count == before)
        counted = counted.values(sign_count=count, used_at=now).execution_options(synchronize_session=False)
        if session.execute(counted.returning(Passkey.id)).first() is None:
            raise RuleBroken(ceremony.REFUSED, field=FIELD)  # used elsewhere in the same moment: one of them is a copy
    _note(session, "passkey_used", who, now)


def _taken_challenge(session: Session, sign_in: SignIn, now: datetime) -> bytes:
    """Take the challenge, once, whoever else answers it at the same time. Raises RuleBroken when there is none."""
    row = session.get(SignIn, sign_in.id, with_for_update=True, populate_existing=True)
    given, at = (row.challenge, row.challenged_at) if row is not None else (None, None)
    if row is not None:
        row.challenge = row.challenged_at = None
        session.flush()
    if given is None or at is None or now >= at + ceremony.CHALLENGE_LASTS:
        raise RuleBroken(ceremony.SPENT, field=FIELD)
    return given


@contextmanager
def _noted_when_refused(session: Session, who: Participant, now: datetime) -> Iterator[None]:
    try:
        yield
    except RuleBroken:
        _note(session, "passkey_refused", who, now)
        raise


def _note(session: Session, action: str, who: Participant, now: datetime) -> None:
    audit.note(session, action, f"participant:{who.id}", actor=who.actor, now=now)
