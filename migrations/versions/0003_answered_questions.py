"""An index for what the archive has answered, so that old questions are found and forgotten."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

INDEX = "ix_outbox_deliveries_answered"
ACCEPTED = sa.text("state = 'accepted'")


def upgrade() -> None:
    columns = ["job", "external_id", "ended_at"]
    op.create_index(INDEX, "outbox_deliveries", columns, postgresql_where=ACCEPTED, sqlite_where=ACCEPTED)


def downgrade() -> None:
    op.drop_index(INDEX, "outbox_deliveries")
