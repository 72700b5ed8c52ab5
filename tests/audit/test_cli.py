"""flask audit verify tells in words whether the log is whole, and what it cannot know without a head from outside."""

import pytest
from sqlalchemy import text

from app.audit import anchors, query, service
from app.audit.query import Head
from tests.support.database import unguarded


@pytest.fixture
def verify(app, session):
    def run(*words: str):
        session.commit()
        return app.test_cli_runner().invoke(args=["audit", "verify", *words])

    return run


@pytest.fixture(autouse=True)
def no_heads(settings):
    yield
    (settings.instance / anchors.FILE).unlink(missing_ok=True)


def test_an_empty_log_is_whole(verify):
    said = verify()

    assert (said.exit_code, said.output) == (0, "Loggen er hel, og tom.\n")


def test_a_whole_log_tells_its_newest_line(verify, session, per, now):
    service.note(session, "idea_hidden", "idea:1", actor=per, now=now)

    said = verify()

    assert said.exit_code == 0
    assert said.output == f"Loggen er hel: 1 linjer. Nyeste: {query.head(session)}\n"


def test_a_changed_line_is_named(verify, session, engine, per, now):
    for number in range(3):
        service.note(session, "idea_hidden", f"idea:{number}", actor=per, now=now)
    session.commit()
    with unguarded(engine) as connection:
        connection.execute(text("UPDATE audit_log SET object_ref = 'idea:9' WHERE nr = 2"))

    said = verify()

    assert (said.exit_code, said.output) == (1, "Linje 2 er endret.\n")


def test_a_tail_that_was_cut_is_missed_with_a_head_of_that_night(verify, session, engine, settings, per, now):
    for number in range(3):
        service.note(session, "idea_hidden", f"idea:{number}", actor=per, now=now)
    newest = query.head(session)
    assert newest is not None
    session.commit()
    assert anchors.keep(settings.instance, newest)
    assert not anchors.keep(settings.instance, newest), "the same head is kept once"
    with unguarded(engine) as connection:
        connection.execute(text("DELETE FROM audit_log WHERE nr = 3"))

    said = verify()

    assert said.exit_code == 1
    assert said.output == "Linje 3 er forankret, men finnes ikke: slutten av loggen er kuttet.\n"


def test_a_head_from_the_archive_is_compared_too(verify, session, per, now):
    service.note(session, "idea_hidden", "idea:1", actor=per, now=now)

    assert verify("--head", str(Head(1, bytes(32)))).output == ("Linje 1 er ikke den samme som da den ble forankret.\n")
    assert verify("--head", str(query.head(session))).exit_code == 0


@pytest.mark.parametrize("typed", ["", "7", "x:00", "3:zz", "3:00ff"])
def test_what_is_no_head_is_refused_with_a_sentence(verify, typed):
    said = verify("--head", typed)

    assert said.exit_code == 2
    assert "er ikke nummer og hash" in said.output


def test_a_file_of_heads_that_cannot_be_read_is_told_and_no_traceback(verify, settings):
    (settings.instance / anchors.FILE).write_text("tull\n")

    said = verify()

    assert said.exit_code == 1
    assert "kan ikke leses" in said.output
