"""Citizens sign in: a code goes to an address, known or not, a sign-in can be ended, and an account's things are found."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from app.core.db import Instant

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

INDEXES = {
    "ix_ideas_author": ("ideas", ["author_id", "submitted_at"]),
    "ix_supports_device": ("supports", ["device_key"]),
    "ix_follows_participant": ("follows", ["participant_id"]),
}


def upgrade() -> None:
    """The codes begin anew: each lives for a quarter of an hour, and a new one is asked for in a moment."""
    op.drop_table("sign_in_codes")
    _make_codes(sa.Column("email", sa.String(254), nullable=False), sa.Column("language", sa.String(5), nullable=False))
    op.create_index("ix_sign_in_codes_made", "sign_in_codes", ["made_at"])
    _make_sign_ins()
    _make_identities()
    for name, (table, columns) in INDEXES.items():
        op.create_index(name, table, columns)


def _make_sign_ins() -> None:
    """Whoever was signed in signs in once more: their session names no sign-in."""
    op.create_table(
        "sign_ins",
        sa.Column("participant_id", sa.Uuid(), nullable=False),
        sa.Column("browser", sa.String(20), nullable=False),
        sa.Column("system", sa.String(20), nullable=False),
        sa.Column("begun_at", Instant(), nullable=False),
        sa.Column("ends_at", Instant(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("begun_at < ends_at", name=op.f("sign_ins_begins_before_it_ends")),
        sa.ForeignKeyConstraint(["participant_id"], ["participants.id"], name=op.f("sign_ins_participant_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("sign_ins_pkey")),
        sqlite_strict=True,
    )
    op.create_index("ix_sign_ins_participant", "sign_ins", ["participant_id"])
    op.create_index("ix_sign_ins_ends", "sign_ins", ["ends_at"])


def _make_codes(*whose: sa.Column[object] | sa.ForeignKeyConstraint) -> None:
    op.create_table(
        "sign_in_codes",
        *whose,
        sa.Column("browser_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("used_at", Instant(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("sign_in_codes_pkey")),
        sqlite_strict=True,
    )


def _make_identities() -> None:
    op.create_table(
        "provider_identities",
        sa.Column("participant_id", sa.Uuid(), nullable=False),
        sa.Column("issuer", sa.String(255), nullable=False),
        sa.Column("sub", sa.String(255), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participants.id"], name=op.f("provider_identities_participant_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("provider_identities_pkey")),
        sa.UniqueConstraint("issuer", "sub", name="one_account_per_identity"),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_provider_identities_participant_id"), "provider_identities", ["participant_id"])


def downgrade() -> None:
    for name, (table, _) in INDEXES.items():
        op.drop_index(name, table)
    op.drop_table("provider_identities")
    op.drop_table("sign_ins")
    op.drop_table("sign_in_codes")
    _make_codes(
        sa.Column("participant_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participants.id"], name=op.f("sign_in_codes_participant_id_fkey")
        ),
    )
