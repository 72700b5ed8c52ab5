"""The audit log, its triggers, and the salt that ties a line to a person until they are erased."""

import secrets
from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from app.audit.dialect import POSTGRESQL_TRIGGERS, SQLITE_TRIGGERS
from app.core.db import Instant

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

participants = sa.table("participants", sa.column("id", sa.Uuid()), sa.column("audit_salt", sa.LargeBinary()))


def upgrade() -> None:
    op.create_table(
        "audit_log",
        sa.Column("nr", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("who_ref", sa.LargeBinary(), nullable=True),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("object_ref", sa.String(80), nullable=False),
        sa.Column("data_hash", sa.LargeBinary(), nullable=True),
        sa.Column("previous", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("nr >= 1", name=op.f("audit_log_numbers_begin_at_one")),
        sa.PrimaryKeyConstraint("nr", name=op.f("audit_log_pkey")),
        sa.UniqueConstraint("hash", name=op.f("audit_log_hash_key")),
        sa.UniqueConstraint("previous", name=op.f("audit_log_previous_key")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_audit_log_object_ref"), "audit_log", ["object_ref"])
    op.create_index(op.f("ix_audit_log_who_ref"), "audit_log", ["who_ref"])
    on_postgresql = op.get_bind().dialect.name == "postgresql"
    for trigger in POSTGRESQL_TRIGGERS if on_postgresql else SQLITE_TRIGGERS:
        op.execute(trigger)
    _salt_everybody()


def _salt_everybody() -> None:
    """Not in batch mode: SQLite would make the table again, and other tables point at its rows."""
    empty = "''::bytea" if op.get_bind().dialect.name == "postgresql" else "x''"
    op.add_column("participants", sa.Column("audit_salt", sa.LargeBinary(), nullable=False, server_default=sa.text(empty)))
    connection = op.get_bind()
    for (participant_id,) in connection.execute(sa.select(participants.c.id)).all():
        salted = participants.update().where(participants.c.id == participant_id)
        connection.execute(salted.values(audit_salt=secrets.token_bytes(16)))


def downgrade() -> None:
    op.drop_column("participants", "audit_salt")
    op.drop_table("audit_log")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION audit_log_stays()")
