"""Passkeys of those who work here, and a sign-in that waits for one."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from app.core.db import Instant

revision: str = "0014"
down_revision: str | None = "0013"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Whoever is signed in stays so."""
    op.add_column("sign_ins", sa.Column("waits", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("sign_ins", sa.Column("challenge", sa.LargeBinary(32), nullable=True))
    op.add_column("sign_ins", sa.Column("challenged_at", Instant(), nullable=True))
    op.create_table(
        "passkeys",
        sa.Column("participant_id", sa.Uuid(), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(1023), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("used_at", Instant(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["participant_id"], ["participants.id"], name=op.f("passkeys_participant_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("passkeys_pkey")),
        sa.UniqueConstraint("credential_id", name=op.f("passkeys_credential_id_key")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_passkeys_participant_id"), "passkeys", ["participant_id"])


def downgrade() -> None:
    """Who was half in is out: without the column they would be in."""
    op.drop_table("passkeys")
    op.execute(sa.text("DELETE FROM sign_ins WHERE waits"))
    for column in ("challenged_at", "challenge", "waits"):
        op.execute(f"ALTER TABLE sign_ins DROP COLUMN {column}")
