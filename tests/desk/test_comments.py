"""Per meets what people say beside what they send: he finds it, answers a question, takes it, hides it."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select

from app.comments.models import Comment, Stance
from app.comments.models import Reason as ReportReason
from app.core.actor import Role
from app.desk import query
from app.desk.query import PAGE, Pile, Wanted
from app.files.store import picture_store
from app.ideas import service as ideas
from app.moderation.models import Reason
from app.moderation.service import SHOW, Verdict
from app.outbox.models import OutboxEvent
from app.parcels.models import Parcel
from app.personal import service as personal
from app.personal.query import Owner
from tests.support.accounts import staff
from tests.support.comments import comment_form, make_comment
from tests.support.desk import act
from tests.support.ideas import make_idea
from tests.support.moderation import decide, the_waiting


def test_what_people_say_stands_beside_what_they_send_and_is_picked_out_by_its_kind(visit_as, say):
    say("Godt tenkt.")
    per = visit_as("per")

    assert titles(per.get("/arbeidsflate?bunke=alle")) == ["Godt tenkt.", "Lys i lysløypa til klokka 23"]
    assert titles(per.get("/arbeidsflate?bunke=alle&type=comment")) == ["Godt tenkt."]
    assert titles(per.get("/arbeidsflate?bunke=alle&type=idea")) == ["Lys i lysløypa til klokka 23"]
    assert titles(per.get("/arbeidsflate")) == ["Lys i lysløypa til klokka 23"]
    assert "For · Mobilitet" in per.get("/arbeidsflate?bunke=alle").words


def test_a_question_is_new_and_has_a_pile_until_somebody_at_the_municipality_answers(visit_as, session, ask, idea):
    question = ask("Hva koster det?")
    per = visit_as("per")
    assert "Spørsmål 1" in per.get("/arbeidsflate").words
    assert titles(per.get("/arbeidsflate?bunke=sporsmal")) == ["Hva koster det?"]

    visit_as("ola").post(f"/ideer/{idea.id}/kommenter?svar_paa={question.id}", comment_form(text="Mye, tror jeg."))
    assert waits(session, question)
    per.post(f"/ideer/{idea.id}/kommenter?svar_paa={question.id}", comment_form(text="To millioner."))

    assert not waits(session, question)
    assert titles(per.get("/arbeidsflate?bunke=sporsmal")) == []


def test_per_answers_where_he_reads_and_the_answer_stands_below_the_question(visit_as, visit, session, ask, idea):
    question = ask("Hva koster det?")
    per = visit_as("per")
    form = {"submission_id": str(uuid4()), "text": "To millioner."}

    act(per, question.id, "svar", form)
    act(per, question.id, "svar", form)

    assert "Rådgiver Narvik kommune" in visit.get(f"/ideer/{idea.id}").words
    (answer,) = session.scalars(select(Comment).where(Comment.parent_id == question.id)).all()
    assert (answer.text, answer.role_name) == ("To millioner.", "Rådgiver")
    assert not waits(session, question)
    page = per.get(at_desk(question))
    assert [deed for deed in way(page) if "varte" in deed or "Svar" in deed] == [
        "Svar sendt av Rådgiver", "Per svarte.",
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["", " \x00", "x" * 1001])
def test_an_answer_that_is_none_or_too_long_is_refused_beside_its_field(visit_as, session, ask, text):
    question = ask("Hva koster det?")

    act(visit_as("per"), question.id, "svar", {"submission_id": str(uuid4()), "text": text}, expect=422)

    assert session.scalars(select(Comment.id).where(Comment.parent_id == question.id)).all() == []
    assert waits(session, question)


def test_an_answer_to_a_question_that_kari_took_back_meanwhile_is_kept_and_told_why(visit_as, session, ask, kari, now):
    question = ask("Hva koster det?")
    per = visit_as("per")
    ideas.withdraw_comment(session, question, actor=kari, now=now)
    session.commit()

    page = act(per, question.id, "svar", {"submission_id": str(uuid4()), "text": "To millioner."}, expect=409)

    assert "Kommentaren du svarer på, er tatt bort. Svaret er ikke sendt." in page.words
    (typed,) = page.tree.xpath("//form[@id='answer']//textarea/text()")
    assert typed.strip() == "To millioner."


def test_an_answer_that_is_taken_back_leaves_the_question_waiting(session, ask, idea, per, now):
    question = ask("Hva koster det?")
    answers = [
        make_comment(session, idea, actor=per, now=now, answers=question.id, role_name="Rådgiver", text=text)
        for text in ("To.", "Tre.")
    ]

    waited = []
    for answer in answers:
        ideas.withdraw_comment(session, answer, actor=per, now=now)
        session.commit()
        waited.append(waits(session, question))

    assert waited == [False, True]


def test_a_question_waits_only_while_it_is_on_the_page(session, ask, ola, mona, now):
    question = ask("Ring 412 34 567, hva koster det?")
    waited = [waits(session, question)]

    decide(session, the_waiting(session, question.id), SHOW, actor=mona, now=now)
    waited.append(waits(session, question))
    ideas.report_comment(session, question, reason=ReportReason.MEAN, words="", actor=ola, now=now)
    decide(session, the_waiting(session, question.id), Verdict(Reason.ABUSE), actor=mona, now=now)
    waited.append(waits(session, question))

    assert waited == [False, True, False]


def test_words_of_a_comment_find_it_also_by_another_ending(visit_as, say):
    say("Reven blir redd av lyset.")

    assert titles(visit_as("per").get("/arbeidsflate?bunke=alle&sok=revene")) == ["Reven blir redd av lyset."]


def test_the_page_of_a_comment_leads_to_its_idea_and_to_what_others_see(visit_as, say, idea):
    comment = say("Godt tenkt.")

    page = visit_as("per").get(at_desk(comment))

    assert page.tree.xpath("//a[@id='about']/@href") == [f"/arbeidsflate/innspill/{idea.id}"]
    assert f"/ideer/{idea.id}/kommentarer/{comment.id}" in page.text
    assert "Vis e-post" not in page.words
    assert "Frist" not in page.words


def test_its_way_tells_what_moderators_and_the_desk_did(visit_as, session, say, mona, now):
    comment = say("Ring 412 34 567.")
    decide(session, the_waiting(session, comment.id), SHOW, actor=mona, now=now + timedelta(minutes=1))
    per = visit_as("per")

    act(per, comment.id, "skjul", {"reason": "Den har et nummer."})
    act(per, comment.id, "vis")

    told = way(per.get(at_desk(comment)))
    assert sorted(told) == sorted(
        [
            "Mottatt",
            "Til moderering: Stoppet av filteret",
            "Mona viste den.",
            "Per skjulte den.",
            "Per viste den igjen.",
        ]
    )
    assert session.get_one(Comment, comment.id, populate_existing=True).hidden_at is None


def test_its_writer_hears_of_what_the_desk_hides(visit_as, session, say):
    comment = say("Noe grovt.")

    act(visit_as("per"), comment.id, "skjul", {"reason": "Det er grovt."})

    assert "moderation_decided" in session.scalars(select(OutboxEvent.kind)).all()


def test_what_per_takes_is_his_until_he_says_it_is_done(visit_as, session, say):
    comment = say("Godt tenkt.")
    per = visit_as("per")
    me = per.get(at_desk(comment)).tree.xpath("//form[.//button[@id='take']]//input[@name='who']/@value")[0]

    act(per, comment.id, "ansvar", {"who": me})
    assert titles(per.get("/arbeidsflate?bunke=mine")) == ["Godt tenkt."]
    act(per, comment.id, "steg", {"step": "done"})
    assert titles(per.get("/arbeidsflate?bunke=mine")) == []
    act(per, comment.id, "angre")

    assert titles(per.get("/arbeidsflate?bunke=mine")) == ["Godt tenkt."]
    assert not waits(session, comment)


@pytest.mark.parametrize("step", ["considered", "decided", "not_now"])
def test_a_comment_has_none_of_the_steps_that_are_for_ideas(visit_as, session, say, step):
    comment = say("Godt tenkt.")

    act(visit_as("per"), comment.id, "steg", {"step": step, "reason": "Fordi."}, expect=422)

    assert session.get_one(Parcel, comment.id, populate_existing=True).step == "received"


def test_the_questions_are_walked_page_by_page_and_none_is_met_twice(session, ask, per, now):
    template = session.get_one(Parcel, ask("Hva koster det?").id)
    session.add_all(earlier(template, number // 3) for number in range(PAGE + 5))

    def page(cursor):
        wanted = Wanted(Pile.QUESTIONS, kind="comment", cursor=cursor)
        return query.inbox(session, wanted, actor=per, now=now, answer_days=0)

    first = page(None)
    second = page(first.after)

    ids = [line.id for line in (*first.lines, *second.lines)]
    assert len(ids) == len(set(ids)) == PAGE + 6


def earlier(parcel: Parcel, number: int) -> Parcel:
    moment = parcel.received_at - timedelta(minutes=number + 1)
    return Parcel(input_id=uuid4(), kind="comment", step="received", received_at=moment, moved_at=moment)


def titles(page) -> list[str]:
    return [" ".join(one.text_content().split()) for one in page.tree.xpath("//*[@id='lines']//h3")]


def test_what_kari_said_is_neither_found_nor_waits_when_she_is_erased(session, settings, ask, kari, per, now):
    question = ask("Hva koster lyset?")

    personal.erase(session, Owner.of(kari), store=picture_store(settings), instance=settings.instance, now=now)
    session.commit()

    found = query.inbox(session, Wanted(Pile.ALL, words="koster"), actor=per, now=now, answer_days=0)
    assert found.lines == ()
    assert not waits(session, question)


def waits(session, comment) -> bool:
    found = session.get_one(Parcel, comment.id, populate_existing=True).waits
    session.commit()
    return found


def at_desk(comment) -> str:
    return f"/arbeidsflate/innspill/{comment.id}"


def way(page) -> list[str]:
    return [" ".join(one.text_content().split()) for one in page.tree.xpath("//ol[@class='way']/li/p[1]/b")]


@pytest.fixture
def idea(session, settings, ola, now):
    return make_idea(session, settings, actor=ola, now=now - timedelta(hours=1))


@pytest.fixture
def say(session, idea, kari, now):
    return lambda text, **more: make_comment(session, idea, actor=kari, now=now, text=text, **more)


@pytest.fixture
def ask(say):
    return lambda text: say(text, stance=Stance.QUESTION)


@pytest.fixture
def mona(session, now):
    return staff(session, "mona", Role.MODERATOR, now)
