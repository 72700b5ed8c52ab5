"""S2: nothing of Kari's that is hidden, taken back, waiting or private comes out to Ola, or to nobody in particular."""

import pytest
from sqlalchemy import select

from app.core.actor import Actor
from app.ideas.models import Idea
from app.ideas.service import support_idea
from tests.support.karis_things import EMAIL, HELD, HIDDEN, MARKS, UNSAFE, KarisThings, addresses, written_columns

HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}
SERVER_FAULT = 500
STRANGERS = ("ola", "anonymous")
# Words about people that no mark of Kari's stands for, and why none is needed.
NOT_HERS = {
    "answer_templates.": "the municipality's own words",
    "comments.hidden_reason": "the municipality's, and shown to all in the comment's place",
    "comments.role_name": "of staff, and public",
    "desk_": "what colleagues write to each other: only /arbeidsflate reads it, and nothing of it is hers",
    "focus_areas.": "ours, and public",
    "idea_corrections.": "her words as they are public now, and as the archive has them",
    "passkeys.": "of staff; a citizen has none",
    "provider_identities.": "the provider's name for somebody; no page reads it",
    "reports.": "what somebody says of hers, for staff",
    "saved_filters.": "of staff",
    "sign_in_codes.": "an address on its way; no page reads it",
    "ideas.hidden_reason": "the municipality's, and shown to all in the idea's place",
    "filter_words.": "the municipality's: what the filter looks for",
    "moderation_items.decided_name": "of those who moderate",
    "moderation_items.words": "the municipality's, and public",
    "participants.": "of those who sign in: staff",
    "processes.": "the municipality's, and public once it is",
    "process_news.": "the municipality's, and public",
    "process_phases.": "the municipality's, and public",
    "process_working_copies.": "a facilitator's, not a citizen's",
    "replies.": "the municipality's answer, and public",
    "sealed_letters.": "made of the idea when it leaves; no page reads it",
    "sealed_documents.": "made of the idea when it leaves; no page reads it",
    "status_changes.": "the archive's, about the letter",
}


def test_s2_every_word_about_a_person_has_a_mark(session, things):
    """A new table or column fails here until Kari has something in it, or it is said why she never has."""
    columns = [c for c in written_columns() if not str(c).startswith(tuple(NOT_HERS))]

    without = [str(c) for c in columns if not any(marks_in(str(v).encode()) for v in session.scalars(select(c)))]

    assert without == [], f"S2: let karis_things() put a mark into {without}, or say in NOT_HERS why it holds none"


def test_s2_every_exception_is_of_a_column_that_there_is():
    columns = [str(column) for column in written_columns()]

    stale = [name for name in NOT_HERS if not any(column.startswith(name) for column in columns)]

    assert stale == [], f"S2: there is no {stale} any more: take it out of NOT_HERS"


@pytest.mark.parametrize("who", STRANGERS)
def test_s2_no_address_made_of_karis_ids_shows_her_marks_to_others(app, visit_as, things, who):
    visit = visit_as(who)
    token = visit.token()
    leaks = []

    for rule, url in addresses(app, things):
        for method in sorted({"GET", "POST"} & set(rule.methods)):
            for headers in ({}, HTMX, {"Accept": "application/json"}):
                form = {"csrf_token": token} if method in UNSAFE else None
                with visit.client.open(url, method=method, headers=headers, data=form) as answer:
                    assert answer.status_code < SERVER_FAULT, f"S2: {method} {url} was not answered"
                    leaks += [f"{method} {url} gave {mark!r}" for mark in marks_in(answer.get_data())]

    assert leaks == [], f"S2: to {who}: " + "; ".join(leaks)


@pytest.mark.parametrize("who", STRANGERS)
@pytest.mark.parametrize("word", ["Kanarifugl", "kanari", "karis-post"])
def test_s2_a_search_finds_nothing_that_is_hidden_or_taken_back(visit_as, things, who, word):
    for side in ("1", "2"):
        page = visit_as(who).client.get("/ideer", query_string={"sok": word, "side": side})

        assert marks_in(page.get_data()) == [], f"S2: a search for {word} found it"


@pytest.mark.parametrize("who", STRANGERS)
def test_s2_others_cannot_tell_a_hidden_or_waiting_picture_from_none(visit_as, things, who):
    unseen = (things.hidden, things.withdrawn, things.held)
    hidden = [*(things.pictures[idea.id] for idea in unseen), things.waiting_picture]

    for picture_id in hidden:
        for size in ("side", "liten"):
            visit_as(who).get(f"/bilder/{picture_id}/{size}.webp", expect=404)


def test_s2_what_ola_supported_before_it_was_hidden_keeps_its_words_from_him(session, visit_as, things, ola, now):
    support_all(session, things, ola, now)

    for headers in ({}, HTMX):
        page = visit_as("ola").client.get("/mine", headers=headers)
        assert marks_in(page.get_data()) == [], "S2: /mine shows Ola what was hidden or taken back"


def test_s2_kari_finds_what_is_hers(visit_as, things):
    kari = visit_as("kari")

    assert HIDDEN in kari.get("/mine").text
    assert HIDDEN in kari.get(f"/ideer/{things.hidden.id}").text
    assert HELD in kari.get("/mine").text
    assert HELD in kari.get(f"/ideer/{things.held.id}").text
    with kari.client.get(f"/bilder/{things.pictures[things.hidden.id]}/side.webp") as picture:
        assert picture.status_code == 200


def test_s2_a_receipt_of_one_idea_opens_no_other(visit, things):
    _, signature = things.receipt(things.public).split(".")

    visit.get(f"/kvittering/{things.hidden.id.hex}.{signature}", expect=404)
    visit.post(f"/kvittering/{things.hidden.id.hex}.{signature}/angre", expect=404)


def test_s2_a_receipt_that_is_passed_on_does_not_tell_the_e_mail(visit, things):
    for idea in things.ideas:
        assert EMAIL not in visit.get(f"/kvittering/{things.receipt(idea)}").text, "S2"


@pytest.mark.parametrize("path", ["/arbeidsflate", "/arbeidsflate/innspill/{id}"])
def test_s2_a_link_to_the_staff_desk_needs_somebody_signed_in_at_each_get(visit_as, things, path):
    url = path.format(id=things.hidden.id)
    per = visit_as("per")
    per.get(url)
    per.post("/logg-ut")

    assert per.get(url, expect=303).location == "/logg-inn", "S2: still open after signing out"


def marks_in(body: bytes) -> list[str]:
    text = body.decode(errors="replace")
    return [mark for mark in MARKS if mark in text]


def support_all(session, things: KarisThings, ola: Actor, now) -> None:
    for idea in things.ideas:
        support_idea(session, session.get_one(Idea, idea.id), actor=ola, now=now)
    session.commit()
