"""/mine/data: asking for everything, leaving, coming back, and fetching it; nobody else can."""

import io
import zipfile
from datetime import timedelta

from sqlalchemy import select

from app.outbox import service as outbox
from app.personal import pack
from app.personal.events import RetentionDue
from app.personal.models import OwnFile
from tests.support.background import Background
from tests.support.ideas import make_idea


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
    url = per.post("/mine/data").location
    per.get(url)

    per.post("/logg-ut")

    per.get(url, expect=404)


def test_a_file_that_is_not_ready_cannot_be_fetched(session, settings, visit_as, kari, now):
    url = asked(session, settings, visit_as, kari, now)

    visit_as("kari").get(f"{url}/fil", expect=404)


def test_nobody_in_particular_has_nothing_to_fetch(visit):
    assert "Du har ikke sendt noe fra denne mobilen." in visit.get("/mine/data").words

    assert "Vi har ikke noe fra denne mobilen." in visit.post("/mine/data", expect=422).words


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
    return visit_as("kari").post("/mine/data").location


def file_url(session) -> str:
    url = f"/mine/data/{session.scalars(select(OwnFile.id)).one()}"
    session.commit()
    return url


def purge(session, engine, settings, now) -> None:
    outbox.record(session, RetentionDue(day=f"{now:%Y-%m-%d}"), now=now)
    session.commit()
    Background(engine, settings, now).work("purge_personal_data")
