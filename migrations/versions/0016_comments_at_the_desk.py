"""Comments at the desk: which wait for an answer, search in them, and their words put right."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from app.comments.dialect import COMMENTS
from app.core.db import Instant
from app.core.search import stems

revision: str = "0016"
down_revision: str | None = "0015"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

AT_ONCE = 1000
# A question waits while everybody reads it and nobody at the municipality has answered it (ideas.service).
UNANSWERED = """
    UPDATE parcels SET waits = true WHERE kind = 'comment' AND step IN ('received', 'read', 'considered')
    AND input_id IN (
        SELECT c.id FROM comments c
        WHERE c.stance = 'question' AND c.role_name = '' AND c.hidden_at IS NULL AND c.withdrawn_at IS NULL
        AND NOT EXISTS (
            SELECT 1 FROM comments r
            WHERE r.parent_id = c.id AND r.role_name <> '' AND r.hidden_at IS NULL AND r.withdrawn_at IS NULL
        )
    )
"""


def upgrade() -> None:
    op.create_table(
        "comment_corrections",
        sa.Column("comment_id", sa.Uuid(), nullable=False),
        sa.Column("earlier_text", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("corrected_at", Instant(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("submission_hash", sa.LargeBinary(), nullable=False),
        sa.Column("content_digest", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("length(text) BETWEEN 1 AND 1000", name=op.f("comment_corrections_text_has_a_length")),
        sa.ForeignKeyConstraint(["comment_id"], ["comments.id"], name=op.f("comment_corrections_comment_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("comment_corrections_pkey")),
        sa.UniqueConstraint("submission_hash", name=op.f("comment_corrections_submission_hash_key")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_comment_corrections_comment_id"), "comment_corrections", ["comment_id"])
    questions = sa.text("waits AND kind = 'comment'")
    op.create_index("ix_parcels_kind", "parcels", ["kind", "received_at", "input_id"])
    op.create_index(
        "ix_parcels_questions", "parcels", ["received_at", "input_id"],
        postgresql_where=questions, sqlite_where=questions,
    )  # fmt: skip
    if op.get_bind().dialect.name == "postgresql":
        # Few comments wait, most ideas do: not knowing that, it would look for a question among all comments
        op.execute("CREATE STATISTICS parcels_kind_waits (mcv) ON kind, waits, step FROM parcels")
    op.execute("UPDATE parcels SET waits = false WHERE kind = 'correction'")
    op.execute(UNANSWERED)
    _make_findable()


def _make_findable() -> None:
    bind = op.get_bind()
    on_postgresql = bind.dialect.name == "postgresql"
    for sentence in COMMENTS.created(on_postgresql=on_postgresql):
        op.execute(sentence)
    written = sa.text(COMMENTS.written(on_postgresql=on_postgresql))
    # Oldest first: SQLite finds the newest by the order in which they came
    there = bind.execute(sa.text("SELECT id, text FROM comments ORDER BY submitted_at"))
    while found := there.fetchmany(AT_ONCE):
        bind.execute(written, [{"id": row.id, "words": " ".join(stems(row.text))} for row in found])


def downgrade() -> None:
    op.execute("DROP TABLE comments_search")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP STATISTICS parcels_kind_waits")
    op.execute("UPDATE parcels SET waits = false WHERE kind = 'comment'")
    op.drop_index("ix_parcels_questions", "parcels")
    op.drop_index("ix_parcels_kind", "parcels")
    op.drop_table("comment_corrections")
