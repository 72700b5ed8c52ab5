"""One act on many inputs: asked for in a request, done in the background one by one, each whole or not at all."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID, uuid4

from sqlalchemy import Table, insert, select, update
from sqlalchemy.orm import Session

from app.accounts import query as accounts
from app.core.actor import Actor
from app.core.dialect import insert_once
from app.core.errors import DomainError, NotFound, RuleBroken
from app.core.submission import Submission
from app.core.text import N_
from app.desk import query
from app.desk.events import BulkWanted
from app.desk.models import Bulk, BulkItem
from app.desk.policy import may_decide, may_place
from app.desk.service import inputs
from app.desk.service.inputs import Seen
from app.outbox import service as outbox
from app.parcels.models import Step

MOST = 10_000


@dataclass(frozen=True, slots=True)
class BulkDraft:
    """What is to be done to many. what: assigned, sent or step; value: to whom, or which step; reason: of a step."""

    what: str
    value: str
    reason: str
    submission: Submission


def want(session: Session, draft: BulkDraft, ids: Collection[UUID], *, actor: Actor, now: datetime) -> UUID:
    """Note what is wanted, and let it be done in the background; return its id. The same form again: the same id.

    Raises RuleBroken when nothing was chosen, or more than MOST.
    """
    if not (may_decide(actor) if draft.what == "step" else may_place(actor)):
        raise NotFound(N_("Vi fant ikke siden."))
    seen = query.revisions(session, ids)
    if not seen:
        raise RuleBroken(N_("Kryss av for minst ett innspill."))
    if len(seen) > MOST:
        raise RuleBroken(N_("Velg høyst 10 000 om gangen."))
    values = {
        "id": uuid4(),
        "submission_hash": draft.submission.key_hash,
        "content_digest": draft.submission.digest,
        "what": draft.what,
        "value": draft.value,
        "reason": draft.reason,
        "by_id": actor.participant_id,
        "at": now,
    }
    if not insert_once(session, Bulk, values):
        return query.same_bulk(session, draft.submission)
    bulk_id = cast("UUID", values["id"])
    rows = [
        {"bulk_id": bulk_id, "input_id": input_id, "place": place, "revision": revision}
        for place, (input_id, revision) in enumerate(seen.items())
    ]
    session.connection().execute(insert(cast("Table", BulkItem.__table__)), rows)
    outbox.record(session, BulkWanted(bulk_id=bulk_id), now=now)
    return bulk_id


def do_next(session: Session, bulk_id: UUID, *, now: datetime, undo_seconds: float) -> bool:
    """Do the next of the many in the caller's transaction, or note why not; return False when none is left.

    What is done and that it was done are committed together: whoever is killed here has done nothing, and whoever goes
    on meets it again as waiting.
    """
    waiting = select(BulkItem).where(BulkItem.bulk_id == bulk_id, BulkItem.state == "waiting").order_by(BulkItem.place)
    item = session.scalars(waiting.limit(1).with_for_update()).first()
    if item is None:
        return False
    try:
        with session.begin_nested():
            _act(session, session.get_one(Bulk, bulk_id), item, now=now, undo_seconds=undo_seconds)
            item.state = "done"
    except DomainError as refusal:
        item.state, item.refusal = "refused", refusal.message
    return True


def _act(session: Session, bulk: Bulk, item: BulkItem, *, now: datetime, undo_seconds: float) -> None:
    by = accounts.participant_or_none(session, bulk.by_id)
    if by is None:
        raise NotFound(N_("Den som ba om det, jobber ikke her lenger."))
    seen = Seen(item.input_id, item.revision)
    if bulk.what == "assigned":
        inputs.assign(session, seen, UUID(bulk.value) if bulk.value else None, actor=by.actor, now=now)
    elif bulk.what == "sent":
        inputs.send_to_group(session, seen, UUID(bulk.value), actor=by.actor, now=now)
    else:
        step = Step(bulk.value)
        inputs.set_step(session, seen, step, bulk.reason, actor=by.actor, now=now, undo_seconds=undo_seconds)


def end(session: Session, bulk_id: UUID, *, now: datetime) -> None:
    """Note that all of it has been tried."""
    session.execute(update(Bulk).where(Bulk.id == bulk_id).values(ended_at=now))


def know(session: Session, bulk_id: UUID, *, actor: Actor, now: datetime) -> None:
    """Note that whoever asked for it has seen how it went; somebody else's is left as it is."""
    own = update(Bulk).where(Bulk.id == bulk_id, Bulk.by_id == actor.participant_id, Bulk.ended_at.is_not(None))
    session.execute(own.values(seen_at=now))
