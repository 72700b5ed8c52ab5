"""The log is only written to, and says who did what as long as that person is known."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from app.accounts.models import Participant
from app.audit import query, service
from app.audit.models import AuditLine
from app.core.actor import Actor


def test_each_line_holds_on_to_the_one_before_it(session, per, now):
    for number in range(3):
        assert service.note(session, "idea_hidden", f"idea:{number}", actor=per, now=now) == number + 1

    first, second, third = session.scalars(select(AuditLine).order_by(AuditLine.nr))
    assert (first.previous, second.previous, third.previous) == (bytes(32), first.hash, second.hash)
    assert query.faults(session) == []
    assert query.head(session) == query.Head(3, third.hash)


def test_what_was_said_is_not_kept_but_can_be_recognised(session, per, fatima, now):
    said = {"reason": "Den handler om en nabo."}
    for actor, words in ((per, said), (per, said), (per, {"reason": "Noe annet."}), (fatima, said), (per, None)):
        service.note(session, "idea_hidden", "idea:1", actor=actor, now=now, said=words)

    one, same, other, anothers, silent = [line.data_hash for line in session.scalars(select(AuditLine))]
    assert one == same
    assert len({one, other, anothers}) == 3
    assert silent is None


def test_what_the_program_does_by_itself_names_nobody(session, now):
    service.note(session, "retention", "ideas", actor=None, now=now, said={"count": "3"})

    assert session.scalars(select(AuditLine.who_ref)).all() == [None]


def test_a_line_leads_to_per_until_his_salt_is_gone(session, per, now):
    service.note(session, "idea_hidden", "idea:1", actor=per, now=now)
    found = session.get_one(Participant, per.participant_id)
    assert session.scalars(select(AuditLine.who_ref)).all() == [found.audit_key]

    found.audit_salt = bytes(16)
    session.flush()

    assert session.scalars(select(AuditLine.who_ref)).all() != [found.audit_key]
    assert query.faults(session) == []


def test_two_of_the_same_name_are_two(per, fatima):
    assert per.audit_key != fatima.audit_key
    assert Actor().audit_key is None


@pytest.mark.parametrize(
    "sentence",
    [
        "UPDATE audit_log SET action = 'idea_shown'",
        "DELETE FROM audit_log",
        "DELETE FROM audit_log WHERE nr = 2",
    ],
)
def test_the_database_itself_refuses_to_change_or_remove_a_line(session, per, now, sentence):
    for number in range(2):
        service.note(session, "idea_hidden", f"idea:{number}", actor=per, now=now + timedelta(seconds=number))
    session.commit()

    with pytest.raises(DatabaseError, match="only written to"):
        session.execute(text(sentence))
    session.rollback()

    assert len(session.scalars(select(AuditLine)).all()) == 2
