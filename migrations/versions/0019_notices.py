"""What people want to be told of, and how far they have read."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from app.core.db import Instant

revision: str = "0019"
down_revision: str | None = "0018"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "notice_choices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("device_key", sa.LargeBinary(32), nullable=True),
        sa.Column("participant_id", sa.Uuid(), nullable=True),
        sa.Column("topic", sa.String(10), nullable=False),
        sa.Column("way", sa.String(10), nullable=False),
        sa.Column("chosen_at", Instant(), nullable=False),
        sa.CheckConstraint(
            "(device_key IS NULL) <> (participant_id IS NULL)", name=op.f("notice_choices_one_chooser")
        ),
        sa.CheckConstraint("topic IN ('own', 'follow', 'news')", name=op.f("notice_choices_topic_is_known")),
        sa.CheckConstraint("way IN ('push', 'here')", name=op.f("notice_choices_way_is_known")),
        sa.ForeignKeyConstraint(["participant_id"], ["participants.id"], name=op.f("notice_choices_participant_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("notice_choices_pkey")),
        sa.UniqueConstraint("device_key", "topic", name="one_choice_per_device"),
        sa.UniqueConstraint("participant_id", "topic", name="one_choice_per_participant"),
        sqlite_strict=True,
    )
    op.create_table(
        "notices_read",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("device_key", sa.LargeBinary(32), nullable=True),
        sa.Column("participant_id", sa.Uuid(), nullable=True),
        sa.Column("read_at", Instant(), nullable=False),
        sa.CheckConstraint("(device_key IS NULL) <> (participant_id IS NULL)", name=op.f("notices_read_one_reader")),
        sa.ForeignKeyConstraint(["participant_id"], ["participants.id"], name=op.f("notices_read_participant_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("notices_read_pkey")),
        sa.UniqueConstraint("device_key", name="one_reader_per_device"),
        sa.UniqueConstraint("participant_id", name="one_reader_per_participant"),
        sqlite_strict=True,
    )


def downgrade() -> None:
    op.drop_table("notices_read")
    op.drop_table("notice_choices")
