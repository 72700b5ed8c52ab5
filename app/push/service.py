"""Subscribing, ending it, asking for a test, the words of a notice, and what is noted of each sending."""

import base64
import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.dialect import insert_once
from app.core.errors import Conflict, RuleBroken
from app.core.language import known_language, words_in
from app.core.outbound.push import ForbiddenEndpoint, allowed_endpoint, local_hosts
from app.core.text import N_
from app.outbox import service as outbox
from app.parcels import service as parcels
from app.push import query, sealing
from app.push.client import PushMessage
from app.push.events import TestPushWanted
from app.push.models import PushLog, PushOutcome, PushSubscription

BETWEEN_TESTS = timedelta(seconds=10)
TITLE = "Innbyggerlab"

# What a notice says of a step (look.md 3.3): to the one who sent the input, and to others who follow it.
_NEWS = {
    "read": (N_("Idéen din er lest."), N_("En idé du følger, er lest.")),
    "considered": (N_("Idéen din vurderes nå."), N_("En idé du følger, vurderes nå.")),
    "decided": (N_("Det er bestemt noe om idéen din."), N_("Det er bestemt noe om en idé du følger.")),
    "done": (N_("Dette ble gjort."), N_("Dette ble gjort.")),
    "not_now": (N_("Du har fått svar."), N_("En idé du følger, har fått svar.")),
}
_LOOKED_AT = {True: N_("Idéen din vises nå."), False: N_("Det er nytt om idéen din.")}
_COMMENT_LOOKED_AT = {True: N_("Kommentaren din vises nå."), False: N_("Det er nytt om kommentaren din.")}
TOLD_STEPS = frozenset(_NEWS)
# Not a step, and told in the same way.
COMMENTED = "commented"
_COMMENTED = (N_("Noen har skrevet om idéen din."), N_("Noen har skrevet om en idé du følger."))
_TEST = N_("Dette er et testvarsel. Det virker.")


@dataclass(frozen=True, slots=True)
class SubscriptionWish:
    """What a browser gives when it subscribes. p256dh: a P-256 point, auth: 16 bytes; both base64url.

    vapid_key: mark of the key of ours that it used.
    """

    endpoint: str
    p256dh: str
    auth: str
    language: str = "nb"
    vapid_key: str | None = None


def subscribe(
    session: Session,
    wish: SubscriptionWish,
    *,
    actor: Actor,
    now: datetime,
    push_hosts: str = "",
    input_id: UUID | None = None,
) -> PushSubscription:
    """Store this browser's subscription in place of what it had; with input_id, let it follow that too.

    A browser has one subscription at a time and one mark in its cookie, so an older one with the same mark is dead,
    and would be a second notice of the same thing if it were not. That is also how a subscription is renewed.
    push_hosts: LAB_PUSH_HOSTS. Raises RuleBroken when the endpoint is none of a known push service or the keys are
    not keys, NotFound when there is no such input.
    """
    if actor.device_key is None and actor.participant_id is None:
        raise RuleBroken(N_("Nettleseren din må godta informasjonskapsler for å få varsler."))
    origin = _checked(wish, push_hosts)
    key = _hash(wish.endpoint)
    values = {
        "endpoint": wish.endpoint,
        "origin": origin,
        "p256dh": wish.p256dh,
        "auth": wish.auth,
        "device_key": actor.device_key,
        "participant_id": actor.participant_id,
        "language": known_language(wish.language),
        "gone_at": None,
        "vapid_key": wish.vapid_key,
    }
    new = {"id": uuid4(), "endpoint_hash": key, "created_at": now, **values}
    if not insert_once(session, PushSubscription, new):
        session.execute(update(PushSubscription).where(PushSubscription.endpoint_hash == key).values(**values))
    if actor.device_key is not None:
        older = PushSubscription.device_key == actor.device_key
        session.execute(delete(PushSubscription).where(older, PushSubscription.endpoint_hash != key))
    if input_id is not None:
        parcels.follow(session, input_id, actor=actor, now=now)
    return session.scalars(
        select(PushSubscription).where(PushSubscription.endpoint_hash == key).execution_options(populate_existing=True)
    ).one()


def unsubscribe(session: Session, *, actor: Actor) -> int:
    """Forget this device's subscriptions; return how many there were."""
    if actor.device_key is None:
        return 0
    own = PushSubscription.device_key == actor.device_key
    return len(session.scalars(delete(PushSubscription).where(own).returning(PushSubscription.id)).all())


def take_along(session: Session, device: bytes, *, actor: Actor) -> None:
    """Let a device go on being told, now as one of the account of `actor` (see accounts.client.TakeAlong)."""
    own = update(PushSubscription).where(
        PushSubscription.device_key == device, PushSubscription.participant_id.is_(None)
    )
    session.execute(own.values(device_key=actor.device_key, participant_id=actor.participant_id))


def request_test(session: Session, *, actor: Actor, now: datetime) -> int:
    """Ask for a test notice on this device; return to how many browsers it goes.

    Raises Conflict when nothing is on here, or the last test is less than BETWEEN_TESTS old.
    """
    active = [s for s in query.of_device(session, actor) if s.gone_at is None]
    if not active:
        raise Conflict(N_("Varsler er ikke på her. Slå dem på først."))
    if any(s.test_asked_at is not None and now - s.test_asked_at < BETWEEN_TESTS for s in active):
        raise Conflict(N_("Du har nettopp bedt om et testvarsel. Vent litt."))
    for subscription in active:
        subscription.test_asked_at = now
        outbox.record(session, TestPushWanted(subscription_id=subscription.id), now=now)
    return len(active)


def step_message(
    step: str, language: str, *, own: bool, url: str, subscription_id: UUID, input_id: UUID
) -> PushMessage:
    """Return the notice of a step, or of COMMENTED. Nobody's words are in it, nor the title.

    url: complete address on our own site.
    """
    said = _COMMENTED if step == COMMENTED else _NEWS[step]
    body = words_in(language).gettext(said[0 if own else 1])
    thing = f"step:{subscription_id}:{input_id}"
    return _message(body, language, url=url, thing=thing, name="svar", badge=True, about="step" if own else "follow")


def step_words(step: str, *, own: bool) -> str:
    """Return what is said of a step of TOLD_STEPS, untranslated: to who sent the input, or to others."""
    return _NEWS[step][0 if own else 1]


def moderation_message(
    language: str, *, shown: bool, comment: bool, url: str, subscription_id: UUID, input_id: UUID
) -> PushMessage:
    """Return the notice to a writer that somebody has looked. Others may read it on a locked phone: it says no more."""
    body = words_in(language).gettext((_COMMENT_LOOKED_AT if comment else _LOOKED_AT)[shown])
    return _message(body, language, url=url, thing=f"look:{subscription_id}:{input_id}", name="svar", badge=True)


def news_message(
    title: str, language: str, *, process: str, url: str, subscription_id: UUID, news_id: UUID
) -> PushMessage:
    """Return the notice of news in a process: both titles are public, and stand there as staff wrote them."""
    thing = f"news:{subscription_id}:{news_id}"
    return _message(title, language, url=url, thing=thing, name="nytt", badge=True, headline=process, about="news")


def test_message(language: str, *, url: str, subscription_id: UUID) -> PushMessage:
    """Return the notice that shows that notices arrive."""
    body = words_in(language).gettext(_TEST)
    return _message(body, language, url=url, thing=f"test:{subscription_id}", name="test", badge=False, about="test")


def _message(
    body: str,
    language: str,
    *,
    url: str,
    thing: str,
    name: str,
    badge: bool,
    headline: str = TITLE,
    about: str = "step",
) -> PushMessage:
    """Declarative Web Push (look.md 4.5); our worker shows the same JSON elsewhere.

    thing: what the notice is about, for this one phone, so that the push services cannot tell who follows the same.
    """
    mark = base64.urlsafe_b64encode(hashlib.sha256(thing.encode()).digest()[:15]).decode()
    shown = {
        "web_push": 8030,
        **({"app_badge": 1} if badge else {}),
        "notification": {
            "title": headline,
            "body": body,
            "lang": known_language(language),
            "dir": "ltr",
            "navigate": url,
            "tag": f"{name}-{mark}",
            "silent": False,
        },
    }
    return PushMessage(json.dumps(shown, ensure_ascii=False, separators=(",", ":")).encode(), mark, about=about)


def note_all(session: Session, ids: Collection[UUID], *, topic: str, outcome: PushOutcome, now: datetime) -> None:
    """Write one line of the delivery log for each of these subscriptions. topic: what the messages are about."""
    if not ids:
        return
    lines = [{"id": uuid4(), "subscription_id": one, "topic": topic, "outcome": outcome.value, "at": now}
             for one in ids]  # fmt: skip
    session.execute(insert(PushLog), lines)
    if outcome is PushOutcome.ACCEPTED:
        heard = update(PushSubscription).where(PushSubscription.id.in_(ids)).values(last_accepted_at=now)
        session.execute(heard.execution_options(synchronize_session=False))


def forget_all(session: Session, ids: Collection[UUID], *, now: datetime) -> None:
    """Blank subscriptions that are no more; that they were there stays, so that the phones can be told."""
    if ids:
        session.execute(
            update(PushSubscription)
            .where(PushSubscription.id.in_(ids), PushSubscription.gone_at.is_(None))
            .values(endpoint="", p256dh="", auth="", gone_at=now)
            .execution_options(synchronize_session=False)
        )


def _checked(wish: SubscriptionWish, push_hosts: str) -> str:
    """Return the origin of the endpoint. Raises RuleBroken; nothing is looked up in a request."""
    try:
        origin = allowed_endpoint(wish.endpoint, local=local_hosts(push_hosts)).origin
    except ForbiddenEndpoint:
        raise RuleBroken(N_("Denne nettleseren bruker en varslingstjeneste vi ikke kjenner.")) from None
    try:
        point = sealing.decoded(wish.p256dh, sealing.POINT)
        sealing.decoded(wish.auth, sealing.AUTH)
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except ValueError:
        raise RuleBroken(N_("Nettleseren ga oss nøkler vi ikke kan bruke. Prøv igjen.")) from None
    return origin


def _hash(endpoint: str) -> bytes:
    return hashlib.sha256(endpoint.encode("utf-8", "replace")).digest()
