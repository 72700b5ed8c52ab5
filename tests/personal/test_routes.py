"""/mine/data and /mine/slett: fetching everything, and being erased; nobody else can."""

import io
import zipfile
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select

from app.accounts.models import Participant
from app.audit import query as audit
from app.audit import service as audit_service
from app.core.submission import submission
from app.ideas import service as ideas
from app.ideas.models import Idea, Support
from app.outbox import service as outbox
from app.personal import ledger, pack, service
from app.personal.events import RetentionDue
from app.personal.models import Erasure, OwnFile
from app.push.models import PushSubscription
from tests.support.background import Background
from tests.support.ideas import make_idea
from tests.support.letters import archive_at


def test_kari_asks_leaves_and_fetches_it_later(session, engine, settings, visit_as, kari, now):
    make_idea(session, settings, actor=kari, now=now, title="Kunstisbane")
    phone = visit_as("kari")
    form = {"submission_id": phone.get("/mine/data").value("submission_id")}

    page = phone.get(phone.post("/mine/data", form).location)
    assert "Du kan lukke siden." in page.words
    Background(engine, settings, now).work("pack_own_data")

    listed = phone.get("/mine/data")
    assert "Klar" in listed.words
    fragment = phone.fragment(file_url(session))
    assert "Fila er klar." in fragment.text
    with phone.client.get(f"{file_url(session)}/fil") as answer:
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.mimetype == "application/zip"
        names = zipfile.ZipFile(io.BytesIO(answer.get_data())).namelist()
    assert names == ["mine-data.json", "mine-data.html"]


def test_a_double_click_makes_one_file(session, settings, visit_as, kari, now):
    make_idea(session, settings, actor=kari, now=now)
    phone = visit_as("kari")
    form = {"submission_id": phone.get("/mine/data").value("submission_id")}

    places = {phone.post("/mine/data", form).location for _ in range(2)}

    assert len(places) == 1


def test_ola_finds_neither_karis_page_nor_her_file(session, engine, settings, visit_as, kari, now):
    url = asked(session, settings, visit_as, kari, now)
    Background(engine, settings, now).work("pack_own_data")

    for who in ("ola", "per", "anonymous"):
        visit_as(who).get(url, expect=404)
        visit_as(who).get(f"{url}/fil", expect=404)


def test_what_was_asked_for_while_signed_in_stays_closed_after_signing_out(session, visit_as):
    per = visit_as("per")
    url = per.post("/mine/data", marked()).location
    per.get(url)

    per.post("/logg-ut")

    per.get(url, expect=404)


def test_a_file_that_is_not_ready_cannot_be_fetched(session, settings, visit_as, kari, now):
    url = asked(session, settings, visit_as, kari, now)

    visit_as("kari").get(f"{url}/fil", expect=404)


def test_nobody_in_particular_has_nothing_to_fetch(visit):
    assert "Du har ikke sendt noe fra denne mobilen." in visit.get("/mine/data").words

    assert "Vi har ikke noe fra denne mobilen." in visit.post("/mine/data", marked(), expect=422).words


def test_a_form_that_was_not_ours_is_refused(session, settings, visit_as, kari, now):
    make_idea(session, settings, actor=kari, now=now)

    visit_as("kari").post("/mine/data", {"submission_id": "\x00; drop"}, expect=422)

    assert session.scalars(select(OwnFile)).all() == []


def test_after_a_week_the_file_is_gone_from_page_and_disk(session, engine, settings, visit_as, kari, now):
    url = asked(session, settings, visit_as, kari, now)
    Background(engine, settings, now).work("pack_own_data")
    path = pack.file_path(settings.instance, session.scalars(select(OwnFile.id)).one())
    session.rollback()
    assert path.is_file()

    purge(session, engine, settings, now + timedelta(days=7, hours=1))

    assert not path.exists()
    visit_as("kari").get(url, expect=404)


def test_a_file_that_was_asked_for_twice_can_still_be_opened(session, engine, settings, visit_as, kari, now):
    """The second try of a job that died seals anew; the row then holds the key of the file that lies there."""
    asked(session, settings, visit_as, kari, now)
    background = Background(engine, settings, now)
    (delivery,) = background.work("pack_own_data")
    session.execute(delivery.__table__.update().values(state="waiting", ended_at=None))
    session.commit()

    background.run(delivery.id)

    row = session.scalars(select(OwnFile).execution_options(populate_existing=True)).one()
    assert pack.opened(pack.file_path(settings.instance, row.id), row.key).startswith(b"PK")


def asked(session, settings, visit_as, kari, now) -> str:
    make_idea(session, settings, actor=kari, now=now)
    return visit_as("kari").post("/mine/data", marked()).location


def file_url(session) -> str:
    url = f"/mine/data/{session.scalars(select(OwnFile.id)).one()}"
    session.commit()
    return url


def purge(session, engine, settings, now) -> None:
    outbox.record(session, RetentionDue(day=f"{now:%Y-%m-%d}"), now=now)
    session.commit()
    Background(engine, settings, now).work("purge_personal_data")


def test_what_goes_and_what_stays_is_told_before_the_button(session, settings, visit_as, kari, now):
    make_idea(session, settings, actor=kari, now=now)

    page = visit_as("kari").get("/mine/slett")

    told = page.text.index("Vi kan slette det her, men ikke i arkivet.")
    assert told < page.text.index("Slett alt")


def test_kari_is_erased_and_forgotten_by_her_phone(session, engine, settings, visit_as, visit, kari, now):
    idea = make_idea(session, settings, actor=kari, now=now, title="Kunstisbane", body="Til alle.")
    phone = visit_as("kari")
    answer = phone.post("/mine/slett", marked(sure="y"))
    assert "Du kan lukke siden." in phone.get(answer.location).words
    told = phone.fragment(answer.location)
    assert told.response.headers["Clear-Site-Data"] == '"cache", "storage"'

    Background(engine, settings, now).work("erase_person")

    assert "Alt er slettet her." in visit.get(answer.location).words
    assert "Du har ikke sendt noe" in phone.get("/mine").words
    assert "Den som skrev dette, har slettet det." in visit.get(f"/ideer/{idea.id}").words
    assert "Kunstisbane" not in visit.get("/ideer?sok=kunstisbane").text.replace('value="kunstisbane"', "")
    assert "Kunstisbane" not in visit_as("per").get(f"/arbeidsflate/innspill/{idea.id}").text


def test_without_the_tick_nothing_is_erased(session, settings, visit_as, kari, now):
    make_idea(session, settings, actor=kari, now=now)

    page = visit_as("kari").post("/mine/slett", marked(), expect=422)

    assert "Kryss av hvis du vil slette." in page.words
    assert session.scalars(select(Erasure)).all() == []


def test_a_hidden_idea_can_be_erased_too(session, engine, settings, visit_as, kari, per, now):
    idea = make_idea(session, settings, actor=kari, now=now, title="Kunstisbane")
    ideas.hide_idea(session, idea, reason="Sier for mye om Kari", actor=per, now=now)
    session.commit()

    erased(session, engine, settings, kari, now)

    row = session.get_one(Idea, idea.id)
    assert (row.title, row.body, row.hidden_reason, row.device_key) == ("Slettet", "Slettet", "", None)


def test_what_waits_for_the_archive_is_not_sent(session, engine, settings, kari, standin, now):
    make_idea(session, settings, actor=kari, now=now)
    later = now + timedelta(minutes=5)
    Background(engine, settings, later).route()

    erased(session, engine, settings, kari, later)
    work = Background(engine, settings, later + timedelta(minutes=1), archive=archive_at(standin))
    (letter,) = work.work("forward_case")

    assert (letter.state, letter.stop_reason) == ("aldri", "slettet av innsenderen")


def test_ola_keeps_what_is_his_and_his_support_is_counted(session, engine, settings, kari, ola, now):
    hers = make_idea(session, settings, actor=kari, now=now)
    his = make_idea(session, settings, actor=ola, now=now, title="Olas idé")
    ideas.support_idea(session, hers, actor=ola, now=now)
    ideas.support_idea(session, his, actor=kari, now=now)
    session.commit()

    erased(session, engine, settings, kari, now)

    assert session.get_one(Idea, his.id).title == "Olas idé"
    assert [session.get_one(Idea, idea.id).support_count for idea in (hers, his)] == [1, 1]
    assert sorted(len(key) for key in session.scalars(select(Support.device_key))) == [16, 32]


def test_lise_is_signed_out_everywhere_and_the_audit_log_stays_whole(session, engine, settings, visit_as, now):
    here, there = visit_as("citizen"), visit_as("citizen")
    lise = session.scalars(select(Participant).where(Participant.role == "citizen")).one()
    audit_service.note(session, "signed_in", f"participant:{lise.id}", actor=lise.actor, now=now)
    salt, key = lise.audit_salt, lise.audit_key
    session.commit()

    here.post("/mine/slett", marked(sure="y"))
    Background(engine, settings, now).work("erase_person")

    session.expire_all()
    row = session.scalars(select(Participant).where(Participant.role == "citizen")).one()
    assert row.email.startswith("slettet-")
    assert (row.name, row.audit_salt) == ("Slettet", b"")
    assert salt
    assert row.audit_key != key
    assert audit.faults(session) == []
    session.rollback()
    assert "Du har ikke sendt noe fra denne mobilen." in there.get("/mine/slett").words


def test_staff_cannot_wipe_out_who_did_what(session, visit_as):
    per = visit_as("per")
    assert "Kontoen din er for jobben." in per.get("/mine/slett").words

    per.post("/mine/slett", marked(sure="y"), expect=403)

    assert session.scalars(select(Erasure)).all() == []


def test_erasing_twice_changes_nothing_more(session, engine, settings, kari, now):
    make_idea(session, settings, actor=kari, now=now)
    erased(session, engine, settings, kari, now)
    (delivery,) = Background(engine, settings, now).deliveries("erase_person")
    session.execute(delivery.__table__.update().values(state="waiting", ended_at=None))
    session.commit()

    Background(engine, settings, now).run(delivery.id)

    assert len(ledger.subjects_in(settings.instance)) == 1
    session.expire_all()
    assert session.get_one(type(delivery), delivery.id).state == "accepted"


def test_a_line_of_the_ledger_that_a_crash_cut_short_is_written_again(tmp_path, now):
    ledger.write(tmp_path, ["a" * 64], classes=["ideas"], now=now)
    with (tmp_path / ledger.FILE).open("a") as file:
        file.write('{"subject": "bbb')

    assert ledger.subjects_in(tmp_path) == {"a" * 64}
    ledger.write(tmp_path, ["b" * 64], classes=[], now=now)

    assert ledger.subjects_in(tmp_path) == {"a" * 64, "b" * 64}


def erased(session, engine, settings, who, now) -> None:
    service.ask_to_be_erased(session, submission(uuid4(), {}, []), actor=who, now=now)
    session.commit()
    Background(engine, settings, now).work("erase_person")
    session.expire_all()


@pytest.fixture(autouse=True)
def own_ledger(settings):
    yield
    (settings.instance / ledger.FILE).unlink(missing_ok=True)


def marked(**fields):
    """Return a form as its page sends it, with the key of this one sending."""
    return {"submission_id": str(uuid4()), **fields}


def test_a_phone_that_is_let_go_has_no_mark_and_hears_nothing_and_what_was_sent_stays(
    session, settings, visit_as, visit, kari, now
):
    idea = make_idea(session, settings, actor=kari, now=now, title="Kunstisbane")
    keys = {"endpoint": "https://push.example/1", "origin": "https://push.example", "p256dh": "x", "auth": "x"}
    session.add(PushSubscription(endpoint_hash=b"1" * 32, device_key=kari.device_key, created_at=now, **keys))
    phone = visit_as("kari")

    answer = phone.post("/mine/tom")

    assert answer.location == "/tomt"
    assert phone.fragment("/tomt").response.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert "Clear-Site-Data" not in phone.fragment("/tomt").response.headers
    assert "Du har ikke sendt noe" in phone.get("/mine").words
    assert session.scalars(select(PushSubscription)).all() == []
    assert "Kunstisbane" in visit.get(f"/ideer/{idea.id}").words


def test_a_phone_that_is_let_go_is_signed_out(visit_as):
    per = visit_as("per")

    per.post("/mine/tom")

    assert per.client.get("/arbeidsflate").status_code == 303
