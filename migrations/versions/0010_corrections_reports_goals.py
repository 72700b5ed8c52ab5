"""Ideas that are put right, what somebody reports, and which of the UN's goals an idea is for."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from app.core.db import Instant

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "idea_corrections",
        sa.Column("idea_id", sa.Uuid(), nullable=False),
        sa.Column("earlier_title", sa.String(120), nullable=False),
        sa.Column("title", sa.String(120), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("place", sa.String(200), nullable=False),
        sa.Column("corrected_at", Instant(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("submission_hash", sa.LargeBinary(), nullable=False),
        sa.Column("content_digest", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("length(title) BETWEEN 1 AND 120", name=op.f("idea_corrections_title_has_a_length")),
        sa.ForeignKeyConstraint(["idea_id"], ["ideas.id"], name=op.f("idea_corrections_idea_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("idea_corrections_pkey")),
        sa.UniqueConstraint("submission_hash", name=op.f("idea_corrections_submission_hash_key")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_idea_corrections_idea_id"), "idea_corrections", ["idea_id"])
    op.create_table(
        "reports",
        sa.Column("input_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("reason", sa.String(10), nullable=False),
        sa.Column("words", sa.String(500), nullable=False),
        sa.Column("device_key", sa.LargeBinary(32), nullable=False),
        sa.Column("reported_at", Instant(), nullable=False),
        sa.Column("handled_at", Instant(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("reason IN ('private', 'mean', 'advert', 'other')", name=op.f("reports_reason_is_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("reports_pkey")),
        sa.UniqueConstraint("input_id", "device_key", name="one_report_per_device"),
        sqlite_strict=True,
    )
    unhandled = sa.text("handled_at IS NULL")
    op.create_index(
        "ix_reports_unhandled", "reports", ["reported_at"], postgresql_where=unhandled, sqlite_where=unhandled
    )
    op.create_table(
        "idea_goals",
        sa.Column("idea_id", sa.Uuid(), nullable=False),
        sa.Column("goal", sa.Integer(), nullable=False),
        sa.CheckConstraint("goal BETWEEN 1 AND 17", name=op.f("idea_goals_goal_is_known")),
        sa.ForeignKeyConstraint(["idea_id"], ["ideas.id"], name=op.f("idea_goals_idea_id_fkey")),
        sa.PrimaryKeyConstraint("idea_id", "goal", name=op.f("idea_goals_pkey")),
        sqlite_strict=True,
    )
    op.create_index("ix_idea_goals_goal", "idea_goals", ["goal", "idea_id"])


def downgrade() -> None:
    op.drop_table("idea_goals")
    op.drop_table("reports")
    op.drop_table("idea_corrections")
