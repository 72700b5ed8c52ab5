"""S6: nothing that changes something is taken from another site; nothing changes by looking."""

import hashlib

import pytest
from sqlalchemy import text

from app.core.db import Model
from tests.support.karis_things import KarisThings, addresses

OTHER_SITE = "https://ond.example"
CHANGES_NOTHING = frozenset({"/del"})  # other apps on the phone have no token: it shows a form, which has one
UNKEPT = frozenset({"ideas_search"})  # kept by the database itself, beside ideas


def test_s6_without_a_token_every_door_that_changes_something_is_shut(app, session, visit_as, things):
    for who in ("kari", "per"):
        assert opened(app, session, visit_as(who), things) == [], "S6: opened without a token"


def test_s6_somebody_elses_token_opens_nothing(app, session, visit_as, visit, things):
    form = {"csrf_token": visit.token()}

    assert opened(app, session, visit_as("per"), things, form=form) == [], "S6: opened by another's token"
    headers = {"X-CSRFToken": form["csrf_token"]}
    assert opened(app, session, visit_as("kari"), things, headers=headers) == [], "S6: opened by another's token"


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": OTHER_SITE},
        {"Origin": "null"},
        {"Origin": "http://localhost.ond.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
    ids=str,
)
def test_s6_a_right_token_from_another_site_opens_nothing(app, session, visit_as, things, headers):
    per = visit_as("per")

    found = opened(app, session, per, things, headers=headers, form={"csrf_token": per.token()})

    assert found == [], "S6: opened from another site"


def test_s6_the_mark_of_htmx_is_no_token(app, session, visit_as, things):
    headers = {"HX-Request": "true", "HX-Request-Type": "partial"}

    assert opened(app, session, visit_as("per"), things, headers=headers) == [], "S6: opened by HX-Request alone"


def test_s6_the_same_form_with_its_own_token_is_taken(visit_as, things):
    visit_as("ola").post(f"/ideer/{things.public.id}/stott", headers={"Origin": "http://localhost"})


def test_s6_no_get_changes_the_database(app, session, visit_as, things):
    visits = [visit_as(who) for who in ("anonymous", "kari", "per")]
    session.commit()
    before = digest(session)
    session.commit()

    for rule, url in addresses(app, things):
        if "GET" in rule.methods:
            for visit in visits:
                visit.client.get(url).close()

    assert digest(session) == before, "S6: a GET changed the database"


def opened(app, session, visit, things: KarisThings, *, headers=None, form=None) -> list[str]:
    """Return what was not refused, of all that changes something. Every refusal leaves the database as it was."""
    session.commit()
    before = digest(session)
    session.commit()
    found = []
    for rule, url in addresses(app, things):
        for method in sorted({"POST", "PUT", "PATCH", "DELETE"} & set(rule.methods)):
            with visit.client.open(url, method=method, headers=headers, data=form or {}) as answer:
                if answer.status_code != 400 and rule.rule not in CHANGES_NOTHING:
                    found.append(f"{method} {url}: {answer.status_code}")
    if digest(session) != before:
        found.append("the database changed")
    session.commit()
    return found


def digest(session) -> str:
    """Return a hash over every row of every table."""
    found = hashlib.sha256()
    for table in Model.metadata.sorted_tables:
        if table.name not in UNKEPT:
            rows = sorted(repr(tuple(row)) for row in session.execute(text(f'SELECT * FROM "{table.name}"')))
            found.update(f"{table.name}{rows}".encode())
    return found.hexdigest()
