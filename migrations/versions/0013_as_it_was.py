"""The whole idea as it was before each correction, so that the first letter carries what was first sent."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0013"
down_revision: str | None = "0012"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    # Nullable: of what was put right before this, the words until then are not known.
    op.add_column("idea_corrections", sa.Column("earlier_body", sa.Text(), nullable=True))
    op.add_column("idea_corrections", sa.Column("earlier_place", sa.String(200), nullable=True))


def downgrade() -> None:
    op.execute("ALTER TABLE idea_corrections DROP COLUMN earlier_place")
    op.execute("ALTER TABLE idea_corrections DROP COLUMN earlier_body")
