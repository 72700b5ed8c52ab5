"""A process has a picture, and words that say what it shows; so has what is being written about it."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0015"
down_revision: str | None = "0014"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

TABLES = ("processes", "process_working_copies")


def upgrade() -> None:
    """Not in batch mode: SQLite would make the tables again, and other tables point at their rows."""
    dialect = op.get_bind().dialect
    key, words = sa.Uuid().compile(dialect=dialect), sa.String(200).compile(dialect=dialect)
    for table in TABLES:
        op.execute(
            f"ALTER TABLE {table} ADD COLUMN picture_id {key} "
            f"CONSTRAINT {table}_picture_id_fkey REFERENCES pictures (id)"
        )
        op.execute(
            f"ALTER TABLE {table} ADD COLUMN picture_alt {words} NOT NULL DEFAULT '' "
            f"CONSTRAINT {table}_a_picture_is_described CHECK ((picture_id IS NULL) = (picture_alt = ''))"
        )


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} DROP COLUMN picture_alt")
        op.execute(f"ALTER TABLE {table} DROP COLUMN picture_id")
