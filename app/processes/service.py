"""What can be done with processes: begin, write, publish, tell news, end, copy; and what a process lets people do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from uuid import UUID, uuid4

import regex
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.accounts.models import Participant
from app.audit import service as audit
from app.core.actor import STAFF, Actor, Role
from app.core.dialect import insert_once
from app.core.errors import Conflict, NotFound, RuleBroken
from app.core.oslo import OSLO
from app.core.submission import Submission
from app.core.text import N_
from app.files import service as files
from app.files.service import Original
from app.outbox import service as outbox
from app.parcels import service as parcels
from app.processes.events import NewsPublished, ProcessEnded, ProcessPictureChanged, ProcessPublished
from app.processes.models import (
    IDEPOOL_SLUG,
    SLUG_LENGTH,
    TITLE_LENGTH,
    Activity,
    Archiving,
    Moderation,
    News,
    Phase,
    PhaseActivity,
    Process,
    ProcessFollow,
    ProcessMember,
    State,
    WorkingCopy,
)
from app.processes.policy import may_end, may_make
from app.processes.query import NOT_THERE, Door, followed_as, phases_of, saved_by

Typed = Mapping[str, Sequence[str]]
CHANGED = N_("%(name)s endret denne %(clock)s. Det du har skrevet, står her. Åpne siden på nytt for å se det nye.")
_IN_ADDRESS = str.maketrans({"æ": "ae", "ø": "o", "å": "a", "á": "a", "č": "c", "đ": "d", "ŋ": "n", "š": "s",
                             "ŧ": "t", "ž": "z", "ä": "a", "ö": "o", "é": "e"})  # fmt: skip


@dataclass(frozen=True, slots=True)
class PhaseDraft:
    """A phase as written. closes_at None: it has no end."""

    title: str
    opens_at: datetime
    closes_at: datetime | None
    activities: tuple[Activity, ...]


@dataclass(frozen=True, slots=True)
class ProcessDraft:
    """A process as written, each field within its length. members: who may change it, beside its owner."""

    title: str
    summary: str
    influence: str
    decided_by: str
    decides_on: date | None
    place: str
    area_id: UUID | None
    owner_id: UUID
    members: tuple[UUID, ...]
    moderation: Moderation
    phases: tuple[PhaseDraft, ...]
    ideas_archived: Archiving = Archiving.ALONE
    comments_archived: Archiving = Archiving.ALONE


@dataclass(frozen=True, slots=True)
class Pen:
    """An open editor. id: made when the page was; revision: of the working copy it began from, 0 for none."""

    id: UUID
    revision: int


@dataclass(frozen=True, slots=True)
class NewsDraft:
    """Something new, as written."""

    title: str
    text: str
    submission: Submission


def require_open(door: Door, *, now: datetime) -> None:
    """Raise Conflict unless `door` is open at `now`."""
    if now < door.opens_at:
        raise Conflict(N_("Dette er ikke åpent ennå."))
    if door.closes_at is not None and door.closes_at <= now:
        raise Conflict(N_("Dette kom for sent. Teksten din er her."))


def begin_process(
    session: Session, title: str, typed: Typed, *, submission: Submission, actor: Actor, now: datetime
) -> UUID:
    """Begin a draft and return its id; the same submission again gives the first one. Raises NotFound.

    typed: what its editor begins with. The address follows from the title; when that is taken it gets a number.
    """
    if not may_make(actor):
        raise NotFound(NOT_THERE)
    process_id = uuid4()
    values = {"id": process_id, "title": title, "opens_at": now, "closes_at": None, "state": State.DRAFT.value,
              "owner_id": actor.participant_id, "submission_hash": submission.key_hash}  # fmt: skip
    known = select(Process.id).where(Process.submission_hash == submission.key_hash)
    for slug in _addresses(title):
        earlier = session.scalar(known)
        if earlier is not None:
            return earlier
        if insert_once(session, Process, {**_EMPTY, **values, "slug": slug}):
            break
    _keep(session, process_id, typed, Pen(uuid4(), 0), ahead=True, actor=actor, now=now)
    return process_id


_EMPTY = {"summary": "", "influence": "", "decided_by": "", "place": "", "outcome": "",
          "moderation": Moderation.AFTER.value}  # fmt: skip


def slug_of(title: str) -> str:
    """Return the title as an address: small letters of ASCII, digits and dashes; «prosess» when nothing is left."""
    plain = regex.sub(r"[^a-z0-9]+", "-", title.lower().translate(_IN_ADDRESS)).strip("-")
    return plain[: SLUG_LENGTH - 5].rstrip("-") or "prosess"


def _addresses(title: str) -> Sequence[str]:
    """Return the addresses to try, the best first. The last ones cannot be taken."""
    slug = slug_of(title)
    return [slug, *(f"{slug}-{number}" for number in range(2, 20)), f"{slug}-{uuid4().hex[:4]}", uuid4().hex]


def save_copy(
    session: Session, process: Process, typed: Typed, pen: Pen, *, actor: Actor, now: datetime
) -> WorkingCopy:
    """Keep what is being written, right or wrong; everybody else sees the process as before.

    Raises Conflict, and keeps the other's words, when somebody else has saved since this pen began.
    """
    _take_turn(session, process, pen)
    return _keep(session, process.id, typed, pen, ahead=True, actor=actor, now=now)


def _keep(
    session: Session, process_id: UUID, typed: Typed, pen: Pen, *, ahead: bool, actor: Actor, now: datetime
) -> WorkingCopy:
    session.flush()
    copy = session.get(WorkingCopy, process_id)
    if copy is None:
        shown = session.get_one(Process, process_id)
        copy = WorkingCopy(
            process_id=process_id, revision=0, picture_id=shown.picture_id, picture_alt=shown.picture_alt
        )
        session.add(copy)
    copy.typed, copy.ahead, copy.revision, copy.pen = _plain(typed), ahead, copy.revision + 1, pen.id
    copy.saved_at, copy.saved_by = now, actor.participant_id
    session.flush()
    return copy


def _take_turn(session: Session, process: Process, pen: Pen) -> None:
    """Hold the process until this transaction ends. Raises Conflict unless this pen may write on it."""
    session.refresh(process, with_for_update=True)
    if process.state == State.ENDED.value:
        raise Conflict(N_("Prosessen er avsluttet. Den kan ikke endres."))
    copy = session.get(WorkingCopy, process.id, populate_existing=True)
    if copy is not None and copy.pen != pen.id and copy.revision != pen.revision:
        clock = f"{copy.saved_at.astimezone(OSLO):%H.%M}"
        raise Conflict(CHANGED, name=saved_by(session, copy) or "Noen", clock=clock)


def choose_picture(
    session: Session, process: Process, typed: Typed, picture: Original | None, alt: str, *, actor: Actor, now: datetime
) -> None:
    """Let the working copy have this picture; everybody sees it once that is published. What is being typed stays.

    typed: what the editor shows. picture None: the one it has. alt: what it shows. Raises RuleBroken without either.
    """
    copy = _copy_to_picture(session, process, typed, actor=actor, now=now)
    if picture is None and copy.picture_id is None:
        raise RuleBroken(N_("Velg et bilde."), field="picture")
    if not alt:
        raise RuleBroken(N_("Skriv hva bildet viser."), field="alt")
    picture_id = files.add(session, process.id, picture, now=now) if picture else copy.picture_id
    copy.picture_id, copy.picture_alt = picture_id, alt
    if picture:
        outbox.record(session, ProcessPictureChanged(process_id=process.id), now=now)
    session.flush()


def drop_picture(session: Session, process: Process, typed: Typed, *, actor: Actor, now: datetime) -> None:
    """Let the working copy have no picture; everybody sees the one there was until that is published."""
    copy = _copy_to_picture(session, process, typed, actor=actor, now=now)
    copy.picture_id, copy.picture_alt = None, ""
    outbox.record(session, ProcessPictureChanged(process_id=process.id), now=now)
    session.flush()


def _copy_to_picture(session: Session, process: Process, typed: Typed, *, actor: Actor, now: datetime) -> WorkingCopy:
    """Return the working copy, ahead of what everybody sees. Its revision stays, so an open editor is not disturbed."""
    session.refresh(process, with_for_update=True)
    if process.state == State.ENDED.value:
        raise Conflict(N_("Prosessen er avsluttet. Den kan ikke endres."))
    copy = session.get(WorkingCopy, process.id, populate_existing=True)
    if copy is None:
        return _keep(session, process.id, typed, Pen(uuid4(), 0), ahead=True, actor=actor, now=now)
    if not copy.ahead:
        copy.typed, copy.ahead = _plain(typed), True
    copy.saved_at, copy.saved_by = now, actor.participant_id
    return copy


def _plain(typed: Typed) -> dict[str, list[str]]:
    return {name: list(values) for name, values in typed.items()}


def publish_process(
    session: Session, process: Process, draft: ProcessDraft, typed: Typed, pen: Pen, *, actor: Actor, now: datetime
) -> None:
    """Let everybody see the process as in `draft`, which was read from `typed`; announced the first time.

    Raises RuleBroken when the phases do not fit or nobody in staff owns it, Conflict as `save_copy` does.
    """
    _take_turn(session, process, pen)
    _require_owner(session, draft.owner_id)
    _require_phases(draft.phases, endless=process.slug == IDEPOOL_SLUG)
    _write(session, process, draft)
    _show_picture(session, process, now=now)
    first = process.state == State.DRAFT.value
    process.state = State.PUBLISHED.value
    _keep(session, process.id, typed, pen, ahead=False, actor=actor, now=now)
    if first:
        process.published_at = now
        outbox.record(session, ProcessPublished(process_id=process.id), now=now)
    session.flush()
    action = "process_published" if first else "process_changed"
    said = {"title": draft.title, "influence": draft.influence}
    audit.note(session, action, f"process:{process.id}", actor=actor, now=now, said=said)


def _require_owner(session: Session, owner_id: UUID) -> None:
    owner = session.get(Participant, owner_id)
    if owner is None or owner.closed_at is not None or Role(owner.role) not in STAFF:
        raise RuleBroken(N_("Velg hvem som har ansvaret."), field="owner")


def _require_phases(phases: Sequence[PhaseDraft], *, endless: bool) -> None:
    """Phases follow each other: each ends before the next begins, and only the last one may be without an end."""
    if not phases:
        raise RuleBroken(N_("Lag minst én fase."), field="phases")
    if endless and phases[-1].closes_at is not None:
        raise RuleBroken(N_("Idépoolen er alltid åpen. La slutten stå tom."), field="phases")
    in_order = sorted(phases, key=lambda phase: phase.opens_at)
    for phase in phases:
        if phase.closes_at is not None and phase.closes_at <= phase.opens_at:
            raise RuleBroken(N_("«%(title)s» slutter før den begynner."), field="phases", title=phase.title)
    for phase, following in pairwise(in_order):
        if phase.closes_at is None or phase.closes_at > following.opens_at:
            message = N_("«%(one)s» er ikke ferdig når «%(other)s» begynner.")
            raise RuleBroken(message, field="phases", one=phase.title, other=following.title)


def _write(session: Session, process: Process, draft: ProcessDraft) -> None:
    process.title, process.summary, process.influence = draft.title, draft.summary, draft.influence
    process.decided_by, process.decides_on, process.place = draft.decided_by, draft.decides_on, draft.place
    process.area_id, process.owner_id, process.moderation = draft.area_id, draft.owner_id, draft.moderation.value
    process.ideas_archived, process.comments_archived = draft.ideas_archived.value, draft.comments_archived.value
    process.opens_at = min(phase.opens_at for phase in draft.phases)
    ends = [phase.closes_at for phase in draft.phases]
    process.closes_at = None if None in ends else max(end for end in ends if end is not None)
    _remove_phases(session, process.id)
    for phase in draft.phases:
        made = Phase(process_id=process.id, title=phase.title, opens_at=phase.opens_at, closes_at=phase.closes_at)
        session.add(made)
        session.flush()
        session.add_all(PhaseActivity(phase_id=made.id, activity=one.value) for one in phase.activities)
    session.execute(delete(ProcessMember).where(ProcessMember.process_id == process.id))
    session.add_all(ProcessMember(process_id=process.id, participant_id=one) for one in sorted(set(draft.members)))
    session.flush()


def _show_picture(session: Session, process: Process, *, now: datetime) -> None:
    """Let everybody see the picture of the working copy in place of the one there was."""
    copy = session.get(WorkingCopy, process.id)
    if copy is None or (copy.picture_id, copy.picture_alt) == (process.picture_id, process.picture_alt):
        return
    another = copy.picture_id != process.picture_id
    process.picture_id, process.picture_alt = copy.picture_id, copy.picture_alt
    session.flush()
    files.show_only(session, process.id, process.picture_id)
    if another:
        outbox.record(session, ProcessPictureChanged(process_id=process.id), now=now)


def _remove_phases(session: Session, process_id: UUID) -> None:
    ids = select(Phase.id).where(Phase.process_id == process_id)
    session.execute(delete(PhaseActivity).where(PhaseActivity.phase_id.in_(ids)))
    session.execute(delete(Phase).where(Phase.process_id == process_id))


def end_process(session: Session, process: Process, outcome: str, *, actor: Actor, now: datetime) -> None:
    """Close a process and tell what was done; what is open closes now. A second time changes nothing.

    Raises RuleBroken without an outcome, Conflict for a draft and for the Idepool.
    """
    if process.state == State.ENDED.value:
        return
    if not may_end(process):
        raise Conflict(N_("Idépoolen er alltid åpen."))
    if process.state == State.DRAFT.value:
        raise Conflict(N_("Et utkast kan ikke avsluttes. Slett det heller."))
    if not outcome:
        raise RuleBroken(N_("Skriv hva som ble gjort. Alle kan lese det."), field="outcome")
    _close_phases(session, process, now=now)
    process.state, process.outcome, process.ended_at = State.ENDED.value, outcome, now
    _forget_copy(session, process, now=now)
    parcels.hurry_report(session, process.id, now=now)
    outbox.record(session, ProcessEnded(process_id=process.id), now=now)
    session.flush()
    audit.note(session, "process_ended", f"process:{process.id}", actor=actor, now=now, said={"outcome": outcome})


def _close_phases(session: Session, process: Process, *, now: datetime) -> None:
    """End the phase that runs, and leave out those that had not begun."""
    for phase, _activities in phases_of(session, process.id):
        if phase.opens_at >= now:
            session.execute(delete(PhaseActivity).where(PhaseActivity.phase_id == phase.id))
            session.delete(phase)
        elif phase.closes_at is None or phase.closes_at > now:
            phase.closes_at = now
    process.closes_at = min(process.closes_at or now, now) if process.opens_at < now else process.closes_at


def _forget_copy(session: Session, process: Process, *, now: datetime) -> None:
    """Forget what is being written, and a picture that nobody has seen."""
    copy = session.get(WorkingCopy, process.id)
    if copy is not None and copy.picture_id != process.picture_id:
        outbox.record(session, ProcessPictureChanged(process_id=process.id), now=now)
    session.execute(delete(WorkingCopy).where(WorkingCopy.process_id == process.id))


def discard_draft(session: Session, process: Process, *, now: datetime) -> None:
    """Forget a process that nobody has seen. Raises Conflict for one that has been published."""
    if process.state != State.DRAFT.value:
        raise Conflict(N_("Prosessen er vist for alle. Avslutt den heller."))
    _forget_copy(session, process, now=now)
    session.execute(delete(ProcessMember).where(ProcessMember.process_id == process.id))
    session.delete(process)
    session.flush()


def tell_news(session: Session, process: Process, draft: NewsDraft, *, actor: Actor, now: datetime) -> UUID:
    """Publish something new and announce it; the same submission again gives the first one.

    Raises Conflict for a draft, RuleBroken when the key comes with other content.
    """
    if process.state == State.DRAFT.value:
        raise Conflict(N_("Publiser prosessen først. Da kan alle lese nyheten."))
    news_id = uuid4()
    values = {"id": news_id, "submission_hash": draft.submission.key_hash, "content_digest": draft.submission.digest,
              "process_id": process.id, "title": draft.title, "text": draft.text,
              "author_id": actor.participant_id, "published_at": now}  # fmt: skip
    if not insert_once(session, News, values):
        earlier = session.scalars(select(News).where(News.submission_hash == draft.submission.key_hash)).one()
        if earlier.content_digest != draft.submission.digest:
            raise RuleBroken(N_("Dette skjemaet er alt sendt med noe annet. Last siden på nytt og send igjen."))
        return earlier.id
    outbox.record(session, NewsPublished(process_id=process.id, news_id=news_id), now=now)
    audit.note(session, "news_published", f"process:{process.id}", actor=actor, now=now, said={"title": draft.title})
    return news_id


def follow(session: Session, process: Process, *, actor: Actor, now: datetime) -> None:
    """Let `actor` hear of a process; a second time changes nothing. Nobody in particular cannot follow."""
    if actor.device_key is None and actor.participant_id is None:
        return
    who = {"participant_id": actor.participant_id} if actor.participant_id else {"device_key": actor.device_key}
    insert_once(session, ProcessFollow, {"id": uuid4(), "process_id": process.id, "since": now, **who})


def unfollow(session: Session, process: Process, *, actor: Actor) -> None:
    """Let `actor` hear no more of a process."""
    session.execute(delete(ProcessFollow).where(ProcessFollow.process_id == process.id, followed_as(actor)))


def take_along(session: Session, device: bytes, *, actor: Actor) -> None:
    """Let the account of `actor` follow the processes that a device followed (see accounts.client.TakeAlong)."""
    gone = delete(ProcessFollow).where(ProcessFollow.device_key == device)
    for process_id, since in session.execute(gone.returning(ProcessFollow.process_id, ProcessFollow.since)).all():
        mine = {"id": uuid4(), "process_id": process_id, "since": since, "participant_id": actor.participant_id}
        insert_once(session, ProcessFollow, mine)


def copied(typed: Typed) -> dict[str, list[str]]:
    """Return what a copy begins with: all but the dates, which were those of the first one."""
    dates = ("-opens", "-closes")
    kept = {name: list(values) for name, values in typed.items() if not name.endswith(dates) and name != "decides_on"}
    title = (kept.get("title") or [""])[0]
    return kept | {"title": [f"Kopi av {title}"[:TITLE_LENGTH]]}
