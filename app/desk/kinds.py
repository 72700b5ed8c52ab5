"""The kinds of input that there are, and how each is listed, opened and answered at the desk: one entry a kind."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from sqlalchemy.orm import Session

from app.comments import query as comments
from app.comments import service as talk
from app.comments.models import KIND as COMMENT
from app.comments.models import TEXT_LENGTH, Stance
from app.comments.query import LABELS
from app.comments.service import CommentDraft
from app.core.actor import Actor
from app.core.errors import Conflict
from app.core.language import SOURCE_LANGUAGE
from app.core.submission import Submission
from app.core.text import N_, cut
from app.files.query import ShownPicture
from app.ideas import query as ideas
from app.ideas import service as idea_acts
from app.ideas.models import KIND as IDEA
from app.ideas.models import REPLY_LENGTH
from app.ideas.query import ShownReply
from app.ideas.service import ReplyDraft
from app.parcels.models import Step

BEGINNING = 120


@dataclass(frozen=True, slots=True)
class Listed:
    """An input in the list. label: what it is, e.g. «Idé» or «Spørsmål»; title: its own, or how it begins.

    title is "" once it is taken back: then nobody at the desk reads its words.
    """

    label: str
    title: str


@dataclass(frozen=True, slots=True)
class About:
    """The input that another one hangs on."""

    id: UUID
    title: str


@dataclass(frozen=True, slots=True)
class Shown:
    """An input as the desk reads it.

    title: its own, or how it begins; body: all of it, "" when the title says it all. label: as in Listed. about: what
    it hangs on, and answers: the words that it answers. who: the role of whoever wrote it for the municipality.
    found_at: the arguments of its public address. hidden_reason: why the public does not read it, "" when it does;
    supports: how many.
    """

    label: str
    title: str
    body: str
    found_at: Mapping[str, UUID]
    hidden_reason: str
    withdrawn: bool
    replies: Sequence[ShownReply] = ()
    place: str = ""
    supports: int | None = None
    pictures: Sequence[ShownPicture] = ()
    registered: bool = False
    about: About | None = None
    answers: str = ""
    who: str = ""
    can_be_answered: bool = True


@dataclass(frozen=True, slots=True)
class Alike:
    """An input that is much like another. body: how it begins."""

    id: UUID
    title: str
    body: str
    supports: int


@dataclass(frozen=True, slots=True)
class AnswerDraft:
    """An official answer as typed. step: where it leaves an idea; None for a kind whose answers leave it nowhere."""

    text: str
    step: Step | None
    submission: Submission


class Answers(Protocol):
    """Stores an official answer; the same submission again stores nothing."""

    def __call__(
        self, session: Session, input_id: UUID, draft: AnswerDraft, *, actor: Actor, role_name: str, now: datetime,
        undo_seconds: float,
    ) -> None: ...  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kind:
    """How inputs of one kind are met at the desk.

    name: as in `parcels.kind`. label: «Idé». endpoint: of its public page. steps: that staff can set; answer_length: of
    an official answer. listed: of these ids; shown: all of one; find: ids that hold every word, newest first;
    sent_from: ids whose sender left this e-mail; email: of the sender, or None, Conflict once it is taken back;
    has_email: a sender can leave one; alike: others that are much like this title. answer, hide, show: what can be
    done with it in public.
    """

    name: str
    label: str
    endpoint: str
    steps: Sequence[Step]
    answer_length: int
    has_email: bool
    listed: Callable[[Session, Collection[UUID]], Mapping[UUID, Listed]]
    shown: Callable[[Session, UUID, Actor], Shown]
    find: Callable[[Session, str], Sequence[UUID]]
    sent_from: Callable[[Session, str, int], Sequence[UUID]]
    email: Callable[[Session, UUID], str | None]
    alike: Callable[[Session, str], Sequence[Alike]]
    is_answered: Callable[[Session, Submission], bool]
    answer: Answers
    hide: Callable[[Session, UUID, str, Actor, datetime], None]
    show: Callable[[Session, UUID, Actor, datetime], None]


def _listed_ideas(session: Session, ids: Collection[UUID]) -> Mapping[UUID, Listed]:
    return {idea_id: Listed(IDEA_LABEL, title) for idea_id, title in ideas.titles(session, ids).items()}


def _idea(session: Session, idea_id: UUID, actor: Actor) -> Shown:
    found = ideas.published_idea(session, idea_id, actor=actor)
    return Shown(
        label=IDEA_LABEL,
        title=found.title,
        body=found.body,
        found_at={"idea_id": idea_id},
        place=found.place,
        supports=found.support_count,
        pictures=found.pictures,
        replies=found.replies,
        hidden_reason=found.hidden_reason,
        withdrawn=found.withdrawn,
        registered=found.registered,
        can_be_answered=not found.withdrawn,
    )


def _email(session: Session, idea_id: UUID) -> str | None:
    if ideas.taken_back(session, [idea_id]):
        raise Conflict(N_("Denne er trukket tilbake."))
    contact = ideas.writer_contact(session, idea_id)
    return contact.email if contact else None


def _answer_idea(
    session: Session, input_id: UUID, draft: AnswerDraft, *, actor: Actor, role_name: str, now: datetime,
    undo_seconds: float,  # noqa: ARG001 - what is answered in public cannot be regretted
) -> None:  # fmt: skip
    assert draft.step is not None  # noqa: S101 - its form asks for one
    reply = ReplyDraft(draft.text, draft.step, draft.submission)
    idea_acts.answer_idea(
        session, ideas.get_idea(session, input_id), reply, actor=actor, role_name=role_name, now=now
    )  # fmt: skip


def _alike(session: Session, title: str) -> Sequence[Alike]:
    return [Alike(one.id, one.title, one.body, one.support_count) for one in ideas.similar_ideas(session, title)]


def _listed_comments(session: Session, ids: Collection[UUID]) -> Mapping[UUID, Listed]:
    found = comments.beginnings(session, ids)
    return {comment_id: Listed(LABELS[stance], _beginning(text)) for comment_id, (stance, text) in found.items()}


def _beginning(text: str) -> str:
    return cut(" ".join(text.split()), BEGINNING)


def _comment(session: Session, comment_id: UUID, actor: Actor) -> Shown:
    found = comments.comment_at_desk(session, comment_id, actor=actor)
    comment = found.comment
    title = _beginning(comment.text)
    about = ideas.titles(session, [found.input_id]).get(found.input_id, "")
    return Shown(
        label=LABELS[comment.stance],
        title=title,
        body="" if title == comment.text else comment.text,
        found_at={"idea_id": found.input_id, "comment_id": comment_id},
        hidden_reason=comment.hidden_reason,
        withdrawn=comment.gone == "withdrawn",
        replies=tuple(ShownReply(one.text, one.role_name, one.submitted_at) for one in found.official),
        about=About(found.input_id, about),
        answers=found.answers,
        who=comment.role_name,
        can_be_answered=comment.stance is not Stance.REPLY and not comment.gone,
    )


def _answer_comment(
    session: Session, input_id: UUID, draft: AnswerDraft, *, actor: Actor, role_name: str, now: datetime,
    undo_seconds: float,
) -> None:  # fmt: skip
    about = comments.any_comment(session, input_id).input_id
    reply = CommentDraft(Stance.REPLY, draft.text, input_id, role_name, SOURCE_LANGUAGE, draft.submission)
    idea_acts.comment_idea(session, about, reply, actor=actor, now=now, undo_seconds=undo_seconds)


IDEA_LABEL = N_("Idé")
KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            name=IDEA,
            label=IDEA_LABEL,
            endpoint="ideas.show",
            steps=(Step.READ, Step.CONSIDERED, Step.DECIDED, Step.DONE, Step.NOT_NOW),
            answer_length=REPLY_LENGTH,
            has_email=True,
            listed=_listed_ideas,
            shown=_idea,
            find=ideas.find,
            sent_from=lambda session, email, most: ideas.sent_from(session, email, limit=most),
            email=_email,
            alike=_alike,
            is_answered=idea_acts.is_answered,
            answer=_answer_idea,
            hide=lambda session, idea_id, reason, actor, now: idea_acts.hide_idea(
                session, ideas.get_idea(session, idea_id), reason=reason, actor=actor, now=now
            ),
            show=lambda session, idea_id, actor, now: idea_acts.show_idea(
                session, ideas.get_idea(session, idea_id), actor=actor, now=now
            ),
        ),
        # Nobody follows a comment: its steps are for the desk alone, and it needs no more than these.
        Kind(
            name=COMMENT,
            label=N_("Kommentar"),
            endpoint="ideas.one_comment",
            steps=(Step.READ, Step.DONE),
            answer_length=TEXT_LENGTH,
            has_email=False,
            listed=_listed_comments,
            shown=_comment,
            find=comments.find,
            sent_from=lambda _session, _email, _most: (),
            email=lambda _session, _comment_id: None,
            alike=lambda _session, _title: (),
            is_answered=lambda session, sent: talk.sent_or_none(session, sent) is not None,
            answer=_answer_comment,
            hide=lambda session, comment_id, reason, actor, now: idea_acts.hide_comment(
                session, comments.any_comment(session, comment_id), reason=reason, actor=actor, now=now
            ),
            show=lambda session, comment_id, actor, now: idea_acts.show_comment(
                session, comments.any_comment(session, comment_id), actor=actor, now=now
            ),
        ),
    )
}
