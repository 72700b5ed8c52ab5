"""The kinds of input that there are, and how each is listed, opened and answered at the desk: one entry a kind."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.text import N_
from app.files.query import ShownPicture
from app.ideas import dialect as idea_search
from app.ideas import query as ideas
from app.ideas import service as idea_acts
from app.ideas.query import ShownReply
from app.ideas.service import ReplyDraft


@dataclass(frozen=True, slots=True)
class Shown:
    """An input as the desk reads it. hidden_reason: why the public does not, "" when it does; supports: how many."""

    title: str
    body: str
    place: str
    supports: int
    pictures: Sequence[ShownPicture]
    replies: Sequence[ShownReply]
    hidden_reason: str
    withdrawn: bool
    registered: bool


@dataclass(frozen=True, slots=True)
class Alike:
    """An input that is much like another. body: how it begins."""

    id: UUID
    title: str
    body: str
    supports: int


class Answers(Protocol):
    """Stores an official answer; the same submission again stores nothing."""

    def __call__(
        self, session: Session, input_id: UUID, draft: ReplyDraft, *, actor: Actor, role_name: str, now: datetime
    ) -> None: ...


@dataclass(frozen=True, slots=True)
class Kind:
    """How inputs of one kind are met at the desk.

    name: as in `parcels.kind`. label: «Idé». icon: of the sprite. endpoint: of its public page, which takes `argument`.
    titles: of these ids; shown: all of one; find: ids that hold every word, newest first; sent_from: ids whose sender
    left this e-mail; email: of the sender, or None; alike: others that are much like this title.
    answer, hide, show: what can be done with it in public.
    """

    name: str
    label: str
    icon: str
    endpoint: str
    argument: str
    titles: Callable[[Session, Collection[UUID]], Mapping[UUID, str]]
    shown: Callable[[Session, UUID, Actor], Shown]
    find: Callable[[Session, str], Sequence[UUID]]
    sent_from: Callable[[Session, str, int], Sequence[UUID]]
    email: Callable[[Session, UUID], str | None]
    alike: Callable[[Session, str], Sequence[Alike]]
    is_answered: Callable[[Session, ReplyDraft], bool]
    answer: Answers
    hide: Callable[[Session, UUID, str, Actor, datetime], None]
    show: Callable[[Session, UUID, Actor, datetime], None]


def _idea(session: Session, idea_id: UUID, actor: Actor) -> Shown:
    found = ideas.published_idea(session, idea_id, actor=actor)
    return Shown(
        title=found.title,
        body=found.body,
        place=found.place,
        supports=found.support_count,
        pictures=found.pictures,
        replies=found.replies,
        hidden_reason=found.hidden_reason,
        withdrawn=found.withdrawn,
        registered=found.registered,
    )


def _email(session: Session, idea_id: UUID) -> str | None:
    contact = ideas.writer_contact(session, idea_id)
    return contact.email if contact else None


def _answer(
    session: Session, input_id: UUID, draft: ReplyDraft, *, actor: Actor, role_name: str, now: datetime
) -> None:
    idea = ideas.get_idea(session, input_id)
    idea_acts.answer_idea(session, idea, draft, actor=actor, role_name=role_name, now=now)


def _alike(session: Session, title: str) -> Sequence[Alike]:
    return [Alike(one.id, one.title, one.body, one.support_count) for one in ideas.similar_ideas(session, title)]


KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            name="idea",
            label=N_("Idé"),
            icon="idea",
            endpoint="ideas.show",
            argument="idea_id",
            titles=ideas.titles,
            shown=_idea,
            find=idea_search.find_ideas,
            sent_from=lambda session, email, most: ideas.sent_from(session, email, limit=most),
            email=_email,
            alike=_alike,
            is_answered=idea_acts.is_answered,
            answer=_answer,
            hide=lambda session, idea_id, reason, actor, now: idea_acts.hide_idea(
                session, ideas.get_idea(session, idea_id), reason=reason, actor=actor, now=now
            ),
            show=lambda session, idea_id, actor, now: idea_acts.show_idea(
                session, ideas.get_idea(session, idea_id), actor=actor, now=now
            ),
        ),
    )
}
