"""By which way an idea came and when it was given, for those that staff write down; deliveries by age; acts on many."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from app.core.db import Instant

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("ideas", sa.Column("channel", sa.String(10), nullable=False, server_default="nett"))
    op.add_column("ideas", sa.Column("written_at", Instant(), nullable=True))
    op.drop_index("ix_outbox_deliveries_channel_state", "outbox_deliveries")
    op.create_index("ix_outbox_deliveries_channel_state", "outbox_deliveries", ["channel", "state", "created_at"])


    _bulks()


def _bulks() -> None:
    op.create_table(
        "desk_bulks",
        sa.Column("what", sa.String(20), nullable=False),
        sa.Column("value", sa.String(80), nullable=False),
        sa.Column("reason", sa.String(1000), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column("seen_at", Instant(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("submission_hash", sa.LargeBinary(), nullable=False),
        sa.Column("content_digest", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["participants.id"], name=op.f("desk_bulks_by_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("desk_bulks_pkey")),
        sa.UniqueConstraint("submission_hash", name=op.f("desk_bulks_submission_hash_key")),
        sqlite_strict=True,
    )
    op.create_index("ix_desk_bulks_owner", "desk_bulks", ["by_id", "at"])
    op.create_table(
        "desk_bulk_items",
        sa.Column("bulk_id", sa.Uuid(), nullable=False),
        sa.Column("input_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("refusal", sa.String(200), nullable=False),
        sa.CheckConstraint("state IN ('waiting', 'done', 'refused')", name=op.f("desk_bulk_items_state_is_known")),
        sa.ForeignKeyConstraint(["bulk_id"], ["desk_bulks.id"], name=op.f("desk_bulk_items_bulk_id_fkey")),
        sa.ForeignKeyConstraint(["input_id"], ["parcels.input_id"], name=op.f("desk_bulk_items_input_id_fkey")),
        sa.PrimaryKeyConstraint("bulk_id", "input_id", name=op.f("desk_bulk_items_pkey")),
        sqlite_strict=True,
    )
    op.create_index("ix_desk_bulk_items_state", "desk_bulk_items", ["bulk_id", "state", "place"])


def downgrade() -> None:
    op.drop_table("desk_bulk_items")
    op.drop_table("desk_bulks")
    op.drop_index("ix_outbox_deliveries_channel_state", "outbox_deliveries")
    op.create_index("ix_outbox_deliveries_channel_state", "outbox_deliveries", ["channel", "state"])
    op.drop_column("ideas", "written_at")
    op.drop_column("ideas", "channel")
