"""All that Kari has sent, with marks that nobody else may ever see, and every address the site has."""

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask import Flask
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from app.core.actor import Actor, Role
from app.core.receipt import receipt_token
from app.desk.models import AnswerTemplate
from app.files import service as files
from app.files.models import Picture
from app.files.service import Original
from app.files.store import PAGE, THUMB, picture_store
from app.ideas import service
from app.ideas.models import Idea
from app.outbox import service as outbox
from app.outbox.models import DeliveryState, OutboxDelivery, OutboxEvent
from app.outbox.service import Recipient, Route
from app.settings import Settings
from tests.support.ideas import make_idea

UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
# Marks of one's own: no other page, and no answer of any kind to somebody else, may hold one of them.
EMAIL = "karis-post@kanari.example"
HIDDEN = "Kanarifugl skjult"
WITHDRAWN = "Kanarifugl angret"


@dataclass(frozen=True, slots=True)
class KarisThings:
    """An idea that everybody reads, one that staff hid, one that she took back; each with a picture that is ready.

    stopped: the delivery of the first one to the archive, which the archive has refused. template: of an answer.
    """

    public: Idea
    hidden: Idea
    withdrawn: Idea
    pictures: Mapping[UUID, UUID]
    waiting_picture: UUID
    stopped: UUID
    template: UUID
    settings: Settings

    @property
    def ideas(self) -> tuple[Idea, ...]:
        return (self.public, self.hidden, self.withdrawn)

    def receipt(self, idea: Idea) -> str:
        return receipt_token(self.settings.secret_keys(), idea.id)


def karis_things(session: Session, settings: Settings, kari: Actor, now: datetime) -> KarisThings:
    """Store what Kari has sent, as the doors would have."""
    made = [
        _idea(session, settings, kari, now, "Lys i lysløypa", pictures=2),
        _idea(session, settings, kari, now, HIDDEN),
        _idea(session, settings, kari, now, WITHDRAWN),
    ]
    public, hidden, withdrawn = made
    service.hide_idea(session, hidden, reason="Fornærmende", actor=Actor(role=Role.CASE_WORKER), now=now)
    service.undo_idea(session, withdrawn, now=now, undo_seconds=settings.undo_seconds)
    session.commit()
    pictures = {}
    for idea in made:
        first = session.scalars(select(Picture).where(Picture.input_id == idea.id).order_by(Picture.position)).first()
        assert first is not None
        _drawn(settings, first.id)
        files.mark_ready(session, first.id, width=60, height=40, now=now)
        pictures[idea.id] = first.id
    session.commit()
    waiting = session.scalars(select(Picture.id).where(Picture.state == "waiting")).one()
    return KarisThings(
        public, hidden, withdrawn, pictures, waiting, _stopped(session, public, now), _template(session, now), settings
    )


def _stopped(session: Session, idea: Idea, now: datetime) -> UUID:
    events = session.scalars(select(OutboxEvent).where(OutboxEvent.kind == "idea_submitted")).all()
    (event,) = (event for event in events if event.payload["idea_id"] == str(idea.id))
    outbox.deliver_to(session, event, Route("forward_case", "archive", "send"), [Recipient("archive")], now)
    delivery = session.scalars(select(OutboxDelivery).where(OutboxDelivery.event_id == event.id)).one()
    delivery.state, delivery.stop_reason = DeliveryState.STOPPED.value, "Arkivet sa nei."
    delivery.ended_at = now
    session.commit()
    return delivery.id


def _template(session: Session, now: datetime) -> UUID:
    made = AnswerTemplate(title="Takk", text="Takk for idéen.", changed_at=now)
    session.add(made)
    session.commit()
    return made.id


def _idea(session: Session, settings: Settings, kari: Actor, now: datetime, mark: str, pictures: int = 1) -> Idea:
    return make_idea(
        session, settings, actor=kari, now=now, title=f"{mark} tittel", body=f"{mark} grunn", place=f"{mark} sted",
        email=EMAIL, pictures=_originals(settings, pictures),
    )  # fmt: skip


def _drawn(settings: Settings, picture_id: UUID) -> None:
    """Lay the files as the cleaning would have, without its fenced child, which takes its time."""
    for name in (PAGE, THUMB):
        path = picture_store(settings).redrawn(picture_id, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (60, 40), "navy").save(path, "WEBP")


def _originals(settings: Settings, count: int) -> list[Original]:
    jpeg = io.BytesIO()
    Image.new("RGB", (60, 40), "navy").save(jpeg, "JPEG")
    parts = [_Part(io.BytesIO(jpeg.getvalue())) for _ in range(count)]
    return list(files.receive(parts, store=picture_store(settings)))


@dataclass(frozen=True, slots=True)
class _Part:
    stream: io.BytesIO
    filename: str = "bilde.jpg"


def rules(app: Flask) -> Mapping[str, frozenset[str]]:
    """Return every address of the site as written in its routes, with the methods that some route takes there."""
    found: dict[str, set[str]] = {}
    for rule in app.url_map.iter_rules():
        found.setdefault(rule.rule, set()).update(rule.methods or ())
    return {rule: frozenset(methods) for rule, methods in sorted(found.items())}


def addresses(app: Flask, things: KarisThings) -> Iterator[tuple[Rule, str]]:
    """Give every route with every address that one of Kari's ids makes of it. Her receipts are not among them."""
    ids = [idea.id for idea in things.ideas]
    pictures = [*things.pictures.values(), things.waiting_picture]
    choices = {
        "idea_id": ids,
        "input_id": ids,
        "delivery_id": [things.stopped],
        "template_id": [things.template],
        "view_id": [things.template],
        "bulk_id": [things.template],
        "picture_id": pictures,
        "size": ["side", "liten"],
        "token": [f"{idea_id.hex}.{'A' * 43}" for idea_id in ids],
        "filename": ["vendor/manifest.json"],
    }
    map_ = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        for values in _combined({name: choices[name] for name in sorted(rule.arguments)}):
            yield rule, map_.build(rule.endpoint, values, method=next(iter(rule.methods or {"GET"})))


def _combined(choices: Mapping[str, list[object]]) -> Iterator[dict[str, object]]:
    if not choices:
        yield {}
        return
    (name, values), *rest = choices.items()
    for value in values:
        for others in _combined(dict(rest)):
            yield {name: value, **others}
