"""Per finds what is new, what is late and what is his, among every kind of input, and searches in all of it."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import event, select

from app.areas.query import areas
from app.audit.models import AuditLine
from app.core.submission import submission
from app.desk import query
from app.desk.query import PAGE, Pile, Wanted
from app.ideas import service as ideas
from app.ideas.models import Idea
from app.ideas.service import CorrectionDraft
from app.outbox.models import OutboxDelivery
from app.parcels import service as parcels
from app.parcels.models import Parcel, Step
from tests.support.background import Background
from tests.support.desk import act
from tests.support.ideas import make_idea


def test_when_all_is_read_the_inbox_says_well_done(visit_as):
    assert "Alt er lest. Bra jobba." in visit_as("per").get("/arbeidsflate").words


def test_a_new_idea_stands_first_with_its_area_and_the_step_it_is_at(visit_as, idea):
    idea(title="Eldst", hours=2)
    idea(title="Nyest", hours=1)

    page = visit_as("per").get("/arbeidsflate")

    assert titles(page) == ["Nyest", "Eldst"]
    assert "Idé · Mobilitet" in page.words
    assert "Mottatt" in page.words


def test_each_counter_is_a_filter_that_shows_as_many(visit_as, session, idea, per, now):
    idea(title="Ny", hours=2)
    late, mine = idea(title="For sen", hours=1), idea(title="Min")
    set_due(session, late, now - timedelta(minutes=1))
    session.get_one(Parcel, mine).handler_id = per.participant_id
    visit = visit_as("per")

    counted = {pile: titles(visit.get(f"/arbeidsflate?bunke={pile}")) for pile in ("forsinket", "mine", "uten")}

    assert counted == {"forsinket": ["For sen"], "mine": ["Min"], "uten": ["For sen", "Ny"]}
    words = visit.get("/arbeidsflate").words
    assert "Nye 3 Forsinket 1 Mine 1 Uten ansvarlig 2 Spørsmål 0 Venter på svar 3 Alle" in words


def test_what_was_promised_within_ten_days_is_late_after_them_and_not_a_moment_before(session, idea, per, now):
    idea(hours=240)

    def late(moment):
        wanted = Wanted(pile=Pile.LATE)
        return len(query.inbox(session, wanted, actor=per, now=moment, answer_days=10).lines)

    assert [late(now), late(now + timedelta(microseconds=1))] == [0, 1]
    assert (
        query.inbox(session, Wanted(pile=Pile.LATE), actor=per, now=now + timedelta(days=99), answer_days=0).lines == ()
    )


def test_what_is_answered_or_withdrawn_waits_no_more(session, idea, per, now):
    answered, withdrawn = idea(), idea()
    parcels.move(session, answered, Step.DECIDED, now=now)
    ideas.withdraw_idea(session, session.get_one(Idea, withdrawn), now=now)

    counted = query.counters(session, actor=per, now=now + timedelta(days=99), answer_days=1)

    assert set(counted.values()) == {0}


def test_an_idea_that_kari_put_right_is_counted_once(session, idea, per, now):
    words = {"title": "Lys", "body": "Rettet."}
    draft = CorrectionDraft("Lys", "Rettet.", "", submission(uuid4(), words, []))
    ideas.correct_idea(session, idea(), draft, now=now)

    assert query.counters(session, actor=per, now=now, answer_days=0)[Pile.NEW] == 1


def test_more_than_a_hundred_are_not_counted(visit_as, session, idea, per, now):
    template = session.get_one(Parcel, idea())
    session.add_all(copy_of(template, number) for number in range(120))

    assert query.counters(session, actor=per, now=now, answer_days=0)[Pile.NEW] == 101
    assert "Nye 100+" in visit_as("per").get("/arbeidsflate").words


def test_next_and_back_walk_the_whole_list_and_nobody_is_met_twice_or_missed(session, idea, per, now):
    template = session.get_one(Parcel, idea())
    session.add_all(copy_of(template, number // 3) for number in range(2 * PAGE + 6))  # three of each moment
    wanted, pages = Wanted(pile=Pile.ALL), []

    def page(cursor):
        return query.inbox(session, Wanted(Pile.ALL, cursor=cursor), actor=per, now=now, answer_days=0)

    box = query.inbox(session, wanted, actor=per, now=now, answer_days=0)
    while box.after:
        pages.append(box)
        box = page(box.after)
    forward = [line.id for one in [*pages, box] for line in one.lines]
    backward = [line.id for line in box.lines]
    while box.before:
        box = page(box.before)
        backward = [line.id for line in box.lines] + backward

    assert len(forward) == len(set(forward)) == 2 * PAGE + 7
    assert backward == forward


@pytest.mark.parametrize(
    ("pile", "where"),
    [
        (Pile.NEW, "WHERE parcels.waits AND parcels.step = 'received' "),
        (Pile.QUESTIONS, "WHERE parcels.waits AND parcels.kind = 'comment' "),
        (Pile.UNASSIGNED, "WHERE parcels.waits AND parcels.handler_id IS NULL AND parcels.group_id IS NULL "),
        (Pile.WAITING, "WHERE parcels.waits "),
    ],
)
def test_a_pile_is_asked_for_in_the_words_of_its_index_so_that_it_is_found_by_it(
    session, engine, per, now, pile, where
):
    asked = []
    event.listen(engine, "before_cursor_execute", lambda _c, _cursor, sentence, *_: asked.append(sentence))

    query.inbox(session, Wanted(pile=pile), actor=per, now=now, answer_days=0)

    assert where in " ".join(asked[0].split())


@pytest.mark.parametrize(
    "address",
    ["?etter=x", "?etter=99999999999999999999-x", "?for=-5-" + "0" * 32, "?bunke=nei&steg=%00&type=zz&omrade=%00",
     "?hos=ikke-en-id", "?sok=%00%00", "?etter=1-" + "f" * 32, "?sok=" + "a" * 5000],
)  # fmt: skip
def test_an_address_that_nobody_made_gives_a_page_all_the_same(visit_as, idea, address):
    idea()

    visit_as("per").get(f"/arbeidsflate{address}")


def test_a_view_is_saved_by_name_and_is_ones_own(visit_as, idea):
    idea(area="energi", title="Strøm")
    idea(area="mobilitet", title="Buss")
    per = visit_as("per")
    per.post("/arbeidsflate/visninger?omrade=energi", {"title": "Bare energi"})

    (href,) = per.get("/arbeidsflate").tree.xpath("//a[normalize-space()='Bare energi']/@href")

    assert titles(per.get(href)) == ["Strøm"]
    assert "Bare energi" not in visit_as("moderator").get("/arbeidsflate").words


def test_words_a_case_number_and_a_reference_find_the_input(visit_as, session, engine, settings, idea, now):
    wanted = idea(title="Lys på Frydenlund")
    idea(title="Noe annet")
    parcels.number(session, wanted, "2026/1042")
    session.commit()
    Background(engine, settings, now + timedelta(minutes=5)).route()
    event = {
        d.reference: d for d in session.scalars(select(OutboxDelivery).where(OutboxDelivery.job == "forward_case"))
    }
    references = [one for one in event if query.outbox.input_of_reference(session, one) == wanted]
    per = visit_as("per")

    for words in ("frydenlund", "2026/1042", references[0]):
        found = per.post("/arbeidsflate/sok", {"sok": words})
        assert titles(per.get(found.response.headers["Location"])) == ["Lys på Frydenlund"], words
    assert "Ingenting passer." in per.get("/arbeidsflate?bunke=alle&sok=INL-" + "A" * 26).words


def test_a_search_by_e_mail_is_noted_and_stands_in_no_address(visit_as, session, idea):
    idea(title="Fra Kari", email="Kari@test.example")
    idea(title="Fra Ola", email="ola@test.example")

    page = visit_as("per").post("/arbeidsflate/sok", {"sok": "kari@test.example"}, expect=200)

    assert titles(page) == ["Fra Kari"]
    assert [line.action for line in session.scalars(select(AuditLine))] == ["sender_searched"]
    assert visit_as("moderator").post("/arbeidsflate/sok", {"sok": "kari@test.example"}, expect=403)


def test_the_senders_e_mail_is_shown_when_asked_for_and_that_is_noted(visit_as, session, idea):
    wanted = idea(email="kari@test.example")
    per = visit_as("per")
    assert "kari@test.example" not in per.get(f"/arbeidsflate/innspill/{wanted}").text

    page = per.post(f"/arbeidsflate/innspill/{wanted}/e-post", expect=200)

    assert "kari@test.example" in page.words
    (line,) = session.scalars(select(AuditLine)).all()
    assert (line.action, line.object_ref) == ("email_read", f"input:{wanted}")
    assert "kari@test.example" not in per.get(f"/arbeidsflate/innspill/{wanted}").text


def test_an_input_of_a_kind_the_desk_does_not_know_breaks_nothing(visit_as, session, idea, now, kari):
    known, unknown = idea(title="Kjent"), uuid4()
    parcels.start(session, unknown, kind="ukjent", actor=kari, now=now)
    per = visit_as("per")

    assert titles(per.get("/arbeidsflate")) == ["Kjent"]
    per.get(f"/arbeidsflate/innspill/{unknown}", expect=404)
    per.get(f"/arbeidsflate/innspill/{known}")


def test_what_is_like_an_idea_stands_beside_it(visit_as, idea):
    first = idea(title="Lys i lysløypa på Ankenes")
    idea(title="Mer lys i lysløypa på Ankenes", body="Samme ønske.")

    page = visit_as("per").get(f"/arbeidsflate/innspill/{first}")

    assert [one.text_content() for one in page.tree.xpath("//ul[@class='alike']//h4")] == [
        "Mer lys i lysløypa på Ankenes"
    ]
    assert "Samme ønske." in page.words


def test_the_way_of_an_input_is_one_line_in_the_order_of_time(visit_as, session, idea):
    wanted = idea(hours=3)
    per = visit_as("per")
    act(per, wanted, "notat", {"submission_id": str(uuid4()), "text": "Spør drift."})
    act(per, wanted, "steg", {"step": "read"})

    deeds = [" ".join(one.text_content().split()) for one in per.get(f"/arbeidsflate/innspill/{wanted}").tree.xpath(
        "//ol[@class='way']/li/p[1]/b")]  # fmt: skip

    assert deeds[0] == "Mottatt"
    assert sorted(deeds[1:]) == ["Lest", "Notat fra Per", "Per satte steget til «Lest»."]


def titles(page) -> list[str]:
    return [" ".join(one.text_content().split()) for one in page.tree.xpath("//*[@id='lines']//h3")]


def set_due(session, input_id, due_at) -> None:
    session.get_one(Parcel, input_id).due_at = due_at
    session.commit()


def copy_of(parcel: Parcel, number: int) -> Parcel:
    moment = parcel.received_at - timedelta(minutes=number + 1)
    return Parcel(input_id=uuid4(), kind="idea", step="received", received_at=moment, moved_at=moment)


@pytest.fixture
def idea(session, settings, kari, now):
    """Store an idea that came `hours` ago; return its id."""

    def make(*, hours: float = 0, **words):
        assert areas(session)
        return make_idea(session, settings, actor=kari, now=now - timedelta(hours=hours), **words).id

    return make
