"""Comments."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from app.core.db import Instant

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "comments",
        sa.Column("input_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("stance", sa.String(10), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("role_name", sa.String(80), nullable=False),
        sa.Column("language", sa.String(5), nullable=False),
        sa.Column("device_key", sa.LargeBinary(32), nullable=True),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column("submitted_at", Instant(), nullable=False),
        sa.Column("hidden_at", Instant(), nullable=True),
        sa.Column("hidden_reason", sa.String(500), nullable=False),
        sa.Column("withdrawn_at", Instant(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("submission_hash", sa.LargeBinary(), nullable=False),
        sa.Column("content_digest", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("length(text) BETWEEN 1 AND 1000", name=op.f("comments_text_has_a_length")),
        sa.CheckConstraint("stance IN ('for', 'against', 'question', 'reply')", name=op.f("comments_stance_is_known")),
        sa.CheckConstraint(
            "(stance = 'reply') = (parent_id IS NOT NULL)", name=op.f("comments_a_reply_answers_a_comment")
        ),
        sa.CheckConstraint(
            "(hidden_at IS NULL) = (hidden_reason = '')", name=op.f("comments_what_is_hidden_has_a_reason")
        ),
        sa.ForeignKeyConstraint(["author_id"], ["participants.id"], name=op.f("comments_author_id_fkey")),
        sa.ForeignKeyConstraint(["parent_id"], ["comments.id"], name=op.f("comments_parent_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("comments_pkey")),
        sa.UniqueConstraint("submission_hash", name=op.f("comments_submission_hash_key")),
        sqlite_strict=True,
    )
    op.create_index("ix_comments_thread", "comments", ["input_id", "stance", "submitted_at", "id"])
    op.create_index("ix_comments_replies", "comments", ["parent_id", "submitted_at", "id"])
    op.create_index(op.f("ix_comments_device_key"), "comments", ["device_key"])


def downgrade() -> None:
    op.drop_table("comments")
