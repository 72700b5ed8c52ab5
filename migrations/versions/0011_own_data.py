"""Files with what we hold on somebody, wishes to be erased, and ideas whose words are."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from app.core.db import Instant

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "own_files",
        sa.Column("device_key", sa.LargeBinary(32), nullable=True),
        sa.Column("participant_id", sa.Uuid(), nullable=True),
        sa.Column("language", sa.String(5), nullable=False),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("ready_at", Instant(), nullable=True),
        sa.Column("key", sa.String(100), nullable=False),
        *_submitted_once("own_files"),
        sa.CheckConstraint(
            "device_key IS NOT NULL OR participant_id IS NOT NULL", name=op.f("own_files_somebody_asked")
        ),
        sa.CheckConstraint("(ready_at IS NULL) = (key = '')", name=op.f("own_files_what_is_ready_has_a_key")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_own_files_device_key"), "own_files", ["device_key"])
    op.create_index(op.f("ix_own_files_participant_id"), "own_files", ["participant_id"])
    op.create_table(
        "erasures",
        sa.Column("device_key", sa.LargeBinary(32), nullable=True),
        sa.Column("participant_id", sa.Uuid(), nullable=True),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("done_at", Instant(), nullable=True),
        *_submitted_once("erasures"),
        sa.CheckConstraint(
            "done_at IS NULL OR (device_key IS NULL AND participant_id IS NULL)",
            name=op.f("erasures_what_is_done_is_nobodys"),
        ),
        sqlite_strict=True,
    )


    op.add_column("ideas", sa.Column("erased_at", Instant(), nullable=True))


def _submitted_once(table: str) -> Sequence[sa.schema.SchemaItem]:
    return (
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("submission_hash", sa.LargeBinary(), nullable=False),
        sa.Column("content_digest", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participants.id"], name=op.f(f"{table}_participant_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"{table}_pkey")),
        sa.UniqueConstraint("submission_hash", name=op.f(f"{table}_submission_hash_key")),
    )


def downgrade() -> None:
    op.drop_column("ideas", "erased_at")
    op.drop_table("erasures")
    op.drop_table("own_files")
