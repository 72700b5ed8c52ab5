"""What a writer mended in an idea that is not shown: the text before and after."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from app.core.db import Instant

revision: str = "0020"
down_revision: str | None = "0010"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "idea_mendings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("submission_hash", sa.LargeBinary(), nullable=False),
        sa.Column("content_digest", sa.LargeBinary(), nullable=False),
        sa.Column("idea_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(120), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("title_before", sa.String(120), nullable=False),
        sa.Column("body_before", sa.Text(), nullable=False),
        sa.Column("mended_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["idea_id"], ["ideas.id"], name=op.f("idea_mendings_idea_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("idea_mendings_pkey")),
        sa.UniqueConstraint("submission_hash", name=op.f("idea_mendings_submission_hash_key")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_idea_mendings_idea_id"), "idea_mendings", ["idea_id"])


def downgrade() -> None:
    op.drop_table("idea_mendings")
