"""Signing in by a code or a link sent by e-mail, and making participants."""

import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.accounts.devices import Device
from app.accounts.events import SignInCodeWanted
from app.accounts.models import Participant, ProviderIdentity, SignIn, SignInCode
from app.accounts.oidc import Identity
from app.accounts.query import LinkState, is_fresh, is_from, link_state, mark_hash
from app.audit import service as audit
from app.core.actor import Actor, Role
from app.core.dialect import insert_once
from app.core.errors import NotAllowed, NotFound, RuleBroken
from app.core.receipt import one_time_code
from app.core.text import N_
from app.outbox import service as outbox

TRIES = 5
# How long an address is kept that nobody has shown to be theirs.
ADDRESS_KEPT = timedelta(days=14)
NOBODY = N_("Ingen har denne e-posten.")
CLOSED = N_("Denne kontoen er stengt.")
NO_ROLE = N_("Du har ikke tilgang ennå. Spør den som styrer Innbyggerlab om å gi deg en rolle.")
# How long a sign-in lasts at most. A citizen's phone is their own; what staff can do is worth a code a week.
CITIZEN_LASTS, WORK_LASTS = timedelta(days=365), timedelta(days=7)
# How long a sign-in waits for its passkey.
WAIT_LASTS = timedelta(minutes=15)
WRONG = N_("Koden stemmer ikke, eller den er for gammel. Be om en ny.")
LINK_REFUSALS = {
    LinkState.SPENT: N_("Lenka er brukt, eller den er for gammel. Be om en ny."),
    LinkState.ELSEWHERE: N_("Lenka virker bare der du ba om den. Gå dit, og skriv koden fra e-posten."),
}


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
    """Make somebody a participant with this role, or give it to the one who is there; noted in the audit log.

    They sign in once more: what a role asks of who signs in, an older sign-in has not been asked.
    """
    made = add_participant(session, email=email, name=name, title=title, role=role, now=now)
    _end_all(session, made.id)
    audit.note(session, "role_given", f"participant:{made.id}", actor=actor, now=now, said={"role": role.value})
    return made


def close_account(session: Session, email: str, *, actor: Actor | None, now: datetime) -> Participant:
    """Let somebody in no more, and sign them out everywhere; a second time changes nothing. Raises NotFound."""
    found = session.scalar(select(Participant).where(Participant.email == email.strip().lower()))
    if found is None:
        raise NotFound(NOBODY)
    _end_all(session, found.id)
    if found.closed_at is None:
        found.closed_at = now
        audit.note(session, "account_closed", f"participant:{found.id}", actor=actor, now=now)
    return found


def close_for_good(session: Session, participant_ids: Sequence[UUID], *, now: datetime) -> None:
    """Sign out everywhere those whose names are about to be erased."""
    closed = update(Participant).where(Participant.id.in_(participant_ids), Participant.closed_at.is_(None))
    session.execute(closed.values(closed_at=now).execution_options(synchronize_session=False))


def ask_for_code(session: Session, email: str, *, browser: str, language: str, now: datetime) -> UUID:
    """Let a code and a link be mailed to an address, known or not; return the code's id.

    The same is done for every address, so that nobody learns who is known; whether a letter goes is seen to when it is
    written. browser: a random mark in the asking browser's cookie; code and link work there alone.
    """
    code = SignInCode(
        email=email.strip().lower(), language=language, browser_hash=mark_hash(browser), made_at=now, tries=0
    )
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
    if code is None or not (is_from(code, browser) and is_fresh(code, now)):
        raise RuleBroken(WRONG, field="code")
    if not any(hmac.compare_digest(given.encode(), one_time_code(key, code.id).encode()) for key in keys):
        raise RuleBroken(WRONG, field="code")
    return _signed_in(session, code, WRONG, now)


def use_link(session: Session, code_id: UUID, *, browser: str, now: datetime) -> Participant:
    """Return who signs in, and use the code up. Raises RuleBroken, which says what to do instead.

    The caller has read the id out of a link that we have signed, so there is nothing to guess and no try to count.
    """
    state = link_state(session, code_id, browser=browser, now=now)
    if state is not LinkState.OPEN:
        raise RuleBroken(LINK_REFUSALS[state])
    return _signed_in(session, session.get_one(SignInCode, code_id), LINK_REFUSALS[LinkState.SPENT], now)


def _signed_in(session: Session, code: SignInCode, refusal: str, now: datetime) -> Participant:
    """Use the code up, once, whoever else tries at the same time; an address that is new becomes a citizen."""
    used = session.execute(
        update(SignInCode)
        .where(SignInCode.id == code.id, SignInCode.used_at.is_(None))
        .values(used_at=now)
        .returning(SignInCode.id)
        .execution_options(synchronize_session=False)
    ).first()
    participant = _citizen(session, code, now) if used is not None else None
    if participant is None or participant.closed_at is not None:
        raise RuleBroken(refusal, field="code")
    return participant


def _citizen(session: Session, code: SignInCode, now: datetime) -> Participant:
    """Return whose address it is; one that nobody has yet becomes a citizen's."""
    whose = select(Participant).where(Participant.email == code.email)
    found = session.scalar(whose)
    if found is None:
        new = {"email": code.email, "name": "", "role": Role.CITIZEN.value, "language": code.language}
        insert_once(session, Participant, {**new, "title": "", "created_at": now})
        found = session.scalars(whose).one()
    return found


def citizen_of(session: Session, identity: Identity, *, now: datetime) -> Participant:
    """Return the citizen whose identity this is, made at the first time. Raises NotAllowed when the account is closed.

    What the provider says of their address is not used: it would lead one way of signing in into another's account.
    """
    found = _by_identity(session, identity)
    if found is None:
        made = Participant(id=uuid4(), name="", role=Role.CITIZEN.value, created_at=now)
        made.email = f"{made.id}@uten.invalid"
        session.add(made)
        session.flush()
        found = _bound(session, identity, made, now)
    if found.closed_at is not None:
        raise NotAllowed(CLOSED)
    return found


def colleague_of(session: Session, identity: Identity, *, now: datetime) -> Participant:
    """Return who works here with this identity. Raises NotAllowed: the provider makes nobody one of us.

    An administrator has given the address a role before; the first sign-in ties the identity to it.
    """
    found = _by_identity(session, identity)
    if found is None and identity.email:
        known = session.scalar(select(Participant).where(Participant.email == identity.email))
        works_here = known is not None and known.actor.is_staff and known.closed_at is None
        found = _bound(session, identity, known, now) if known is not None and works_here else None
    if found is None or found.closed_at is not None or not found.actor.is_staff:
        raise NotAllowed(NO_ROLE)
    return found


def _by_identity(session: Session, identity: Identity) -> Participant | None:
    return session.scalar(
        select(Participant)
        .join(ProviderIdentity, ProviderIdentity.participant_id == Participant.id)
        .where(ProviderIdentity.issuer == identity.issuer, ProviderIdentity.sub == identity.sub)
    )


def _bound(session: Session, identity: Identity, participant: Participant, now: datetime) -> Participant:
    """Tie the identity to this account; whoever did so first, in another tab, has decided whose it is."""
    whose = {"issuer": identity.issuer, "sub": identity.sub, "participant_id": participant.id, "made_at": now}
    if insert_once(session, ProviderIdentity, whose):
        return participant
    first = _by_identity(session, identity)
    assert first is not None  # noqa: S101 - the key was taken, so its row is there
    return first


def begin_sign_in(
    session: Session, participant: Participant, *, device: Device, now: datetime, waits: bool = False
) -> UUID:
    """Note that somebody is signed in on a device; return the id that their session carries.

    waits: they are not, until a passkey has been shown: then this row goes, and a whole one begins.
    """
    works_here = participant.actor.is_staff
    lasts = WAIT_LASTS if waits else WORK_LASTS if works_here else CITIZEN_LASTS
    made = SignIn(participant_id=participant.id, browser=device.browser, system=device.system, begun_at=now)
    made.waits, made.ends_at = waits, now + lasts
    session.add(made)
    session.flush()
    if works_here and not waits:
        audit.note(session, "signed_in", f"participant:{participant.id}", actor=participant.actor, now=now)
    return made.id


def end_sign_in(session: Session, sign_in_id: UUID, *, actor: Actor) -> None:
    """End one of `actor`'s own sign-ins; one that is not there, or not theirs, changes nothing."""
    own = SignIn.participant_id == actor.participant_id
    session.execute(delete(SignIn).where(SignIn.id == sign_in_id, own))


def end_sign_ins(session: Session, *, actor: Actor) -> None:
    """Sign `actor` out everywhere."""
    if actor.participant_id is not None:
        _end_all(session, actor.participant_id)


def _end_all(session: Session, participant_id: UUID) -> None:
    session.execute(delete(SignIn).where(SignIn.participant_id == participant_id))
