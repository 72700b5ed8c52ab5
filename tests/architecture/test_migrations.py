"""An empty database comes to head, then models and tables agree; and it goes back the way it came."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect

from app.core.db import Model
from app.factory import create_app
from app.settings import Settings
from app.web.extensions import db

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"
# As in migrations/env.py: search tables are of a kind of their own in each database.
OWN_KIND = ("ideas_search", "comments_search", "alembic_version")


def test_there_is_one_head_and_every_number_is_the_next():
    script = ScriptDirectory(str(MIGRATIONS))
    revisions = [revision.revision for revision in reversed([*script.walk_revisions()])]

    assert len(script.get_heads()) == 1
    assert revisions == [f"{number:04}" for number in range(1, len(revisions) + 1)]
    assert all(file.name[:4].isdigit() for file in (MIGRATIONS / "versions").glob("*.py"))


def test_after_all_migrations_the_tables_are_those_of_the_models(new_app):
    with new_app.app_context():
        upgrade()
        with db.engine.connect() as connection:
            context = MigrationContext.configure(
                connection, opts={"include_object": described, "compare_type": True, "render_as_batch": True}
            )
            found = compare_metadata(context, Model.metadata)

    assert found == []


def test_every_table_of_the_models_is_there_with_its_columns(new_app):
    with new_app.app_context():
        upgrade()
        looked = inspect(db.engine)
        for table in Model.metadata.sorted_tables:
            columns = {column["name"] for column in looked.get_columns(table.name)}
            assert columns == {column.name for column in table.columns}, table.name


def test_all_the_way_back_leaves_nothing_and_forward_again_works(new_app):
    with new_app.app_context():
        upgrade()
        downgrade(revision="base")
        left = {name for name in inspect(db.engine).get_table_names() if name != "alembic_version"}
        assert left == set()

        upgrade()
        assert "ideas" in inspect(db.engine).get_table_names()


def described(_item: object, name: str | None, kind: str, _reflected: bool, _compare_to: object) -> bool:
    return not (kind == "table" and (name or "").startswith(OWN_KIND))


@pytest.fixture
def new_app(tmp_path, empty_database) -> Iterator[object]:
    """The app on a database that has never been used."""
    made = create_app(Settings(mode="test", instance=tmp_path, database_url=empty_database, rate_limits=False))
    yield made
    with made.app_context():
        db.session.remove()
        db.engine.dispose()
