"""How a process archives what it gets, one by one or in reports; reports, their inputs, and deliveries held for them."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from app.core.db import Instant

revision: str = "0017"
down_revision: str | None = "0016"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

WAYS = {"ideas_archived": "processes_way_of_ideas_is_known", "comments_archived": "processes_way_of_comments_is_known"}
HELD = sa.text("held_for IS NOT NULL")
UNREPORTED = sa.text("report_id IS NULL")


def upgrade() -> None:
    spelled = sa.String(12).compile(dialect=op.get_bind().dialect)
    for name, constraint in WAYS.items():  # not in batch mode: other tables point at the rows
        known = f"CONSTRAINT {constraint} CHECK ({name} IN ('enkeltvis', 'samlerapport'))"
        op.execute(f"ALTER TABLE processes ADD COLUMN {name} {spelled} NOT NULL DEFAULT 'enkeltvis' {known}")
    op.add_column("outbox_deliveries", sa.Column("held_for", sa.Uuid(), nullable=True))
    op.create_index(
        "one_delivery_held_for_an_input", "outbox_deliveries", ["held_for"],
        unique=True, postgresql_where=HELD, sqlite_where=HELD,
    )  # fmt: skip
    op.create_table(
        "archive_reports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("process_id", sa.Uuid(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("collected_at", Instant(), nullable=False),
        sa.CheckConstraint("part BETWEEN 1 AND parts", name=op.f("archive_reports_a_part_is_one_of_its_parts")),
        sa.ForeignKeyConstraint(["id"], ["parcels.input_id"], name=op.f("archive_reports_id_fkey")),
        sa.ForeignKeyConstraint(["process_id"], ["processes.id"], name=op.f("archive_reports_process_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("archive_reports_pkey")),
        sqlite_strict=True,
    )
    op.create_index("ix_archive_reports_process_id", "archive_reports", ["process_id"])
    op.create_table(
        "report_items",
        sa.Column("input_id", sa.Uuid(), nullable=False),
        sa.Column("process_id", sa.Uuid(), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("report_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["input_id"], ["parcels.input_id"], name=op.f("report_items_input_id_fkey")),
        sa.ForeignKeyConstraint(["process_id"], ["processes.id"], name=op.f("report_items_process_id_fkey")),
        sa.ForeignKeyConstraint(["report_id"], ["archive_reports.id"], name=op.f("report_items_report_id_fkey")),
        sa.PrimaryKeyConstraint("input_id", name=op.f("report_items_pkey")),
        sqlite_strict=True,
    )
    for name, column in (("waiting", "due_at"), ("process", "process_id")):
        op.create_index(
            f"ix_report_items_{name}", "report_items", [column], postgresql_where=UNREPORTED, sqlite_where=UNREPORTED
        )
    op.create_index("ix_report_items_report", "report_items", ["report_id"])


def downgrade() -> None:
    op.drop_table("report_items")
    op.drop_table("archive_reports")
    op.drop_index("one_delivery_held_for_an_input", "outbox_deliveries")
    op.execute("ALTER TABLE outbox_deliveries DROP COLUMN held_for")
    for name in WAYS:
        op.execute(f"ALTER TABLE processes DROP COLUMN {name}")
