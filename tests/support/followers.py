"""Many phones that follow one process, and news for them."""

import base64
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid4

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import insert
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.submission import submission
from app.processes import service
from app.processes.models import Process, ProcessFollow
from app.processes.service import NewsDraft
from app.push.models import PushSubscription

AUTH = base64.urlsafe_b64encode(bytes(range(16))).decode().rstrip("=")


def followed_by_many(
    session: Session,
    process: Process,
    count: int,
    *,
    now: datetime,
    origin: str = "https://fcm.googleapis.com",
    key: ec.EllipticCurvePrivateKey | None = None,
) -> Sequence[UUID]:
    """Let `count` phones with notices on follow `process`; commit, and return their subscriptions.

    Their endpoints are origin/0, origin/1 and so on. All have one key: making them would take longer than the rest.
    """
    public = (key or ec.generate_private_key(ec.SECP256R1())).public_key()
    point = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    p256dh = base64.urlsafe_b64encode(point).decode().rstrip("=")
    phones = [(uuid4(), f"{origin}/{number}", uuid4().bytes * 2) for number in range(count)]
    session.execute(
        insert(PushSubscription),
        [
            {"id": one, "endpoint_hash": mark, "endpoint": endpoint, "origin": origin, "p256dh": p256dh, "auth": AUTH,
             "device_key": mark, "language": "nb", "created_at": now}
            for one, endpoint, mark in phones
        ],
    )  # fmt: skip
    session.execute(
        insert(ProcessFollow),
        [{"id": uuid4(), "process_id": process.id, "device_key": mark, "since": now} for _, _, mark in phones],
    )
    session.commit()
    return [one for one, _, _ in phones]


def tell(session: Session, process: Process, title: str, *, actor: Actor, now: datetime) -> UUID:
    """Publish news as staff do, and commit; return its id."""
    draft = NewsDraft(title, "Vi har bestemt oss.", submission(uuid4(), {"title": title}, ()))
    made = service.tell_news(session, process, draft, actor=actor, now=now)
    session.commit()
    return made
