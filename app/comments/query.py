"""What can be seen of comments: frozen values, with only what everybody may read."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, bindparam, case, exists, func, literal, or_, select
from sqlalchemy.orm import Session

from app.comments.dialect import COMMENTS
from app.comments.models import Comment, CommentCorrection, Reason, Report, Stance
from app.comments.policy import is_writer, may_correct, may_read
from app.core.actor import Actor
from app.core.errors import NotFound
from app.core.rows import rows
from app.core.text import N_

PAGE = 20
REPLIES_SHOWN = 5
REPORTS_SHOWN = 200
COUNTED_AT_MOST = 1000

LABELS: Mapping[Stance, str] = {
    Stance.FOR: N_("For"),
    Stance.AGAINST: N_("Mot"),
    Stance.QUESTION: N_("Spørsmål"),
    Stance.REPLY: N_("Svar"),
}
REASONS: Mapping[Reason, str] = {
    Reason.PRIVATE: N_("Det står noe privat om noen"),
    Reason.MEAN: N_("Det er slemt mot noen"),
    Reason.ADVERT: N_("Det er reklame eller tull"),
    Reason.OTHER: N_("Noe annet"),
}
GROUPS = (Stance.FOR, Stance.AGAINST, Stance.QUESTION)


@dataclass(frozen=True, slots=True)
class ShownComment:
    """A comment as everybody sees it. own: `actor` wrote it; role_name: "" for a citizen.

    gone: "withdrawn" or "hidden" when its words are not shown; then text is "". hidden_reason: why, else "".
    replies: the first ones, oldest first, at most REPLIES_SHOWN; more_replies: there are others.
    """

    id: UUID
    stance: Stance
    text: str
    role_name: str
    submitted_at: datetime
    own: bool
    gone: str = ""
    hidden_reason: str = ""
    replies: tuple["ShownComment", ...] = ()
    more_replies: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Comments of one stance, oldest first. count: of all that are shown, at most COUNTED_AT_MOST.

    next: the id to ask for the next ones after, or None.
    """

    stance: Stance
    count: int
    comments: tuple[ShownComment, ...]
    next: UUID | None

    @property
    def label(self) -> str:
        return LABELS[self.stance]


@dataclass(frozen=True, slots=True)
class Replies:
    """A comment with a page of its replies. parent_id: of the comment itself, when it is a reply."""

    comment: ShownComment
    parent_id: UUID | None
    next: UUID | None

    @property
    def label(self) -> str:
        return LABELS[self.comment.stance]


@dataclass(frozen=True, slots=True)
class CommentAtDesk:
    """A comment as staff read it. answers: the words that it answers, else ""; official: what was answered for us."""

    comment: ShownComment
    input_id: UUID
    answers: str
    official: tuple[ShownComment, ...]


@dataclass(frozen=True, slots=True)
class SentComment:
    """One's own comment, in the list of what a device has sent. text: how it begins; hidden: others do not see it."""

    id: UUID
    input_id: UUID
    kind: str
    stance: Stance
    text: str
    submitted_at: datetime
    hidden: bool

    @property
    def label(self) -> str:
        return LABELS[self.stance]


@dataclass(frozen=True, slots=True)
class CommentForLetter:
    """Everything the archive is told about a comment. answers: the text that a reply answers, else "".

    earlier: its words until they were put right, "" for the comment as it was sent.
    """

    id: UUID
    stance: Stance
    text: str
    answers: str
    role_name: str
    language: str
    submitted_at: datetime
    withdrawn_at: datetime | None
    input_id: UUID
    earlier: str = ""


_c = Comment.__table__.c
_reply = Comment.__table__.alias("reply")
_SHOWN = (_c.hidden_at.is_(None), _c.withdrawn_at.is_(None))
_ANSWERED = exists().where(_reply.c.parent_id == _c.id, _reply.c.hidden_at.is_(None), _reply.c.withdrawn_at.is_(None))
_ROW = (
    _c.id, _c.parent_id, _c.stance, _c.text, _c.role_name, _c.submitted_at, _c.device_key, _c.author_id, _c.hidden_at,
    _c.hidden_reason, _c.withdrawn_at,
)  # fmt: skip
_THERE = and_(_c.input_id == bindparam("input"), _c.kind == bindparam("kind"))
# What is gone keeps its place while somebody's answer stands below it.
_LISTED = or_(and_(*_SHOWN), _ANSWERED)


def _after() -> ColumnElement[bool]:
    at, after_id = bindparam("after_at", type_=_c.submitted_at.type), bindparam("after_id", type_=_c.id.type)
    return or_(_c.submitted_at > at, and_(_c.submitted_at == at, _c.id > after_id))


@lru_cache
def _page_query(on: str, later: bool) -> Select[Any]:
    """Return the question for one page, made once. on: "thread" or "replies"; later: after some comment."""
    place = and_(_THERE, _c.stance == bindparam("stance")) if on == "thread" else _c.parent_id == bindparam("parent")
    query = select(*_ROW).where(place, _LISTED if on == "thread" else and_(*_SHOWN))
    if later:
        query = query.where(_after())
    return query.order_by(_c.submitted_at, _c.id).limit(bindparam("most"))


def _some(stance: Stance) -> Select[Any]:
    some = select(literal(1).label("one")).where(_THERE, _c.stance == stance.value, *_SHOWN).limit(COUNTED_AT_MOST)
    return select(func.count()).select_from(some.subquery())


_COUNTS = select(*(_some(stance).scalar_subquery().label(stance.value) for stance in GROUPS))
_ANY = select(_c.id).where(_THERE).limit(1)
_ranked = (
    select(*_ROW, func.row_number().over(partition_by=_c.parent_id, order_by=(_c.submitted_at, _c.id)).label("place"))
    .where(_c.parent_id.in_(bindparam("parents", expanding=True)), *_SHOWN)
    .subquery()
)
_FIRST_REPLIES = (
    select(_ranked).where(_ranked.c.place <= REPLIES_SHOWN + 1).order_by(_ranked.c.parent_id, _ranked.c.place)
)


def thread(session: Session, input_id: UUID, kind: str, *, actor: Actor) -> tuple[Group, ...]:
    """Return the first page of each stance, in the order of GROUPS; what nobody has said is an empty group."""
    place = {"input": input_id, "kind": kind}
    if rows(session, _ANY, place).first() is None:
        return tuple(Group(stance, 0, (), None) for stance in GROUPS)
    counts = rows(session, _COUNTS, place).one()
    return tuple(
        _group(session, place, stance, count, None, actor) for stance, count in zip(GROUPS, counts, strict=True)
    )


def group(session: Session, input_id: UUID, kind: str, stance: Stance, *, after: UUID | None, actor: Actor) -> Group:
    """Return a page of one stance, after the comment `after`; one that is not there is as if none had been asked."""
    place = {"input": input_id, "kind": kind}
    counts = rows(session, _COUNTS, place).one()
    return _group(session, place, stance, counts[GROUPS.index(stance)], after, actor)


def _group(
    session: Session, place: Mapping[str, Any], stance: Stance, count: int, after: UUID | None, actor: Actor
) -> Group:
    later = _place_of(session, after)
    asked = {**place, "stance": stance.value, "most": PAGE + 1, **later}
    found = rows(session, _page_query("thread", bool(later)), asked).all()
    shown = found[:PAGE]
    replies = _replies(session, [row.id for row in shown], actor)
    comments = tuple(_shown(row, actor, replies.get(row.id, ())) for row in shown)
    return Group(stance, count, comments, shown[-1].id if len(found) > PAGE else None)


def _place_of(session: Session, comment_id: UUID | None) -> Mapping[str, Any]:
    if comment_id is None:
        return {}
    found = rows(session, select(_c.submitted_at, _c.id).where(_c.id == comment_id)).first()
    return {"after_at": found.submitted_at, "after_id": found.id} if found else {}


def _replies(session: Session, parents: Sequence[UUID], actor: Actor) -> Mapping[UUID, tuple[ShownComment, ...]]:
    """Return the first replies of each, at most one more than are shown."""
    if not parents:
        return {}
    found: dict[UUID, tuple[ShownComment, ...]] = {}
    for row in rows(session, _FIRST_REPLIES, {"parents": list(parents)}):
        found[row.parent_id] = (*found.get(row.parent_id, ()), _shown(row, actor))
    return found


def _shown(
    row: Row[Any], actor: Actor, replies: tuple[ShownComment, ...] = (), *, to_writer: bool = False
) -> ShownComment:
    gone = "withdrawn" if row.withdrawn_at else "hidden" if row.hidden_at else ""
    return ShownComment(
        id=row.id,
        stance=Stance(row.stance),
        text=row.text if not gone or (to_writer and may_read(actor, row)) else "",
        role_name=row.role_name,
        submitted_at=row.submitted_at,
        own=is_writer(actor, row),
        gone=gone,
        hidden_reason=row.hidden_reason,
        replies=replies[:REPLIES_SHOWN],
        more_replies=len(replies) > REPLIES_SHOWN,
    )


def one(
    session: Session, comment_id: UUID, input_id: UUID, kind: str, *, actor: Actor, after: UUID | None = None
) -> Replies:
    """Return a comment on its own page, with PAGE of its replies. `may_read` says who reads what others do not.

    Raises NotFound, also when it hangs on another thing.
    """
    row = rows(session, select(*_ROW).where(_c.id == comment_id, _THERE), {"input": input_id, "kind": kind}).first()
    if row is None:
        raise NotFound(N_("Vi fant ikke kommentaren."))
    later = _place_of(session, after)
    asked = {"parent": comment_id, "most": PAGE + 1, **later}
    found = rows(session, _page_query("replies", bool(later)), asked).all()
    replies = tuple(_shown(reply, actor) for reply in found[:PAGE])
    shown = _shown(row, actor, to_writer=True)
    shown = ShownComment(
        shown.id, shown.stance, shown.text, shown.role_name, shown.submitted_at, shown.own, shown.gone,
        shown.hidden_reason, replies,
    )  # fmt: skip
    return Replies(shown, row.parent_id, found[PAGE - 1].id if len(found) > PAGE else None)


def beginnings(session: Session, ids: Collection[UUID]) -> Mapping[UUID, tuple[Stance, str]]:
    """Return what these comments are and how they begin, "" for those taken back; also hidden ones: for staff alone."""
    found = rows(session, _BEGINNINGS, {"ids": list(ids)}) if ids else ()
    return {row.id: (Stance(row.stance), row.text) for row in found}


_BEGINNINGS = select(
    _c.id, _c.stance, case((_c.withdrawn_at.is_(None), func.substr(_c.text, 1, 200)), else_="").label("text")
).where(_c.id.in_(bindparam("ids", expanding=True)))


def find(session: Session, words: str) -> Sequence[UUID]:
    """Return comments that hold every word, newest first, also hidden ones, but none taken back: for staff alone."""
    found = COMMENTS.find(session, words)
    gone = taken_back(session, found)
    return [comment_id for comment_id in found if comment_id not in gone]


def comment_at_desk(session: Session, comment_id: UUID, *, actor: Actor) -> CommentAtDesk:
    """Return a comment for staff, with what the municipality has said to it. Raises NotFound."""
    comment = any_comment(session, comment_id)
    row = rows(session, select(*_ROW).where(_c.id == comment_id)).one()
    official = select(*_ROW).where(_c.parent_id == comment_id, _c.role_name != "", *_SHOWN)
    answered = session.get(Comment, comment.parent_id) if comment.parent_id else None
    return CommentAtDesk(
        _shown(row, actor, to_writer=True),
        comment.input_id,
        answered.text if answered is not None and may_read(actor, answered) else "",
        tuple(_shown(one, actor) for one in rows(session, official.order_by(_c.submitted_at, _c.id))),
    )


def any_comment(session: Session, comment_id: UUID) -> Comment:
    """Return the row, whatever it hangs on: for staff alone. Raises NotFound."""
    found = session.get(Comment, comment_id)
    if found is None:
        raise NotFound(N_("Vi fant ikke kommentaren."))
    return found


def get_comment(session: Session, comment_id: UUID, input_id: UUID, kind: str) -> Comment:
    """Return the row, for services. Raises NotFound, also when it hangs on another thing."""
    found = session.get(Comment, comment_id)
    if found is None or (found.input_id, found.kind) != (input_id, kind):
        raise NotFound(N_("Vi fant ikke kommentaren."))
    return found


def own_comment(session: Session, comment_id: UUID, input_id: UUID, kind: str, *, actor: Actor) -> Comment:
    """Return the row of a comment that `actor` sent. Raises NotFound, also when it is somebody else's."""
    found = get_comment(session, comment_id, input_id, kind)
    if not is_writer(actor, found):
        raise NotFound(N_("Vi fant ikke kommentaren."))
    return found


def is_answered(session: Session, comment_id: UUID) -> bool:
    """Tell whether anybody has ever answered it, also when the answer was taken back since."""
    return rows(session, select(_c.id).where(_c.parent_id == comment_id).limit(1)).first() is not None


def can_correct(session: Session, comment: Comment) -> bool:
    """Tell whether its writer can still put the words of this comment right."""
    return may_correct(comment, answered=is_answered(session, comment.id))


def awaits_answer(session: Session, comment: Comment) -> bool:
    """Tell whether it is a citizen's question that everybody reads and nobody at the municipality has answered."""
    if comment.stance != Stance.QUESTION.value or comment.role_name:
        return False
    if comment.hidden_at is not None or comment.withdrawn_at is not None:
        return False
    official = select(_c.id).where(_c.parent_id == comment.id, _c.role_name != "", *_SHOWN)
    return rows(session, official.limit(1)).first() is None


def has_comments(session: Session, input_id: UUID, kind: str) -> bool:
    """Tell whether anybody has ever commented, also when it was taken back since."""
    return rows(session, _ANY, {"input": input_id, "kind": kind}).first() is not None


def sent_by(session: Session, actor: Actor, *, limit: int = 50) -> Sequence[SentComment]:
    """Return the comments that this account or device has sent and not taken back, newest first."""
    if actor.participant_id is None and actor.device_key is None:
        return []
    own = _c.author_id == actor.participant_id if actor.participant_id else _c.device_key == actor.device_key
    query = (
        select(
            _c.id,
            _c.input_id,
            _c.kind,
            _c.stance,
            func.substr(_c.text, 1, 200).label("text"),
            _c.submitted_at,
            _c.hidden_at,
        )
        .where(own, _c.withdrawn_at.is_(None))
        .order_by(_c.submitted_at.desc(), _c.id)
        .limit(limit)
    )
    return [
        SentComment(
            row.id, row.input_id, row.kind, Stance(row.stance), row.text, row.submitted_at, row.hidden_at is not None
        )
        for row in rows(session, query)
    ]


def any_from(session: Session, device: bytes) -> bool:
    """Tell whether this device has said something while nobody was signed in on it."""
    return (
        rows(session, select(_c.id).where(_c.device_key == device, _c.author_id.is_(None)).limit(1)).first() is not None
    )


def comment_for_letter(session: Session, comment_id: UUID) -> CommentForLetter:
    """Return what the archive is told."""
    comment = session.get_one(Comment, comment_id)
    parent = session.get(Comment, comment.parent_id) if comment.parent_id else None
    return CommentForLetter(
        id=comment.id,
        stance=Stance(comment.stance),
        text=_as_sent(session, comment),
        answers=parent.text if parent is not None else "",
        role_name=comment.role_name,
        language=comment.language,
        submitted_at=comment.submitted_at,
        withdrawn_at=comment.withdrawn_at,
        input_id=comment.input_id,
    )


def _as_sent(session: Session, comment: Comment) -> str:
    """Return the words before the first correction, each of which is a letter of its own."""
    query = select(CommentCorrection.earlier_text).where(CommentCorrection.comment_id == comment.id)
    first = session.scalar(query.order_by(CommentCorrection.corrected_at, CommentCorrection.id).limit(1))
    return comment.text if first is None else first


def correction_for_letter(session: Session, correction_id: UUID) -> CommentForLetter:
    """Return what the archive is told of a comment that was put right: the words as they are now."""
    correction = session.get_one(CommentCorrection, correction_id)
    comment = comment_for_letter(session, correction.comment_id)
    return replace(
        comment, text=correction.text, earlier=correction.earlier_text, submitted_at=correction.corrected_at
    )  # fmt: skip


def taken_back(session: Session, ids: Collection[UUID]) -> Collection[UUID]:
    """Return those of these comments that their writer has taken back."""
    return set(session.scalars(select(Comment.id).where(Comment.id.in_(ids), Comment.withdrawn_at.is_not(None))))


def writer_device(session: Session, comment_id: UUID) -> bytes | None:
    """Return the device that sent it, so that it is not told of its own words; None when it is gone or taken back."""
    comment = session.get(Comment, comment_id)
    return comment.device_key if comment is not None and comment.withdrawn_at is None else None


@dataclass(frozen=True, slots=True)
class Sent:
    """Who sent a comment, and what it hangs on."""

    sender: Actor
    input_id: UUID


def sent_or_none(session: Session, comment_id: UUID) -> Sent | None:
    """Return who is told what becomes of it; None for what is no comment, or was taken back."""
    comment = session.get(Comment, comment_id)
    if comment is None or comment.withdrawn_at is not None:
        return None
    return Sent(Actor(device_key=comment.device_key, participant_id=comment.author_id), comment.input_id)


def reported(session: Session, ids: Collection[UUID]) -> Mapping[UUID, tuple[tuple[str, str], ...]]:
    """Return what was reported about these inputs and nobody has looked at: reason, own words; oldest first."""
    if not ids:
        return {}
    found: dict[UUID, tuple[tuple[str, str], ...]] = {}
    for row in rows(session, _REPORTED, {"ids": list(ids)}):
        found[row.input_id] = (*found.get(row.input_id, ()), (REASONS[Reason(row.reason)], row.words))
    return found


_r = Report.__table__.c
_REPORTED = (
    select(_r.input_id, _r.reason, _r.words)
    .where(_r.input_id.in_(bindparam("ids", expanding=True)), _r.handled_at.is_(None))
    .order_by(_r.reported_at, _r.id)
    .limit(REPORTS_SHOWN)
)
