"""By which way an idea came and when it was given, for those that staff write down; the newest deliveries at once."""

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


def downgrade() -> None:
    op.drop_index("ix_outbox_deliveries_channel_state", "outbox_deliveries")
    op.create_index("ix_outbox_deliveries_channel_state", "outbox_deliveries", ["channel", "state"])
    op.drop_column("ideas", "written_at")
    op.drop_column("ideas", "channel")
