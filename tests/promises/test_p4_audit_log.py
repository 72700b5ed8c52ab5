"""P4: whoever owns the database can change the audit log, and cannot do it unseen."""

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, delete, insert, select, update

from app.audit import query, service
from app.audit.models import AuditLine
from tests.support.database import unguarded

LINES = 12
TAMPERINGS = [pytest.param(20, id="small"), pytest.param(100, id="full", marks=pytest.mark.slow)]
TABLE = AuditLine.__table__
Line = dict[str, Any]
Tampering = Callable[[Connection, random.Random], str]


@pytest.mark.parametrize("times", TAMPERINGS)
def test_every_tampering_is_found(session, engine, per, fatima, now, times):
    for number in range(LINES):
        who = (per, fatima, None)[number % 3]
        said = {"reason": f"Grunn {number}"} if number % 2 else None
        at = now + timedelta(minutes=number)
        service.note(session, "idea_hidden", f"idea:{number}", actor=who, now=at, said=said)
    anchored = query.head(session)
    assert anchored is not None
    session.commit()
    whole = lines(engine)
    assert query.faults(session, [anchored]) == [], "P4: a whole log is said to be broken"
    session.rollback()

    chance = random.Random(4)
    for number in range(times):
        tamper = KINDS[number % len(KINDS)]
        with unguarded(engine) as connection:
            done = tamper(connection, chance)
        session.rollback()
        assert lines(engine) != whole, f"P4: {done} changed nothing"

        assert query.faults(session, [anchored]), f"P4: {done} was not found"

        session.rollback()
        put_back(engine, whole)


def lines(engine) -> list[Line]:
    with engine.connect() as connection:
        return all_of(connection)


def all_of(connection: Connection) -> list[Line]:
    return [dict(line) for line in connection.execute(select(TABLE).order_by(TABLE.c.nr)).mappings()]


def put_back(engine, whole: list[Line]) -> None:
    with unguarded(engine) as connection:
        write(connection, whole)


def write(connection: Connection, found: list[Line]) -> None:
    connection.execute(delete(TABLE))
    connection.execute(insert(TABLE), found)


def change(connection: Connection, chance: random.Random) -> str:
    nr = chance.randint(1, LINES)
    column, value = chance.choice([
        ("action", "idea_shown"), ("object_ref", "idea:99"), ("who_ref", chance.randbytes(32)),
        ("data_hash", chance.randbytes(32)), ("hash", chance.randbytes(32)), ("previous", chance.randbytes(32)),
    ])  # fmt: skip
    connection.execute(update(TABLE).where(TABLE.c.nr == nr).values({column: value}))
    return f"a new {column} in line {nr}"


def take_out(connection: Connection, chance: random.Random) -> str:
    nr = chance.randint(1, LINES - 1)
    connection.execute(delete(TABLE).where(TABLE.c.nr == nr))
    return f"line {nr} taken out"


def close_up(connection: Connection, chance: random.Random) -> str:
    """Take a line out, number the rest again, and make every hash anew: only the head of that night knows better."""
    gone = chance.randint(1, LINES)
    left = [line for line in all_of(connection) if line["nr"] != gone]
    rewrite(connection, left)
    return f"line {gone} taken out and the chain made anew"


def swap(connection: Connection, chance: random.Random) -> str:
    one, other = chance.sample(range(LINES), 2)
    found = all_of(connection)
    for name in ("at", "who_ref", "action", "object_ref", "data_hash"):
        found[one][name], found[other][name] = found[other][name], found[one][name]
    write(connection, found)
    return f"lines {one + 1} and {other + 1} swapped"


def put_in(connection: Connection, chance: random.Random) -> str:
    found = all_of(connection)
    place = chance.randint(0, LINES - 1)
    found.insert(place, {**found[place], "object_ref": "idea:99"})
    rewrite(connection, found)
    return f"a line put in before {place + 1}, and the chain made anew"


def cut_tail(connection: Connection, chance: random.Random) -> str:
    first = chance.randint(1, LINES)
    connection.execute(delete(TABLE).where(TABLE.c.nr >= first))
    return f"everything from line {first} cut off"


KINDS: tuple[Tampering, ...] = (change, take_out, swap, put_in, cut_tail, close_up)


def rewrite(connection: Connection, found: list[Line]) -> None:
    """Write these lines as somebody would who knows exactly how the log is made."""
    previous = bytes(32)
    for nr, line in enumerate(found, 1):
        line |= {"nr": nr, "previous": previous}
        previous = line["hash"] = query.line_hash(AuditLine(**line))
    write(connection, found)
