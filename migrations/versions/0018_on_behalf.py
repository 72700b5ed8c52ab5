"""By which way an idea came, and when it was given, for those that staff write down for somebody."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from app.core.db import Instant

revision: str = "0018"
down_revision: str | None = "0008"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("ideas", sa.Column("channel", sa.String(10), nullable=False, server_default="nett"))
    op.add_column("ideas", sa.Column("written_at", Instant(), nullable=True))


def downgrade() -> None:
    op.drop_column("ideas", "written_at")
    op.drop_column("ideas", "channel")
