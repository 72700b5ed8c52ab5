"""How Alembic meets our database: the app's engine, our models, batch mode for SQLite, one transaction."""

from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from flask import current_app
from sqlalchemy.engine import Connection
from sqlalchemy.sql.schema import SchemaItem

from app.core.db import Instant, Model

# Search tables are of a kind of their own in each database, so no model describes them.
OWN_KIND = ("ideas_search", "comments_search")


def included(_item: SchemaItem, name: str | None, kind: str, _reflected: bool, _compare_to: SchemaItem | None) -> bool:
    return not (kind == "table" and (name or "").startswith(OWN_KIND))


def spelled(kind: str, thing: object, autogen_context: AutogenContext) -> str | Literal[False]:
    """Spell our own column type in a new migration as `Instant()`."""
    if kind != "type" or not isinstance(thing, Instant):
        return False
    autogen_context.imports.add("from app.core.db import Instant")
    return "Instant()"


def run() -> None:
    given = context.config.attributes.get("connection")
    if given is not None:
        upgrade(given)
        return
    engine = current_app.extensions["migrate"].db.engine
    with engine.execution_options(writes=True).connect() as connection:
        upgrade(connection)


def upgrade(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Model.metadata,
        include_object=included,
        render_item=spelled,
        render_as_batch=True,
        transaction_per_migration=False,
    )
    with context.begin_transaction():
        context.run_migrations()
    if connection.in_transaction():
        connection.commit()


run()
