"""Commenting on an idea, answering, reading on and taking back, through the doors people use."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from app.comments import query
from app.comments.models import Comment, Stance
from app.ideas import service as ideas
from app.outbox.models import OutboxEvent
from app.parcels.models import Follow, Parcel
from tests.support.comments import comment_form, make_comment
from tests.support.ideas import make_idea

PRIVATE = "Har du skrevet noe privat?"


def test_ola_comments_and_everybody_reads_it(visit_as, visit, session, idea):
    sent = visit_as("ola").post(f"{url(idea)}/kommenter", comment_form(stance="against", text="Lyset skremmer reven."))

    assert "Takk! Kommentaren din står på siden nå." in visit_as("ola").get(f"{sent.location}?hilsen=takk").words
    page = visit.get(url(idea))
    assert "Mot 1" in page.words
    assert "Lyset skremmer reven." in page.words
    assert "Din" not in texts(page, "//article[contains(@class, 'comment')]//span")


def test_ola_sees_which_one_is_his_and_finds_it_among_what_he_sent(visit_as, session, idea, ola, now):
    comment = make_comment(session, idea, actor=ola, now=now)

    assert "Din" in texts(visit_as("ola").get(url(idea)), "//article[contains(@class, 'comment')]//span")
    assert f"{url(idea)}/kommentarer/{comment.id}" in visit_as("ola").get("/mine").text
    assert str(comment.id) not in visit_as("kari").get("/mine").text


def test_a_comment_its_parcel_and_its_facts_are_stored_together(visit_as, session, idea):
    visit_as("ola").post(f"{url(idea)}/kommenter", comment_form())

    comment = session.scalars(select(Comment)).one()
    events = {e.kind: e for e in session.scalars(select(OutboxEvent)) if "comment_id" in e.payload}
    assert set(events) == {"comment_submitted", "comments_arrived"}
    assert events["comment_submitted"].payload == {"comment_id": str(comment.id), "input_id": str(idea.id)}
    assert events["comment_submitted"].due_at - comment.submitted_at == timedelta(seconds=11)
    assert session.get_one(Parcel, comment.id).kind == "comment"
    assert session.scalars(select(Follow).where(Follow.input_id == comment.id)).all() == []


def test_the_same_form_twice_is_one_comment(visit_as, session, idea):
    form, ola = comment_form(), visit_as("ola")

    first, second = (ola.post(f"{url(idea)}/kommenter", form).location for _ in range(2))

    assert first == second
    assert session.scalar(select(func.count()).select_from(Comment)) == 1


def test_a_used_form_with_other_words_is_refused_and_the_words_stay(visit_as, session, idea):
    form, ola = comment_form(), visit_as("ola")
    ola.post(f"{url(idea)}/kommenter", form)

    page = ola.post(f"{url(idea)}/kommenter", form | {"text": "Noe annet"}, expect=422)

    assert "alt sendt" in page.words
    assert session.scalar(select(func.count()).select_from(Comment)) == 1


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"text": ""}, "Skriv hva du vil si."),
        ({"text": " \x00 \u200b"}, "Skriv hva du vil si."),
        ({"text": "x" * 1001}, "Bruk høyst 1000 tegn."),
        ({"stance": ""}, "Velg For, Mot eller Spørsmål."),
        ({"stance": "reply"}, "Not a valid choice"),
        ({"submission_id": "tull"}, "Siden har ligget for lenge."),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(visit_as, session, idea, changed, sentence):
    page = visit_as("ola").post(f"{url(idea)}/kommenter", comment_form() | changed, expect=422)

    assert "Rett opp dette:" in page.words
    assert sentence in page.words or sentence.startswith("Not a valid")
    if "text" not in changed:
        assert page.value("text") == "Da kan flere trene på kvelden."
    assert session.scalar(select(func.count()).select_from(Comment)) == 0


def test_a_phone_number_is_pointed_out_before_it_is_sent(visit_as, session, idea):
    form, ola = comment_form(text="Ring meg på 91 23 45 67."), visit_as("ola")

    page = ola.post(f"{url(idea)}/kommenter", form, expect=422)
    assert PRIVATE in page.words
    assert session.scalar(select(func.count()).select_from(Comment)) == 0

    ola.post(f"{url(idea)}/kommenter", form | {"kept": "ja"})
    assert session.scalar(select(func.count()).select_from(Comment)) == 1


def test_the_form_says_before_the_button_what_is_archived_and_public(visit, idea):
    words = visit.get(f"{url(idea)}/kommenter").words

    assert "Alle kan lese det du skriver." in words
    assert words.index("sendes også til kommunens arkiv") < words.index("Send kommentaren")


def test_a_question_gets_answers_and_no_answer_gets_one(visit_as, session, idea, ola, kari, now):
    question = make_comment(session, idea, actor=ola, now=now, stance=Stance.QUESTION, text="Hva koster det?")

    sent = visit_as("kari").post(f"{url(idea)}/kommenter?svar_paa={question.id}", comment_form(text="Lite."))

    assert "Lite." in texts(visit_as("ola").get(url(idea)), "//ol[@class='comment__replies']//div")
    reply = session.scalars(select(Comment).where(Comment.stance == "reply")).one()
    assert sent.location.endswith(str(reply.id))
    visit_as("ola").post(f"{url(idea)}/kommenter?svar_paa={reply.id}", comment_form(text="Hvor lite?"), expect=404)


def test_an_answer_to_what_was_taken_back_meanwhile_is_refused_with_its_text_kept(visit_as, session, idea, ola, now):
    question = make_comment(session, idea, actor=ola, now=now, stance=Stance.QUESTION)
    ideas.withdraw_comment(session, question, actor=ola, now=now)
    session.commit()

    page = visit_as("kari").post(
        f"{url(idea)}/kommenter?svar_paa={question.id}", comment_form(text="Lite."), expect=409
    )

    assert "Kommentaren du svarer på, er tatt bort. Svaret er ikke sendt." in page.words
    assert page.value("text") == "Lite."
    assert session.scalar(select(func.count()).select_from(Comment)) == 1


def test_an_answer_in_another_tab_stays_in_its_form_when_the_comment_is_hidden_meanwhile(
    visit_as, session, idea, ola, per, now
):
    question = make_comment(session, idea, actor=ola, now=now, stance=Stance.QUESTION)
    kari, to_it = visit_as("kari"), f"{url(idea)}/kommenter?svar_paa={question.id}"
    kari.fragment(to_it)
    ideas.hide_comment(session, question, reason="Grovt.", actor=per, now=now)
    session.commit()

    refused = kari.fragment(to_it, post=comment_form(text="Lite."), expect=409)

    assert "Kommentaren du svarer på, er tatt bort. Svaret er ikke sendt." in refused.words
    assert refused.value("text") == "Lite."
    assert refused.tree.xpath("//*[@autofocus]/@id") == ["error-summary"]


def test_nobody_is_let_begin_an_answer_to_what_is_gone(visit_as, session, idea, ola, now):
    question = make_comment(session, idea, actor=ola, now=now, stance=Stance.QUESTION)
    ideas.withdraw_comment(session, question, actor=ola, now=now)
    session.commit()

    page = visit_as("kari").get(f"{url(idea)}/kommenter?svar_paa={question.id}", expect=409)

    assert "Kommentaren er tatt bort. Da kan ingen svare på den." in page.words


def test_nobody_comments_on_an_idea_that_was_hidden_meanwhile(visit_as, session, idea, per, now):
    ideas.hide_idea(session, idea, reason="Grovt", actor=per, now=now)
    session.commit()

    page = visit_as("ola").post(f"{url(idea)}/kommenter", comment_form(), expect=409)

    assert "Idéen er tatt bort. Kommentaren er ikke sendt." in page.words
    assert page.value("text") == "Da kan flere trene på kvelden."


def test_with_htmx_what_is_said_grows_where_it_is_and_the_thanks_take_the_focus(visit_as, idea):
    page = visit_as("ola").fragment(f"{url(idea)}/kommenter", post=comment_form(text="Godt tenkt."))

    assert "Godt tenkt." in page.words
    assert page.tree.xpath("//*[@autofocus]/@id") == ["talk-thanks-words"]
    assert page.tree.xpath("//*[@hx-target='#status']/text()") == ["Kommentaren din står her nå."]


def test_with_htmx_the_form_comes_where_it_is_asked_for_and_a_refusal_stays_in_it(visit_as, idea):
    ola = visit_as("ola")

    form = ola.fragment(f"{url(idea)}/kommenter")
    refused = ola.fragment(f"{url(idea)}/kommenter", post=comment_form(text=""), expect=422)

    assert form.tree.xpath("//*[@autofocus]/@id") == ["comment-heading"]
    assert refused.tree.xpath("//*[@autofocus]/@id") == ["error-summary"]
    assert form.value("submission_id") != ola.fragment(f"{url(idea)}/kommenter").value("submission_id")


def test_ola_takes_his_back_and_it_is_gone(visit_as, visit, session, idea, ola, now):
    comment = make_comment(session, idea, actor=ola, now=now, text="Sagt i sinne.")

    page = visit_as("ola").fragment(f"{url(idea)}/kommentarer/{comment.id}/trekk-tilbake", post={})

    assert page.tree.xpath("//*[@autofocus]/@id") == ["talk-heading"]
    assert "Sagt i sinne." not in visit.get(url(idea)).text
    assert "Kommentaren er trukket tilbake." in visit.get(f"{url(idea)}/kommentarer/{comment.id}").words


@pytest.mark.parametrize("who", ["kari", "anonymous", "per"])
def test_only_ola_takes_back_what_he_said(visit_as, session, idea, ola, now, who):
    comment = make_comment(session, idea, actor=ola, now=now)

    visit_as(who).post(f"{url(idea)}/kommentarer/{comment.id}/trekk-tilbake", expect=404)

    assert session.get_one(Comment, comment.id).withdrawn_at is None


def test_what_is_answered_keeps_its_place_when_it_is_taken_back(visit, session, idea, ola, kari, now):
    question = make_comment(session, idea, actor=ola, now=now, stance=Stance.QUESTION, text="Hva koster det?")
    make_comment(session, idea, actor=kari, now=now, answers=question.id, text="Lite.")
    ideas.withdraw_comment(session, question, actor=ola, now=now)
    session.commit()

    page = visit.get(url(idea))

    assert "Kommentaren er trukket tilbake." in page.words
    assert "Lite." in page.words
    assert "Hva koster det?" not in page.text
    assert "Spørsmål 0" in page.words


def test_a_hidden_comment_is_gone_and_its_page_says_why(visit, session, idea, ola, per, now):
    comment = make_comment(session, idea, actor=ola, now=now, text="Noe grovt.")
    ideas.hide_comment(session, comment, reason="Det er grovt.", actor=per, now=now)
    session.commit()

    assert "Noe grovt." not in visit.get(url(idea)).text
    page = visit.get(f"{url(idea)}/kommentarer/{comment.id}")
    assert "Grunn: Det er grovt." in page.words
    assert "Noe grovt." not in page.text


def test_a_case_worker_speaks_as_a_role(visit_as, visit, idea):
    visit_as("per").post(f"{url(idea)}/kommenter", comment_form(text="Vi ser på det."))

    page = visit.get(url(idea))
    assert "Rådgiver Narvik kommune" in page.words
    assert "Per" not in page.words.replace("Personvern", "")


def test_comments_come_oldest_first_twenty_at_a_time_and_none_twice(visit, session, idea, ola, now):
    for number in range(45):  # three at the same moment: the id decides
        make_comment(session, idea, actor=ola, now=now + timedelta(seconds=number // 3), text=f"Nr. {number:02}")

    pages, href = [], f"{url(idea)}/kommentarer?slag=for"
    while href:
        page = visit.get(href)
        pages.append(texts(page, "//article//div[@hx-ignore]"))
        (href,) = page.tree.xpath("//a[@id='more-for-link']/@href") or [None]

    seen = [int(text.removeprefix("Nr. ")) for found in pages for text in found]
    assert [len(found) for found in pages] == [20, 20, 5]
    assert sorted(seen) == list(range(45))
    assert [number // 3 for number in seen] == sorted(number // 3 for number in range(45))
    assert "For 45" in visit.get(url(idea)).words


def test_with_htmx_the_next_twenty_take_the_focus_to_the_first_new_one(visit, session, idea, ola, now):
    made = [make_comment(session, idea, actor=ola, now=now + timedelta(seconds=n)) for n in range(22)]

    page = visit.fragment(f"{url(idea)}/kommentarer?slag=for&etter={made[19].id}")

    assert page.tree.xpath("//*[@autofocus]/@id") == [f"comment-{made[20].id}"]
    assert page.tree.xpath("//*[@hx-target='#status']/text()") == ["2 kommentarer til."]


def test_of_many_answers_the_first_are_shown_and_the_rest_are_a_page_away(visit, session, idea, ola, now):
    question = make_comment(session, idea, actor=ola, now=now, stance=Stance.QUESTION)
    for number in range(25):
        at = now + timedelta(seconds=number)
        make_comment(session, idea, actor=ola, now=at, answers=question.id, text=f"Svar {number}")

    (group,) = [g for g in query.thread(session, idea.id, "idea", actor=ola) if g.comments]
    first = query.one(session, question.id, idea.id, "idea", actor=ola)
    rest = query.one(session, question.id, idea.id, "idea", actor=ola, after=first.next)

    assert [reply.text for reply in group.comments[0].replies] == [f"Svar {n}" for n in range(5)]
    assert group.comments[0].more_replies
    shown = [reply.text for reply in (*first.comment.replies, *rest.comment.replies)]
    assert shown == [f"Svar {n}" for n in range(25)]
    assert "Se alle svarene" in visit.get(url(idea)).words


@pytest.mark.parametrize("query_string", ["slag=tull", "etter=tull", f"etter={UUID(int=7)}", "slag=for&etter=%00"])
def test_an_address_that_makes_no_sense_is_no_fault(visit, session, idea, ola, now, query_string):
    make_comment(session, idea, actor=ola, now=now)

    assert "Da kan flere trene" in visit.get(f"{url(idea)}/kommentarer?{query_string}").words


def test_a_comment_is_found_at_its_own_idea_and_at_no_other(visit, session, idea, other_idea, ola, now):
    comment = make_comment(session, idea, actor=ola, now=now)

    visit.get(f"{url(other_idea)}/kommentarer/{comment.id}", expect=404)
    visit.get(f"{url(idea)}/kommentarer/{uuid4()}", expect=404)
    visit.get(f"{url(other_idea)}/kommenter?svar_paa={comment.id}", expect=404)


def url(idea) -> str:
    return f"/ideer/{idea.id}"


def texts(page, path: str) -> list[str]:
    return [" ".join(found.text_content().split()) for found in page.tree.xpath(path)]


@pytest.fixture
def idea(make):
    return make("Lys i lysløypa")


@pytest.fixture
def other_idea(make):
    return make("Tak over sykkelstativet")


@pytest.fixture
def make(session, settings, kari, now):
    return lambda title: make_idea(session, settings, actor=kari, now=now, title=title)
