"""The queue of moderation, the filter's words, and why an idea is not on the page."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from app.core.db import Instant

revision: str = "0012"
down_revision: str | None = "0011"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

WAITING, APPEAL = sa.text("state = 'waiting'"), sa.text("why = 'appeal'")
WHYS = "'before_publishing', 'filter', 'report', 'appeal', 'mended', 'desk'"
REASONS = "'', 'private', 'abuse', 'off_topic', 'advert', 'ongoing_case', 'other'"


def upgrade() -> None:
    _make_items()
    op.create_table(
        "filter_words",
        sa.Column("word", sa.String(60), nullable=False),
        sa.Column("listed", sa.Boolean(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.Column("changed_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["changed_by"], ["participants.id"], name=op.f("filter_words_changed_by_fkey")),
        sa.PrimaryKeyConstraint("word", name=op.f("filter_words_pkey")),
        sqlite_strict=True,
    )
    # Not in batch mode: SQLite would make the table again, and other tables point at its rows.
    spelled = sa.String(20).compile(dialect=op.get_bind().dialect)
    op.execute(
        f"ALTER TABLE ideas ADD COLUMN hidden_cause {spelled} NOT NULL DEFAULT '' "
        "CONSTRAINT ideas_a_cause_belongs_to_what_is_hidden CHECK (hidden_cause = '' OR hidden_at IS NOT NULL)"
    )


def _make_items() -> None:
    op.create_table(
        "moderation_items",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("input_id", sa.Uuid(), nullable=False),
        sa.Column("nr", sa.Integer(), nullable=False),
        sa.Column("process_id", sa.Uuid(), nullable=True),
        sa.Column("why", sa.String(20), nullable=False),
        sa.Column("asked_words", sa.String(500), nullable=False),
        sa.Column("marks", sa.JSON(), nullable=False),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("reason", sa.String(20), nullable=False),
        sa.Column("words", sa.String(500), nullable=False),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_name", sa.String(80), nullable=False),
        sa.Column("not_by", sa.Uuid(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.CheckConstraint(f"why IN ({WHYS})", name=op.f("moderation_items_why_is_known")),
        sa.CheckConstraint(
            "state IN ('waiting', 'approved', 'refused')", name=op.f("moderation_items_state_is_known")
        ),
        sa.CheckConstraint(f"reason IN ({REASONS})", name=op.f("moderation_items_reason_is_known")),
        sa.CheckConstraint(
            "(state = 'waiting') = (decided_at IS NULL)", name=op.f("moderation_items_what_is_decided_has_a_time")
        ),
        sa.CheckConstraint(
            "(state = 'refused') = (reason <> '')", name=op.f("moderation_items_what_is_refused_has_a_reason")
        ),
        sa.ForeignKeyConstraint(["process_id"], ["processes.id"], name=op.f("moderation_items_process_id_fkey")),
        sa.ForeignKeyConstraint(["decided_by"], ["participants.id"], name=op.f("moderation_items_decided_by_fkey")),
        sa.ForeignKeyConstraint(["not_by"], ["participants.id"], name=op.f("moderation_items_not_by_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("moderation_items_pkey")),
        sa.UniqueConstraint("input_id", "nr", name="one_of_each_number"),
        sqlite_strict=True,
    )
    for name, columns, unique, where in (
        ("moderation_items_one_open", ["input_id"], True, WAITING),
        ("moderation_items_one_appeal", ["input_id"], True, APPEAL),
        ("ix_moderation_items_queue", ["asked_at", "id"], False, WAITING),
        ("ix_moderation_items_decided", ["decided_by", "decided_at"], False, None),
    ):
        op.create_index(
            name, "moderation_items", columns, unique=unique, postgresql_where=where, sqlite_where=where
        )  # fmt: skip


def downgrade() -> None:
    op.execute("ALTER TABLE ideas DROP COLUMN hidden_cause")
    op.drop_table("filter_words")
    op.drop_table("moderation_items")
