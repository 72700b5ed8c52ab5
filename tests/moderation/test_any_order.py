"""Whatever people do, in whatever order: at most one asking is open, and what is shown is what was decided last."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from app.core.errors import DomainError
from app.core.submission import submission
from app.ideas import service as ideas
from app.ideas.models import Idea
from app.ideas.service import CorrectionDraft
from app.moderation import service
from app.moderation.models import ModerationItem, Reason, State, Why
from app.moderation.policy.access import is_shown_while_waiting
from app.moderation.service import SHOW, Seen, Verdict
from tests.support.ideas import make_idea
from tests.support.moderation import SHELVES, waiting

ABUSE = Verdict(Reason.ABUSE, "")
ACTS = ("show", "refuse", "undo", "undo", "report", "appeal", "mend", "mend badly", "desk hides", "desk shows")


@given(acts=st.lists(st.tuples(st.sampled_from(ACTS), st.booleans()), min_size=3, max_size=12), private=st.booleans())
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_shown_is_what_was_decided_last(
    acts, private, session, kari, mona, morten, per, now, request
):  # fmt: skip
    lab = request.getfixturevalue("settings")
    session.execute(delete(ModerationItem))
    body = "Ring 412 34 567." if private else "Mange trener."
    idea = make_idea(session, lab, actor=kari, now=now, body=body)

    for number, (act, first) in enumerate(acts, start=1):
        at = now + timedelta(minutes=number)
        try:
            one, other = (mona, morten) if first else (morten, mona)
            done(session, idea, act, moderator=one, colleague=other, per=per, at=at)()
            session.commit()
        except DomainError:
            session.rollback()
        assert_that_it_adds_up(session, idea)


def done(session, idea, act, *, moderator, colleague, per, at) -> Callable[[], object]:
    """Return the act as the doors do it; what makes no sense then is refused."""
    verdict = SHOW if act == "show" else ABUSE
    typed = {"title": idea.title, "body": f"{uuid4()} 412 34 567" if act == "mend badly" else f"Rettet {uuid4()}"}
    draft = CorrectionDraft(typed["title"], typed["body"], "", submission(uuid4(), typed, []))
    return {
        "show": lambda: decide_all(session, verdict, moderator, at),
        "refuse": lambda: decide_all(session, verdict, moderator, at),
        "undo": lambda: undo_newest(session, idea, (moderator, colleague), at),
        "report": lambda: service.reported(session, idea.id, "idea", now=at),
        "appeal": lambda: ideas.appeal_idea(session, idea, "Jeg er uenig.", now=at),
        "mend": lambda: ideas.correct_idea(session, idea.id, draft, now=at),
        "mend badly": lambda: ideas.correct_idea(session, idea.id, draft, now=at),
        "desk hides": lambda: ideas.hide_idea(session, idea, reason="Fordi.", actor=per, now=at),
        "desk shows": lambda: ideas.show_idea(session, idea, actor=per, now=at),
    }[act]


def decide_all(session, verdict, moderator, at) -> None:
    chosen = [Seen(item.id, item.revision) for item in waiting(session)]
    service.decide_many(session, chosen, verdict, shelves=SHELVES, name="Mona", actor=moderator, now=at)


def undo_newest(session, idea, moderators, at) -> None:
    for item in askings(session, idea)[:1]:
        by = next((one for one in moderators if one.participant_id == item.decided_by), moderators[0])
        service.undo(session, item.id, shelves=SHELVES, actor=by, now=at)


def askings(session, idea) -> list[ModerationItem]:
    query = select(ModerationItem).where(ModerationItem.input_id == idea.id).order_by(ModerationItem.nr.desc())
    return list(session.scalars(query.execution_options(populate_existing=True)))


def assert_that_it_adds_up(session, idea) -> None:
    found = askings(session, idea)
    shown = session.get_one(Idea, idea.id, populate_existing=True).hidden_at is None
    assert sum(item.state == State.WAITING.value for item in found) <= 1
    assert sum(item.why == Why.APPEAL.value for item in found) <= 1
    assert [item.nr for item in found] == list(range(len(found), 0, -1))
    if not found:
        assert shown
    elif found[0].state == State.WAITING.value:
        assert found[0] is next(item for item in found if item.state == State.WAITING.value)
        assert shown == is_shown_while_waiting(Why(found[0].why))
    else:
        assert shown == (found[0].state == State.APPROVED.value)
