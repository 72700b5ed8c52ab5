"""The rules of the house that no linter sees: who commits, who may enter, who cares about a fact, what is tagged."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest
from sqlalchemy import LargeBinary, String, Text

from app.core.db import Model
from app.outbox.events import Event
from app.outbox.service import BATCHED
from workers.routing import JOBS

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted([*(ROOT / "app").rglob("*.py"), *(ROOT / "workers").rglob("*.py")])
TEMPLATES = sorted((ROOT / "templates").rglob("*.*"))
SCRIPTS = sorted((ROOT / "static" / "js").glob("*.js"))
EDGE = {"app/web/transaction.py", "workers/runtime.py"}
# A command is its own edge: nobody else is there to commit for it.
COMMANDS = {"app/demo.py", "app/commands.py", "app/backup.py"}

# Marks of ours and of the archive that a fact may carry beside ids: nobody wrote them.
MARKS = {"step", "case_number", "day"}


def test_only_the_edge_commits():
    found = [f"{name}:{line}" for name, line in calls("commit") if name not in EDGE]

    assert found == []


def test_only_the_edge_and_the_commands_begin_transactions():
    found = [f"{name}:{line}" for name, line in calls("begin") if name not in EDGE | COMMANDS]

    assert found == []


def test_every_route_says_who_may_enter(app):
    silent = [name for name, view in app.view_functions.items() if name != "static" and not hasattr(view, "open_to")]

    assert silent == []


def test_every_fact_has_a_line_in_the_table_of_jobs():
    facts = {fact.name for fact in every_fact()}

    assert facts
    assert facts == set(JOBS)


@pytest.mark.parametrize("job", sorted({job for jobs in JOBS.values() for job in jobs}))
def test_every_job_in_the_table_exists(job):
    module = import_module(f"workers.{job}")

    assert module.QUEUE in {"send", "push", "heavy"}
    assert module.CHANNEL in {"archive", "push", "mail", "local"}
    if module.CHANNEL in BATCHED:
        assert callable(module.notices)
        assert module.TOPIC
    else:
        assert callable(module.handle)


def test_a_fact_carries_ids_and_marks_and_nobodys_words():
    texts = {
        f"{fact.name}.{name}"
        for fact in every_fact()
        for name, field in fact.model_fields.items()
        if field.annotation is str and name not in MARKS
    }

    assert texts == set()


def test_every_fragment_that_a_route_names_is_a_block_of_its_template(app):
    named = [*fragments()]
    missing = [
        f"{template}: {block}" for template, block in named if block not in app.jinja_env.get_template(template).blocks
    ]

    assert len(named) >= 5
    assert missing == []


def test_every_template_that_a_route_names_is_there(app):
    for template in {template for template, _ in named_templates()}:
        app.jinja_env.get_template(template)


def test_every_column_says_what_kind_of_data_it_holds():
    untagged = [
        f"{table.name}.{column.name}"
        for table in Model.metadata.sorted_tables
        for column in table.columns
        if column.info.get("data") not in {"person", "content", "technical", "vote"}
    ]

    assert untagged == []


def test_a_column_with_an_address_a_name_or_a_device_is_tagged_as_a_persons():
    suspicious = re.compile(r"e?mail|name$|device|author|participant_id|endpoint|p256dh")
    known = {"outbox_heartbeats.name", "participants.title", "focus_areas.name", "pictures.original_name",
             "archive_settings.name", "replies.role_name", "comments.role_name",
             "sealed_documents.filename"}  # fmt: skip
    wrong = [
        f"{table.name}.{column.name}: {column.info['data']}"
        for table in Model.metadata.sorted_tables
        for column in table.columns
        if suspicious.search(column.name)
        and isinstance(column.type, String | Text | LargeBinary)
        and column.info["data"] != "person"
        and f"{table.name}.{column.name}" not in known
    ]

    assert wrong == []


def test_no_template_passes_anything_by_the_escaping():
    found = [
        f"{file.relative_to(ROOT)}: {hit}"
        for file in TEMPLATES
        for hit in re.findall(r"\|\s*safe\b|\{%-?\s*autoescape\s+false|Markup\(", file.read_text(encoding="utf-8"))
    ]

    assert found == []


def test_markup_is_made_in_one_place_with_its_reason_beside_it():
    found = [
        (str(file.relative_to(ROOT)), line)
        for file in SOURCES
        for line in file.read_text(encoding="utf-8").splitlines()
        if re.search(r"\bMarkup\(", line)
    ]

    assert [name for name, _ in found] == ["app/web/qr.py"]
    assert all("noqa: S704 - " in line for _, line in found)


@pytest.mark.parametrize(
    "written",
    ["render_template_string", "pickle", r"""\btext\(\s*f["']""", "shell=True", r"os\.system", r"\beval\("],
)  # fmt: skip
def test_what_lets_strangers_words_act_is_not_written(written):
    found = [str(f.relative_to(ROOT)) for f in SOURCES if re.search(written, f.read_text(encoding="utf-8"))]

    assert [name for name in found if not name.startswith("app/cases/standin/")] == []


@pytest.mark.parametrize(
    "written", [r"\.innerHTML", r"outerHTML", r"insertAdjacentHTML", r"document\.write", r"\beval\(", r"new Function"]
)
def test_no_script_of_ours_makes_html_of_text(written):
    found = [file.name for file in SCRIPTS if re.search(written, file.read_text(encoding="utf-8"))]

    assert SCRIPTS
    assert found == []


def test_http_clients_are_made_in_one_place():
    found = []
    for file in SOURCES:
        name = str(file.relative_to(ROOT))
        if not name.startswith(("app/core/outbound/", "app/cases/standin/")):
            words = file.read_text(encoding="utf-8")
            found += [
                f"{name}: {word}" for word in re.findall(r"\b(?:httpx|aiohttp|urllib\.request|requests)\.\w+", words)
            ]

    assert found == []


def test_only_the_edge_and_the_commands_look_at_the_clock():
    allowed = {"app/web/context.py", "workers/runtime.py", *COMMANDS}
    found = [
        f"{name}:{line}"
        for name, line in calls("fromtimestamp", "now", "utcnow", "today")
        if name not in allowed and not name.startswith("app/cases/standin/")
    ]

    assert [place for place in found if is_a_look_at_the_clock(place)] == []


def test_every_database_of_a_test_comes_from_a_fixture_that_says_so():
    files = [file for file in (ROOT / "tests").rglob("*.py") if "fresh_database(" in file.read_text(encoding="utf-8")]
    asking = {
        str(file.relative_to(ROOT))
        for file in files
        for call in calls_in(file)
        if isinstance(call.func, ast.Name) and call.func.id == "fresh_database"
    }

    # What is not in rounds.DATABASE is left out on PostgreSQL: settings and empty_database; drive
    assert asking == {"tests/conftest.py", "tests/support/driver.py"}


def is_a_look_at_the_clock(place: str) -> bool:
    name, line = place.rsplit(":", 1)
    written = (ROOT / name).read_text(encoding="utf-8").splitlines()[int(line) - 1]
    return re.search(r"\b(?:datetime|date)\.(?:now|utcnow|today)\(|time\.time\(", written) is not None


def calls(*names: str) -> Iterator[tuple[str, int]]:
    """Give every call of a method of these names: (file, line)."""
    for file in SOURCES:
        for call in calls_in(file):
            if isinstance(call.func, ast.Attribute) and call.func.attr in names:
                yield str(file.relative_to(ROOT)), call.lineno


@cache
def calls_in(file: Path) -> list[ast.Call]:
    return [node for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]


def every_fact() -> list[type[Event]]:
    for file in (ROOT / "app").glob("*/events.py"):
        import_module(f"app.{file.parent.name}.events")
    return Event.__subclasses__()


def fragments() -> Iterator[tuple[str, str]]:
    for template, call in named_templates():
        for keyword in call.keywords:
            if keyword.arg == "fragment":
                for block in ast.walk(keyword.value):
                    if isinstance(block, ast.Constant) and isinstance(block.value, str):
                        yield template, block.value


def named_templates() -> Iterator[tuple[str, ast.Call]]:
    """Give every call of respond and its like with the template's name."""
    for file in SOURCES:
        for call in calls_in(file):
            named = isinstance(call.func, ast.Name) and call.func.id in {"respond", "render_template", "_storable"}
            if named and call.args and isinstance(call.args[0], ast.Constant):
                yield str(call.args[0].value), call
