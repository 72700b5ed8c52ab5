"""Beginning, writing, publishing and ending processes."""

from datetime import timedelta
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as fewer
from hypothesis import strategies as st
from sqlalchemy import func, select

from app.audit.models import AuditLine
from app.core.actor import Actor, Role
from app.core.errors import Conflict, NotFound, RuleBroken
from app.core.submission import submission
from app.outbox.models import OutboxEvent
from app.processes import query, service
from app.processes.models import Activity, News, Phase, Process, State, WorkingCopy
from app.processes.service import NewsDraft, Pen, slug_of
from tests.support.accounts import staff
from tests.support.processes import NOON, begin, phase, process_draft, publish

DAY = timedelta(days=1)


def test_arne_begins_a_process_that_only_staff_can_see(session, arne, now):
    process = begin(session, arne)

    assert process.slug == "ny-lekeplass-pa-ankenes"
    with pytest.raises(NotFound):
        query.find_published(session, process.slug)
    assert [one.title for one in query.processes_for(session, arne)][:1] == ["Ny lekeplass på Ankenes"]


def test_a_double_click_begins_one_process(session, arne):
    key = uuid4()

    first, second = begin(session, arne, key=key), begin(session, arne, key=key)

    assert first.id == second.id
    assert session.scalar(select(func.count()).select_from(Process).where(Process.state == "draft")) == 1


def test_two_processes_of_one_name_get_two_addresses(session, arne):
    assert begin(session, arne).slug == "ny-lekeplass-pa-ankenes"
    assert begin(session, arne).slug == "ny-lekeplass-pa-ankenes-2"
    assert begin(session, arne, "Idepool").slug == "idepool-2"


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Ålesund? Nei, Bjerkvik!", "alesund-nei-bjerkvik"),
        ("Kjøpsvik og Håkvik", "kjopsvik-og-hakvik"),
        ("Čáhcesuolu", "cahcesuolu"),
        ("🎉", "prosess"),
        ("x" * 200, "x" * 75),
    ],
)
def test_an_address_is_made_of_the_title(title, slug):
    assert slug_of(title) == slug


@pytest.mark.parametrize("role", [Role.CITIZEN, Role.FACILITATOR, Role.MODERATOR, Role.CASE_WORKER])
def test_only_the_working_group_and_administrators_begin_processes(session, role):
    with pytest.raises(NotFound):
        begin(session, Actor(role, uuid4()))


def test_what_is_published_is_seen_by_all_and_announced_once(session, arne, now):
    process = publish(session, arne)
    service.publish_process(
        session, process, process_draft(arne, summary="Noe nytt."), {}, Pen(uuid4(), 2), actor=arne, now=now
    )

    shown = query.shown_process(session, process.slug, now=now)
    assert shown.summary == "Noe nytt."
    assert [one.activity for one in shown.open_now] == [Activity.IDEAS]
    kinds = session.scalars(select(OutboxEvent.kind)).all()
    assert kinds == ["process_published"]
    noted = session.scalars(select(AuditLine.action).order_by(AuditLine.nr)).all()
    assert noted == ["process_published", "process_changed"]


def test_while_it_is_written_everybody_sees_it_as_before(session, arne, now):
    process = publish(session, arne)

    service.save_copy(session, process, {"title": ["Halv"]}, Pen(uuid4(), 2), actor=arne, now=now)

    assert query.shown_process(session, process.slug, now=now).title == "Ny lekeplass på Ankenes"
    assert session.get_one(WorkingCopy, process.id).typed == {"title": ["Halv"]}


def test_two_who_write_at_once_do_not_overwrite_each_other(session, arne, per, now):
    process = begin(session, arne)
    service.save_copy(session, process, {"title": ["Arnes"]}, Pen(uuid4(), 1), actor=arne, now=now)

    with pytest.raises(Conflict) as refusal:
        service.save_copy(session, process, {"title": ["Pers"]}, Pen(uuid4(), 1), actor=per, now=now)

    assert refusal.value.values == {"name": "Arne", "clock": "13.00"}
    assert session.get_one(WorkingCopy, process.id).typed == {"title": ["Arnes"]}


def test_publishing_does_not_hide_what_another_has_published_meanwhile(session, arne, per, now):
    process = publish(session, arne)
    seen = session.get_one(WorkingCopy, process.id).revision
    service.publish_process(session, process, process_draft(arne), {}, Pen(uuid4(), seen), actor=arne, now=now)

    with pytest.raises(Conflict):
        service.publish_process(session, process, process_draft(arne), {}, Pen(uuid4(), seen), actor=per, now=now)


def test_an_answer_that_got_lost_does_not_stop_who_writes(session, arne, now):
    process, pen = begin(session, arne), Pen(uuid4(), 1)

    for text in ("a", "ab", "abc"):
        service.save_copy(session, process, {"title": [text]}, pen, actor=arne, now=now)

    assert session.get_one(WorkingCopy, process.id).typed == {"title": ["abc"]}


@pytest.mark.parametrize(
    ("phases", "message"),
    [
        ((), "Lag minst én fase."),
        ((phase("A", DAY, DAY),), "«%(title)s» slutter før den begynner."),
        ((phase("A", DAY, -DAY),), "«%(title)s» slutter før den begynner."),
        (
            (phase("A", DAY, 3 * DAY), phase("B", 2 * DAY, 4 * DAY)),
            "«%(one)s» er ikke ferdig når «%(other)s» begynner.",
        ),
        ((phase("B", 2 * DAY, 4 * DAY), phase("A", DAY, None)), "«%(one)s» er ikke ferdig når «%(other)s» begynner."),
        ((phase("A", DAY, 2 * DAY), phase("B", DAY, 2 * DAY)), "«%(one)s» er ikke ferdig når «%(other)s» begynner."),
    ],
)
def test_phases_that_do_not_fit_are_refused_and_nothing_is_stored(session, arne, phases, message):
    process = begin(session, arne)

    with pytest.raises(RuleBroken) as refusal:
        _publish(session, process, arne, phases=phases)

    assert refusal.value.message == message
    assert session.scalar(select(func.count()).select_from(Phase).where(Phase.process_id == process.id)) == 0


def test_phases_may_meet(session, arne, now):
    process = publish(session, arne, phases=(phase("B", DAY, None, ()), phase("A", -DAY, DAY)))

    assert [(one.title, one.state) for one in query.shown_process(session, process.slug, now=now).phases] == [
        ("A", "now"),
        ("B", "next"),
    ]
    assert process.closes_at is None


@fewer(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=5))
def test_whatever_phases_are_taken_at_most_one_is_open_at_a_time(spans):
    phases = [phase(str(number), one * DAY, other * DAY) for number, (one, other) in enumerate(spans)]
    try:
        service._require_phases(phases, endless=False)
    except RuleBroken:
        assert any(a >= b for a, b in spans) or _open_at_once(spans) > 1
    else:
        assert all(a < b for a, b in spans)
        assert _open_at_once(spans) == 1


def _open_at_once(spans):
    return max(sum(a <= day < b for a, b in spans) for day in range(31))


@pytest.mark.parametrize("owner", [None, "citizen", "closed"])
def test_a_process_without_an_owner_is_not_published(session, arne, now, owner):
    process = begin(session, arne)
    owners = {None: uuid4, "citizen": lambda: staff(session, "kari", Role.CITIZEN, now).participant_id}
    owners["closed"] = lambda: _closed(session, now)

    with pytest.raises(RuleBroken) as refusal:
        _publish(session, process, arne, owner_id=owners[owner]())

    assert refusal.value.field == "owner"


def _closed(session, now):
    from app.accounts.service import close_account  # noqa: PLC0415 - one test needs it

    actor = staff(session, "gone", Role.CASE_WORKER, now)
    close_account(session, "gone@test.example", actor=None, now=now)
    return actor.participant_id


def test_nothing_ends_before_it_has_told_what_was_done(session, arne, now):
    process = publish(session, arne)

    with pytest.raises(RuleBroken):
        service.end_process(session, process, "", actor=arne, now=now)

    assert process.state == State.PUBLISHED.value


def test_an_end_closes_what_is_open_and_leaves_out_what_had_not_begun(session, arne, now):
    process = publish(session, arne, phases=(phase("Nå"), phase("Siden", 20 * DAY, 30 * DAY)))

    service.end_process(session, process, "Lekeplassen står klar.", actor=arne, now=now)
    session.flush()

    shown = query.shown_process(session, process.slug, now=now)
    assert [(one.title, one.closes_at) for one in shown.phases] == [("Nå", now)]
    assert (shown.open_now, shown.outcome) == ((), "Lekeplassen står klar.")
    assert not query.is_open(query.door_to(session, process.slug, Activity.IDEAS, now=now), now=now)
    assert "process_ended" in session.scalars(select(OutboxEvent.kind)).all()


def test_what_has_ended_stays_as_it_was(session, arne, now):
    process = publish(session, arne)
    service.end_process(session, process, "Ferdig.", actor=arne, now=now)

    service.end_process(session, process, "Noe annet.", actor=arne, now=now)
    with pytest.raises(Conflict):
        service.save_copy(session, process, {}, Pen(uuid4(), 9), actor=arne, now=now)
    with pytest.raises(Conflict):
        _publish(session, process, arne)

    assert process.outcome == "Ferdig."


def test_the_idepool_is_never_ended_nor_given_an_end(session, arne, now):
    idepool = session.scalars(select(Process).where(Process.slug == "idepool")).one()

    with pytest.raises(Conflict):
        service.end_process(session, idepool, "Ferdig.", actor=arne, now=now)
    with pytest.raises(RuleBroken):
        _publish(session, idepool, arne)


def test_a_draft_can_be_thrown_away_and_what_people_have_seen_cannot(session, arne, now):
    draft, shown = begin(session, arne, "Et utkast"), publish(session, arne)

    service.discard_draft(session, draft, now=now)
    with pytest.raises(Conflict):
        service.discard_draft(session, shown, now=now)

    assert session.scalar(select(Process.id).where(Process.title == "Et utkast")) is None


@pytest.mark.parametrize(
    ("after", "opened"), [(-2 * DAY - timedelta(seconds=1), False), (-2 * DAY, True), (DAY, True), (17 * DAY, False)]
)
def test_a_phase_is_open_from_its_first_instant_until_its_last(session, arne, after, opened):
    process = publish(session, arne)
    moment = NOON + after

    assert query.is_open(query.door_to(session, process.slug, Activity.IDEAS, now=moment), now=moment) is opened
    assert bool(query.open_activities(session, now=moment)) is opened
    assert bool(query.shown_process(session, process.slug, now=moment).open_now) is opened


def test_news_is_told_once_however_often_it_is_sent(session, arne, now):
    process = publish(session, arne)
    news = NewsDraft("Vi har valgt huske", "Den kommer i mai.", submission(uuid4(), {"text": "1"}, []))

    for _ in range(2):
        service.tell_news(session, process, news, actor=arne, now=now)

    assert session.scalar(select(func.count()).select_from(News)) == 1
    assert session.scalars(select(OutboxEvent.kind)).all().count("news_published") == 1
    other = NewsDraft("Noe annet", "x", type(news.submission)(news.submission.key_hash, b"other"))
    with pytest.raises(RuleBroken):
        service.tell_news(session, process, other, actor=arne, now=now)


def test_a_copy_has_the_words_and_not_the_dates(session):
    typed = {"title": ["Lekeplass"], "decides_on": ["2026-04-20"], "phases-0-title": ["Idéer"],
             "phases-0-opens": ["2026-03-01T08:00"], "phases-0-closes": [""]}  # fmt: skip

    assert service.copied(typed) == {"title": ["Kopi av Lekeplass"], "phases-0-title": ["Idéer"]}


def test_who_is_given_a_process_may_change_that_one_alone(session, arne, per, fatima, now):
    mine, other = publish(session, arne, members=(per.participant_id,)), publish(session, arne)

    assert query.process_to_change(session, mine.id, actor=per).id == mine.id
    for actor, process in ((per, other), (fatima, mine)):
        with pytest.raises(NotFound):
            query.process_to_change(session, process.id, actor=actor)
    assert [one.id for one in query.processes_for(session, per)] == [mine.id]


def _publish(session, process, actor, **changed):
    pen = Pen(uuid4(), 1)
    service.publish_process(session, process, process_draft(actor, **changed), {}, pen, actor=actor, now=NOON)


@pytest.fixture
def arne(session, now):
    return staff(session, "arne", Role.WORKING_GROUP, now)
