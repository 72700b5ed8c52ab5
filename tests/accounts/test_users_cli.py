"""flask users makes the first administrator, changes roles, and closes the door behind somebody who has left."""

import pytest
from sqlalchemy import select

from app.accounts.models import Participant, Passkey
from app.audit.models import AuditLine


@pytest.fixture
def users(app, session):
    def run(*words: str):
        session.commit()
        said = app.test_cli_runner().invoke(args=["users", *words])
        session.expire_all()
        return said

    return run


def test_the_first_administrator_gets_an_account_and_a_line_in_the_log(users, session):
    said = users("add", "Ada@Test.Example", "--role", "administrator", "--name", "Ada", "--title", "Systemansvarlig")

    assert (said.exit_code, said.output) == (0, "ada@test.example er nå administrator.\n")
    ada = session.scalars(select(Participant)).one()
    assert (ada.name, ada.title, ada.role) == ("Ada", "Systemansvarlig", "administrator")
    line = session.scalars(select(AuditLine)).one()
    assert (line.action, line.object_ref, line.who_ref) == ("role_given", f"participant:{ada.id}", None)


def test_a_new_role_keeps_the_account(users, session, per):
    users("add", "per@test.example", "--role", "moderator", "--name", "Per")

    assert session.scalars(select(Participant)).one().id == per.participant_id
    assert session.get_one(Participant, per.participant_id).role == "moderator"


def test_whoever_has_left_is_closed_once_and_signed_out_everywhere(users, session, visit_as):
    per = visit_as("per")
    per.get("/arbeidsflate")

    assert users("close", "PER@test.example").exit_code == 0
    assert users("close", "per@test.example").exit_code == 0

    per.get("/arbeidsflate", expect=303)
    assert session.scalars(select(AuditLine.action)).all() == ["account_closed"]
    assert "stengt" in users("list").output


def test_whoever_has_lost_their_passkeys_is_signed_out_everywhere_and_has_none_any_more(users, session, visit_as, now):
    per = visit_as("per")
    per_id = session.scalars(select(Participant.id)).one()
    for number in (1, 2):
        key = {"credential_id": bytes([number]), "public_key": b"p", "sign_count": 0, "name": "Mobil", "made_at": now}
        session.add(Passkey(participant_id=per_id, **key))

    said = users("remove-passkeys", "PER@test.example")

    assert (said.exit_code, said.output) == (0, "PER@test.example hadde 2 passnøkler. De er fjernet.\n")
    assert session.scalars(select(Passkey)).all() == []
    per.get("/arbeidsflate", expect=303)
    assert session.scalars(select(AuditLine.action)).all() == ["passkeys_removed"]


def test_a_new_role_asks_for_a_new_sign_in(users, visit_as):
    kari = visit_as("citizen")
    assert "Logg ut" in kari.get("/mine").words

    users("add", "citizen@test.example", "--role", "moderator", "--name", "Kari")

    kari.get("/arbeidsflate", expect=303)


def test_all_accounts_are_listed_open_ones_first(users, visit_as):
    visit_as("per")
    visit_as("fatima")
    users("close", "fatima@test.example")

    lines = users("list").output.splitlines()

    assert [line.split()[:2] for line in lines] == [
        ["per@test.example", "case_worker"],
        ["fatima@test.example", "facilitator"],
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("add", "ingen", "--role", "moderator", "--name", "Per"), "er ikke en e-post"),
        (("add", "per@test.example", "--role", "konge", "--name", "Per"), "konge"),
        (("add", "per@test.example", "--role", "moderator", "--name", " "), "navnet minst ett"),
        (("add", "per@test.example", "--role", "moderator", "--name", "P" * 81), "høyst 80 tegn"),
        (("close", "ukjent@test.example"), "Ingen har e-posten"),
        (("remove-passkeys", "ukjent@test.example"), "Ingen har e-posten"),
    ],
)
def test_what_cannot_be_done_is_told_and_changes_nothing(users, session, words, said):
    answer = users(*words)

    assert answer.exit_code != 0
    assert said in answer.output + str(answer.exception)
    assert session.scalars(select(Participant)).all() == []
