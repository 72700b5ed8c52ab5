"""All that Kari has sent, with marks that nobody else may ever see, and every address the site has."""

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4, uuid5

from flask import Flask
from PIL import Image
from sqlalchemy import JSON, Column, String, select
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from app.comments.models import Comment, Stance
from app.comments.service import CommentDraft, CorrectionDraft
from app.core.actor import Actor, Role
from app.core.db import Model
from app.core.receipt import receipt_token
from app.core.submission import submission
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
from app.personal.pack import file_path, seal
from app.personal.service import ask_for_file, ask_to_be_erased, file_is_ready
from app.processes.models import Process
from app.push.models import PushSubscription
from app.settings import Settings
from tests.support.accounts import staff
from tests.support.ideas import make_idea
from tests.support.moderation import the_waiting
from tests.support.processes import begin, publish

UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
# Marks of one's own: no other page, and no answer of any kind to somebody else, may hold one of them.
EMAIL = "karis-post@kanari.example"
HIDDEN = "Kanarifugl skjult"
WITHDRAWN = "Kanarifugl angret"
HELD = "Kanarifugl venter"
DRAFT = "Kanarifugl utkast"
SAID = {"public": "Fint", "hidden": HIDDEN, "withdrawn": WITHDRAWN}
PUSH = "kanarifugl-varsel"
MARKS = (EMAIL, HIDDEN, WITHDRAWN, HELD, DRAFT, PUSH)


@dataclass(frozen=True, slots=True)
class KarisThings:
    """An idea that everybody reads, one that staff hid, one that she took back, one that the filter stopped until a
    moderator has looked; each with a picture that is ready.

    stopped: the delivery of the first one to the archive, which the archive has refused. asked: the held one's place in
    the queue of moderation. shown, draft, scrap: a process that everybody sees, and two that staff are writing.
    template: of an answer. comments: on the first one, "public", "hidden" and "withdrawn".
    own_file: all that we hold on her, ready to be fetched. erasure: somebody's wish to be erased.
    """

    public: Idea
    hidden: Idea
    withdrawn: Idea
    held: Idea
    pictures: Mapping[UUID, UUID]
    waiting_picture: UUID
    stopped: UUID
    asked: UUID
    shown: Process
    draft: Process
    scrap: Process
    template: UUID
    comments: Mapping[str, Comment]
    own_file: UUID
    erasure: UUID
    settings: Settings

    @property
    def ideas(self) -> tuple[Idea, ...]:
        return (self.public, self.hidden, self.withdrawn, self.held)

    def receipt(self, idea: Idea) -> str:
        return receipt_token(self.settings.secret_keys(), idea.id)


def karis_things(session: Session, settings: Settings, kari: Actor, now: datetime) -> KarisThings:
    """Store what Kari has sent, as the doors would have."""
    made = [
        _idea(session, settings, kari, now, "Lys i lysløypa", pictures=2),
        _idea(session, settings, kari, now, HIDDEN),
        _idea(session, settings, kari, now, WITHDRAWN),
        _idea(session, settings, kari, now, f"{HELD} på 412 34 567, og"),
    ]
    public, hidden, withdrawn, held = made
    service.hide_idea(session, hidden, reason="Fornærmende", actor=Actor(role=Role.CASE_WORKER), now=now)
    service.appeal_idea(session, hidden, f"{HIDDEN} er ikke fornærmende.", now=now)
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
    session.add(
        PushSubscription(
            endpoint_hash=bytes(32), endpoint=f"https://push.example/{PUSH}", origin="https://push.example",
            p256dh=PUSH, auth=PUSH, device_key=kari.device_key, created_at=now,
        )
    )  # fmt: skip
    session.commit()
    waiting = session.scalars(select(Picture.id).where(Picture.state == "waiting")).one()
    arne = staff(session, "arnes-ting", Role.WORKING_GROUP, now)
    processes = publish(session, arne), begin(session, arne, DRAFT), begin(session, arne, DRAFT)
    session.commit()
    said = {mark: _comment(session, public, kari, now, mark, f"{text} kommentar") for mark, text in SAID.items()}
    service.hide_comment(session, said["hidden"], reason="Grovt", actor=Actor(role=Role.CASE_WORKER), now=now)
    mark = submission(uuid4(), {}, [])
    service.correct_comment(session, said["withdrawn"], CorrectionDraft(f"{WITHDRAWN} nå", mark), now=now)
    service.withdraw_comment(session, said["withdrawn"], actor=kari, now=now)
    session.commit()
    return KarisThings(
        public,
        hidden,
        withdrawn,
        held,
        pictures,
        waiting,
        _stopped(session, public, now),
        the_waiting(session, held.id).id,
        *processes,
        _template(session, now),
        said,
        _own_file(session, settings, kari, now),
        _erasure(session, now),
        settings,
    )


def _comment(session: Session, idea: Idea, kari: Actor, now: datetime, key: str, text: str) -> Comment:
    mark = submission(uuid5(idea.id, key), {"text": text}, [])
    draft = CommentDraft(Stance.FOR, text, None, "", "nb", mark)
    comment_id, _ = service.comment_idea(session, idea.id, draft, actor=kari, now=now, undo_seconds=10)
    session.commit()
    return session.get_one(Comment, comment_id)


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


def _erasure(session: Session, now: datetime) -> UUID:
    somebody = Actor(device_key=bytes(32))
    erasure_id = ask_to_be_erased(session, submission(uuid4(), {}, []), actor=somebody, now=now)
    session.commit()
    return erasure_id


def _own_file(session: Session, settings: Settings, kari: Actor, now: datetime) -> UUID:
    mark = submission(uuid4(), {}, [])
    file_id = ask_for_file(session, mark, actor=kari, language="nb", now=now)
    key = seal(EMAIL.encode(), file_path(settings.instance, file_id))
    file_is_ready(session, file_id, key=key, now=now)
    session.commit()
    return file_id


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
        "item_id": [things.asked],
        "process_id": [things.draft.id, things.shown.id],
        "slug": [things.shown.slug, things.draft.slug],
        "sign_in_id": ids,
        "passkey_id": ids,
        "template_id": [things.template],
        "view_id": [things.template],
        "comment_id": [comment.id for comment in things.comments.values()],
        "file_id": [things.own_file],
        "erasure_id": [things.erasure],
        "door": ["innbygger", "ansatt"],
        "bulk_id": [things.template],
        "picture_id": pictures,
        "size": ["side", "liten"],
        "token": [f"{idea_id.hex}.{'A' * 43}" for idea_id in ids],
        "filename": ["vendor/manifest.json"],
    }
    map_ = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        unknown = rule.arguments - choices.keys()
        assert not unknown, (
            f"S2, S6: {rule.rule} takes {', '.join(sorted(unknown))}, and no thing of Kari's has one. "
            "Let karis_things() store what the new room keeps, and give its ids here"
        )
        for values in _combined({name: choices[name] for name in sorted(rule.arguments)}):
            yield rule, map_.build(rule.endpoint, values, method=next(iter(rule.methods or {"GET"})))


def written_columns() -> list[Column[Any]]:
    """Return the columns that hold what somebody wrote, or words that say who."""
    return [
        column
        for table in Model.metadata.sorted_tables
        for column in table.columns
        if column.info.get("data") in {"person", "content"} and isinstance(column.type, String | JSON)
    ]


def _combined(choices: Mapping[str, list[object]]) -> Iterator[dict[str, object]]:
    if not choices:
        yield {}
        return
    (name, values), *rest = choices.items()
    for value in values:
        for others in _combined(dict(rest)):
            yield {name: value, **others}
