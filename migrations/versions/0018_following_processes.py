"""Devices and accounts follow a process; a subscription to push says which of our keys it was made with."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from app.core.db import Instant

revision: str = "0018"
down_revision: str | None = "0017"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "process_follows",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("process_id", sa.Uuid(), nullable=False),
        sa.Column("device_key", sa.LargeBinary(32), nullable=True),
        sa.Column("participant_id", sa.Uuid(), nullable=True),
        sa.Column("since", Instant(), nullable=False),
        sa.CheckConstraint(
            "(device_key IS NULL) <> (participant_id IS NULL)", name=op.f("process_follows_one_follower")
        ),
        sa.ForeignKeyConstraint(["participant_id"], ["participants.id"], name=op.f("process_follows_participant_id_fkey")),
        sa.ForeignKeyConstraint(["process_id"], ["processes.id"], name=op.f("process_follows_process_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("process_follows_pkey")),
        sa.UniqueConstraint("process_id", "device_key", name="one_follow_of_a_process_per_device"),
        sa.UniqueConstraint(
            "process_id", "participant_id", name="one_follow_of_a_process_per_participant"
        ),
        sqlite_strict=True,
    )
    op.create_index("ix_process_follows_device", "process_follows", ["device_key"])
    op.create_index("ix_process_follows_participant", "process_follows", ["participant_id"])
    op.add_column("push_subscriptions", sa.Column("vapid_key", sa.String(16), nullable=True))


def downgrade() -> None:
    op.execute("ALTER TABLE push_subscriptions DROP COLUMN vapid_key")
    op.drop_table("process_follows")
