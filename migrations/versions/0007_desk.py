"""Who has an input and until when; and what the desk keeps: changes, notes, answer templates, saved filters."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from app.core.db import Instant

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

# name, what it points at. Not in batch mode: SQLite would make parcels again, and other tables point at its rows.
KEYS = (("area_id", "focus_areas"), ("handler_id", "participants"), ("group_id", "focus_areas"))
# name, columns, which rows it holds
INDEXES = (
    ("ix_parcels_received", ("received_at", "input_id"), None),
    ("ix_parcels_area", ("area_id", "received_at"), None),
    ("ix_parcels_waiting", ("received_at", "input_id"), "waits"),
    ("ix_parcels_new", ("received_at", "input_id"), "waits AND step = 'received'"),
    ("ix_parcels_unassigned", ("received_at", "input_id"), "waits AND handler_id IS NULL AND group_id IS NULL"),
    ("ix_parcels_handler", ("handler_id", "received_at"), "handler_id IS NOT NULL"),
    ("ix_parcels_group", ("group_id", "received_at"), "group_id IS NOT NULL"),
    ("ix_parcels_due", ("due_at",), "waits AND due_at IS NOT NULL"),
    ("ix_parcels_case", ("case_number", "received_at"), "case_number IS NOT NULL"),
)
ONE_HAS_IT = "CONSTRAINT parcels_one_has_it CHECK (handler_id IS NULL OR group_id IS NULL)"


def upgrade() -> None:
    on_postgresql = op.get_bind().dialect.name == "postgresql"
    kind = "UUID" if on_postgresql else "TEXT"
    for name, other in KEYS:
        check = f" {ONE_HAS_IT}" if name == "group_id" else ""
        key = f"CONSTRAINT parcels_{name}_fkey REFERENCES {other} (id)"
        op.execute(f"ALTER TABLE parcels ADD COLUMN {name} {kind} {key}{check}")
    op.add_column("parcels", sa.Column("waits", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column("parcels", sa.Column("due_at", Instant(), nullable=True))
    op.add_column("parcels", sa.Column("revision", sa.Integer(), nullable=False, server_default="0"))
    op.execute("UPDATE parcels SET area_id = (SELECT area_id FROM ideas WHERE ideas.id = parcels.input_id)")
    op.execute(
        "UPDATE parcels SET waits = false WHERE step IN ('decided', 'done', 'not_now') "
        "OR input_id IN (SELECT id FROM ideas WHERE withdrawn_at IS NOT NULL)"
    )
    for name, columns, rows in INDEXES:
        where = sa.text(rows) if rows else None
        op.create_index(name, "parcels", list(columns), postgresql_where=where, sqlite_where=where)
    _tables()


def _tables() -> None:
    op.create_table(
        "desk_changes",
        sa.Column("input_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(20), nullable=False),
        sa.Column("value", sa.String(80), nullable=False),
        sa.Column("comment", sa.String(500), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("undone_at", Instant(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["participants.id"], name=op.f("desk_changes_by_id_fkey")),
        sa.ForeignKeyConstraint(["input_id"], ["parcels.input_id"], name=op.f("desk_changes_input_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("desk_changes_pkey")),
        sa.UniqueConstraint("input_id", "revision", name="one_change_per_revision"),
        sqlite_strict=True,
    )
    op.create_table(
        "desk_notes",
        sa.Column("input_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("submission_hash", sa.LargeBinary(), nullable=False),
        sa.Column("content_digest", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["participants.id"], name=op.f("desk_notes_author_id_fkey")),
        sa.ForeignKeyConstraint(["input_id"], ["parcels.input_id"], name=op.f("desk_notes_input_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("desk_notes_pkey")),
        sa.UniqueConstraint("submission_hash", name=op.f("desk_notes_submission_hash_key")),
        sqlite_strict=True,
    )
    op.create_index("ix_desk_notes_input", "desk_notes", ["input_id", "at"])
    op.create_table(
        "answer_templates",
        sa.Column("title", sa.String(60), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.Column("removed_at", Instant(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("answer_templates_pkey")),
        sqlite_strict=True,
    )
    op.create_table(
        "saved_filters",
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(60), nullable=False),
        sa.Column("query", sa.String(300), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["participants.id"], name=op.f("saved_filters_owner_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("saved_filters_pkey")),
        sa.UniqueConstraint("owner_id", "title", name="one_filter_per_title"),
        sqlite_strict=True,
    )


def downgrade() -> None:
    for table in ("saved_filters", "answer_templates", "desk_notes", "desk_changes"):
        op.drop_table(table)
    for name, *_ in reversed(INDEXES):
        op.drop_index(name, "parcels")
    # The check stands at group_id, so that one goes first.
    for name in ("group_id", "revision", "due_at", "waits", "handler_id", "area_id"):
        op.drop_column("parcels", name)
