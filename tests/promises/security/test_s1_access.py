"""S1: every route, method and role answers as the table says; no route is without a row, no staff page is open.

The table is tests/promises/access.csv: an address, a method, a column for each who. A cell is a status, or "login"
for being sent to sign in. POST rows are asked with a right token and nothing else in the form. What no route takes is
refused before anybody looks at who asks, so a stranger and an administrator ask it for all.
"""

import csv
from collections.abc import Mapping
from pathlib import Path

import pytest
from werkzeug.routing import Map

from app.factory import create_app
from tests.support.karis_things import UNSAFE, KarisThings, rules

TABLE = Path(__file__).parents[1] / "access.csv"
METHODS = ("GET", "HEAD", *UNSAFE)
ASKS_ALL = ("anonymous", "administrator")
WHO = {
    "anonymous": "anonymous",
    "citizen_a": "kari",
    "citizen_b": "ola",
    "facilitator": "facilitator",
    "moderator": "moderator",
    "case_worker": "case_worker",
    "working_group": "working_group",
    "administrator": "administrator",
}


def test_s1_the_program_starts_only_when_every_route_says_who_may_enter(settings):
    try:
        create_app(settings)
    except RuntimeError as fault:
        pytest.fail(f"S1: {fault}")


def test_s1_every_route_has_a_row_for_every_method_and_every_row_a_route(app):
    wanted = {(rule, method) for rule in rules(app) for method in METHODS}

    listed = [(row["address"], row["method"]) for row in table()]

    assert len(listed) == len(set(listed)), "S1: a row stands twice"
    assert wanted - set(listed) == set(), f"S1: routes without a row: {sorted(wanted - set(listed))}"
    assert set(listed) - wanted == set(), f"S1: rows without a route: {sorted(set(listed) - wanted)}"


@pytest.mark.parametrize("column", WHO)
def test_s1_everybody_gets_the_answer_of_the_table(app, visit_as, things, column):
    visit = visit_as(WHO[column])
    wrong = []

    for row in sorted(rows_for(column, rules(app)), key=the_ways_out_last):
        url = concrete(app.url_map, row["address"], things)
        form = {"csrf_token": visit.token()} if row["method"] in UNSAFE else None
        visit.session.commit()
        answer = visit.client.open(url, method=row["method"], data=form)
        if seen(answer) != row[column]:
            wrong.append(f"{row['method']} {row['address']}: {seen(answer)}, the table says {row[column]}")

    assert wrong == [], f"S1: for {column}: " + "; ".join(wrong)


def test_s1_no_page_for_staff_is_open_to_all(app):
    staff = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/arbeidsflate")]

    open_ones = [rule.rule for rule in staff if not getattr(app.view_functions[rule.endpoint], "open_to", None)]

    assert staff
    assert open_ones == [], f"S1: open to all: {open_ones}"


def test_s1_a_page_that_is_not_there_sends_a_stranger_under_the_staff_desk_to_sign_in(visit):
    answer = visit.client.get("/arbeidsflate/finnes-ikke")

    assert seen(answer) == "login", "S1: a stranger can tell which staff pages exist"


def the_ways_out_last(row: Mapping[str, str]) -> tuple[int, int]:
    out = ("/mine/innlogginger/logg-ut-overalt", "/logg-ut", "/mine/tom")
    return out.index(row["address"]) + 1 if row["address"] in out else 0, METHODS.index(row["method"])


def table() -> list[dict[str, str]]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def rows_for(column: str, taken: Mapping[str, frozenset[str]]) -> list[dict[str, str]]:
    return [r for r in table() if column in ASKS_ALL or r["method"] in taken.get(r["address"], METHODS)]


def concrete(map_: Map, rule: str, things: KarisThings) -> str:
    """Return an address that this rule matches, about Kari's public idea; what is undone is another one's receipt."""
    undone = things.receipt(things.withdrawn if rule.endswith(("/angre", "/trekk-tilbake")) else things.public)
    values: Mapping[str, str] = {
        "<uuid:idea_id>": str(things.public.id),
        "<uuid:input_id>": str(things.public.id),
        "<uuid:process_id>": str(things.scrap.id if rule.endswith("/slett") else things.draft.id),
        "<slug>": things.shown.slug,
        "<uuid:comment_id>": str(things.comments["public"].id),
        "<uuid:delivery_id>": str(things.stopped),
        "<uuid:item_id>": str(things.asked),
        "<uuid:sign_in_id>": str(things.public.id),
        "<uuid:passkey_id>": str(things.public.id),
        "<uuid:template_id>": str(things.template),
        "<uuid:view_id>": str(things.template),
        "<uuid:file_id>": str(things.own_file),
        "<uuid:erasure_id>": str(things.erasure),
        "<any(innbygger, ansatt):door>": "innbygger",
        "<uuid:bulk_id>": str(things.template),
        "<uuid:picture_id>": str(things.pictures[things.public.id]),
        "<any(side, liten):size>": "side",
        "<token>": undone,
        "<path:filename>": "vendor/manifest.json",
    }
    for name, value in values.items():
        rule = rule.replace(name, value)
    assert "<" not in rule, f"S1: no value for {rule}"
    return rule


def seen(answer) -> str:
    answer.close()
    if answer.status_code == 303 and answer.headers["Location"].startswith("/logg-inn?"):
        return "login"
    return str(answer.status_code)
