"""Processes for tests: as an editor sends them, and as rows."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.submission import submission
from app.processes import service
from app.processes.models import Activity, Moderation, Process
from app.processes.service import Pen, PhaseDraft, ProcessDraft

NOON = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)


def process_form(owner: Actor, **changed: object) -> dict[str, object]:
    """Return what the editor sends, without the CSRF token: open from 1 to 20 March 2026."""
    form: dict[str, object] = {
        "title": "Ny lekeplass på Ankenes",
        "summary": "Vi bygger ny lekeplass. Hva vil du ha der?",
        "influence": "Du kan si hva vi skal bygge. Stedet er bestemt.",
        "decided_by": "Kommunestyret",
        "decides_on": "2026-04-20",
        "place": "Ankenes",
        "area": "mobilitet",
        "owner": str(owner.participant_id),
        "moderation": "after",
        "phases-0-title": "Send idéen din",
        "phases-0-opens": "2026-03-01T08:00",
        "phases-0-closes": "2026-03-20T20:00",
        "phases-0-activities": "ideas",
        "pen": str(uuid4()),
        "revision": "1",
    }
    form.update(changed)
    return form


def process_draft(owner: Actor, **changed: object) -> ProcessDraft:
    values: dict[str, object] = {
        "title": "Ny lekeplass på Ankenes",
        "summary": "Vi bygger ny lekeplass. Hva vil du ha der?",
        "influence": "Du kan si hva vi skal bygge. Stedet er bestemt.",
        "decided_by": "Kommunestyret",
        "decides_on": (NOON + timedelta(days=48)).date(),
        "place": "Ankenes",
        "area_id": None,
        "owner_id": owner.participant_id,
        "members": (),
        "moderation": Moderation.AFTER,
        "phases": (phase(),),
    }
    values.update(changed)
    return ProcessDraft(**values)  # type: ignore[arg-type]


def phase(
    title: str = "Send idéen din",
    opens: timedelta = timedelta(days=-2),
    closes: timedelta | None = timedelta(days=17),
    activities: Sequence[Activity] = (Activity.IDEAS,),
) -> PhaseDraft:
    """A phase that opens and closes so long after NOON."""
    return PhaseDraft(title, NOON + opens, NOON + closes if closes is not None else None, tuple(activities))


def begin(session: Session, owner: Actor, title: str = "Ny lekeplass på Ankenes", key: UUID | None = None) -> Process:
    mark = submission(key or uuid4(), {}, [])
    process_id = service.begin_process(session, title, {"title": [title]}, submission=mark, actor=owner, now=NOON)
    return session.get_one(Process, process_id)


def publish(session: Session, owner: Actor, **changed: object) -> Process:
    """Make a process that everybody sees, and commit."""
    process = begin(session, owner, str(changed.get("title", "Ny lekeplass på Ankenes")))
    draft = process_draft(owner, **changed)
    service.publish_process(session, process, draft, {"title": [draft.title]}, Pen(uuid4(), 1), actor=owner, now=NOON)
    session.commit()
    return process
