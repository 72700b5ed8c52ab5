"""Tables filled by SQL: so many ideas with all that belongs to one, and one idea with much to read."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, Table, insert, select, text

from app.areas.models import FocusArea
from app.core.search import stems
from app.files.models import Picture
from app.ideas.dialect import IDEAS
from app.ideas.models import Idea, Reply, Support
from app.parcels.models import Parcel, Step, StepChange
from app.parcels.query import REFUSED, USUAL
from app.processes.models import IDEPOOL_SLUG, Process

START = datetime(2026, 1, 2, 8, tzinfo=UTC)
GAP = timedelta(minutes=3)  # 100,000 ideas in 208 days
CHUNK = 5000
BODY_LETTERS = 600
LONG_BODY, REPLIES, REPLY_LETTERS = 4000, 5, 4000  # 20,000 letters of answers: as much as 100 comments of 200
LONG_READ = UUID("00000000-0000-4000-8000-000000000100")
STEPS = (
    (Step.RECEIVED, 50),
    (Step.READ, 20),
    (Step.CONSIDERED, 15),
    (Step.DECIDED, 6),
    (Step.DONE, 6),
    (Step.NOT_NOW, 3),
)
WORDS = (  # noqa: SIM905 - a text of words, not a list of strings
    "vi trenger flere benker lys og trygge gangveier ved skolen biblioteket havna stasjonen i sentrum Ankenes "
    "Beisfjord Bjerkvik Frydenlund Fagernes barn unge eldre går sykler leker møtes hver dag om vinteren når det er "
    "mørkt glatt kaldt snø brøyting buss ferge strøm solceller varme bolig hus tak skilt turstier turister helse lege "
    "kø telefon samarbeid frivillige lag utstyr bytte reparere låne kafé verksted musikk kunst idrett hall is bane"
).split()


def fill(engine: Engine, count: int) -> None:
    """Add `count` ideas to migrated, empty tables, as if 480 had come each day; the last one is LONG_READ.

    Each has its parcel with the changes that led there, its words in the search and 0 to 3 supporters; every third has
    a picture. The same count gives the same data, on both databases.
    """
    dice = random.Random(count)  # noqa: S311 - made-up ideas
    with engine.begin() as connection:
        process_id = connection.scalar(select(Process.id).where(Process.slug == IDEPOOL_SLUG))
        areas = list(connection.scalars(select(FocusArea.id).order_by(FocusArea.place)))
        for first in range(0, count, CHUNK):
            rows = [_idea(dice, number, count, process_id, areas) for number in range(first, min(first + CHUNK, count))]
            _insert(connection, Idea.__table__, rows)
            _insert(connection, Parcel.__table__, [_parcel(row, dice) for row in rows])
            _belongings(connection, rows, dice)
        _insert(connection, Reply.__table__, [_reply(dice, number) for number in range(REPLIES)])
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))  # what its autovacuum has done by the time there are so many


def _insert(connection: Connection, table: Any, rows: list[dict[str, Any]]) -> None:
    assert isinstance(table, Table)  # noqa: S101 - a model's table
    if rows:
        connection.execute(insert(table), rows)


def _idea(dice: random.Random, number: int, count: int, process_id: Any, areas: list[UUID]) -> dict[str, Any]:
    last = number == count - 1
    return {
        "id": LONG_READ if last else UUID(int=dice.getrandbits(128), version=4),
        "submission_hash": dice.randbytes(32),
        "content_digest": dice.randbytes(32),
        "process_id": process_id,
        "area_id": dice.choice(areas),
        "title": _words(dice, 60)[:120].capitalize(),
        "body": _words(dice, LONG_BODY if last else BODY_LETTERS),
        "place": dice.choice(("", "Sentrum", "Ankenes", "Bjerkvik skole")),
        "email": None,
        "language": "nb",
        "device_key": dice.randbytes(32),
        "author_id": None,
        "submitted_at": START + number * GAP,
        "support_count": dice.randrange(4),
        "hidden_at": None,
        "hidden_reason": "",
        "withdrawn_at": None,
    }


def _words(dice: random.Random, letters: int) -> str:
    """Return a text of exactly so many letters."""
    return " ".join(dice.choices(WORDS, k=letters // 3))[:letters].strip().ljust(letters, ".")


def _parcel(idea: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    step = dice.choices([step for step, _ in STEPS], [weight for _, weight in STEPS])[0]
    return {
        "input_id": idea["id"],
        "kind": "idea",
        "step": step.value,
        "received_at": idea["submitted_at"],
        "moved_at": idea["submitted_at"],
        "case_number": f"2026/{dice.randrange(1, 99999)}",
        "forwarded": True,
        "as_of": None,
    }


def _belongings(connection: Connection, ideas: list[dict[str, Any]], dice: random.Random) -> None:
    parcels = connection.execute(
        select(Parcel.input_id, Parcel.step).where(Parcel.input_id.in_([idea["id"] for idea in ideas]))
    )
    step_of = {row.input_id: Step(row.step) for row in parcels}
    _insert(connection, StepChange.__table__, [row for idea in ideas for row in _changes(idea, step_of, dice)])
    _insert(connection, Support.__table__, [row for idea in ideas for row in _supports(idea, dice)])
    _insert(connection, Picture.__table__, [_picture(idea, dice) for idea in ideas[::3]])
    on_postgresql = connection.dialect.name == "postgresql"
    connection.execute(
        text(IDEAS.written(on_postgresql=on_postgresql)),
        [
            {
                "id": idea["id"] if on_postgresql else idea["id"].hex,
                "words": " ".join(stems(f"{idea['title']} {idea['body']} {idea['place']}")),
            }
            for idea in ideas
        ],
    )


def _changes(idea: dict[str, Any], step_of: dict[UUID, Step], dice: random.Random) -> Iterator[dict[str, Any]]:
    route = REFUSED if step_of[idea["id"]] is Step.NOT_NOW else USUAL
    for place, step in enumerate(route):
        yield {
            "id": UUID(int=dice.getrandbits(128), version=4),
            "input_id": idea["id"],
            "step": step.value,
            "at": idea["submitted_at"] + timedelta(days=place),
            "reason": "Det må vente til neste år." if step is Step.NOT_NOW else "",
            "told": True,
        }
        if step is step_of[idea["id"]]:
            return


def _supports(idea: dict[str, Any], dice: random.Random) -> Iterator[dict[str, Any]]:
    for _ in range(idea["support_count"]):
        yield {
            "id": UUID(int=dice.getrandbits(128), version=4),
            "idea_id": idea["id"],
            "device_key": dice.randbytes(32),
            "participant_id": None,
            "at": idea["submitted_at"],
        }


def _picture(idea: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    return {
        "id": UUID(int=dice.getrandbits(128), version=4),
        "input_id": idea["id"],
        "position": 1,
        "state": "ready",
        "original_name": dice.randbytes(16).hex(),
        "width": 1600,
        "height": 1200,
        "sha256": dice.randbytes(32),
        "public": True,
        "device_key": idea["device_key"],
        "created_at": idea["submitted_at"],
        "cleaned_at": idea["submitted_at"],
    }


def _reply(dice: random.Random, number: int) -> dict[str, Any]:
    return {
        "id": UUID(int=dice.getrandbits(128), version=4),
        "submission_hash": dice.randbytes(32),
        "content_digest": dice.randbytes(32),
        "idea_id": LONG_READ,
        "text": _words(dice, REPLY_LETTERS),
        "step": Step.READ.value,
        "role_name": "Rådgiver, Areal- og samfunnsutvikling",
        "author_id": None,
        "answered_at": START + timedelta(days=300 + number),
    }
