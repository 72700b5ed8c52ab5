"""Processes with phases, news, members and working copies; the Idepool gets the one phase that never ends."""

from collections.abc import Sequence
from uuid import NAMESPACE_URL, uuid5

import sqlalchemy as sa
from alembic import op

from app.core.db import Instant

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

SPACE = uuid5(NAMESPACE_URL, "innbyggerlab.narvik")
SUMMARY = "Har du en idé for Narvik? Her kan du sende den hele året."
INFLUENCE = "Du kan foreslå det du vil. Kommunen leser alt, og svarer på det."

# name, type, what it is when nobody has said, and the constraint that rides on it
COLUMNS: tuple[tuple[str, sa.types.TypeEngine, str, str], ...] = (
    ("state", sa.String(10), "'published'", "CHECK (state IN ('draft', 'published', 'ended'))"),
    ("summary", sa.String(300), "''", ""),
    ("influence", sa.Text(), "''", ""),
    ("decided_by", sa.String(200), "''", ""),
    ("decides_on", sa.Date(), "", ""),
    ("place", sa.String(200), "''", ""),
    ("area_id", sa.Uuid(), "", "REFERENCES focus_areas (id)"),
    ("owner_id", sa.Uuid(), "", "REFERENCES participants (id)"),
    ("moderation", sa.String(10), "'after'", "CHECK (moderation IN ('after', 'before'))"),
    ("outcome", sa.Text(), "''", "CHECK ((state = 'ended') = (outcome <> ''))"),
    ("published_at", Instant(), "", ""),
    ("ended_at", Instant(), "", ""),
    ("submission_hash", sa.LargeBinary(32), "", ""),
)
CONSTRAINTS = {
    "state": "processes_state_is_known",
    "area_id": "processes_area_id_fkey",
    "owner_id": "processes_owner_id_fkey",
    "moderation": "processes_moderation_is_known",
    "outcome": "processes_what_ends_tells_what_was_done",
}

processes = sa.table(
    "processes", sa.column("id", sa.Uuid()), sa.column("slug", sa.String), sa.column("opens_at", Instant()),
    sa.column("published_at", Instant()), sa.column("summary", sa.String), sa.column("influence", sa.String),
    sa.column("decided_by", sa.String),
)  # fmt: skip
phases = sa.table(
    "process_phases", sa.column("id", sa.Uuid()), sa.column("process_id", sa.Uuid()), sa.column("title", sa.String),
    sa.column("opens_at", Instant()), sa.column("closes_at", Instant()),
)  # fmt: skip
activities = sa.table("phase_activities", sa.column("phase_id", sa.Uuid()), sa.column("activity", sa.String))


def upgrade() -> None:
    for name, kind, default, constraint in COLUMNS:
        _add_column(name, kind, default, constraint)
    op.create_index("ix_processes_state_closes", "processes", ["state", "closes_at"])
    op.create_index("processes_submission_hash_key", "processes", ["submission_hash"], unique=True)
    shown = sa.text("hidden_at IS NULL AND withdrawn_at IS NULL")
    op.create_index(
        "ix_ideas_process_newest", "ideas", ["process_id", "submitted_at"], postgresql_where=shown, sqlite_where=shown
    )
    _make_tables()
    _open_the_idepool()


def _add_column(name: str, kind: sa.types.TypeEngine, default: str, constraint: str) -> None:
    """Not in batch mode: SQLite would make the table again, and other tables point at its rows."""
    spelled = kind.compile(dialect=op.get_bind().dialect)
    always = f" NOT NULL DEFAULT {default}" if default else ""
    named = f" CONSTRAINT {CONSTRAINTS[name]} {constraint}" if constraint else ""
    op.execute(f"ALTER TABLE processes ADD COLUMN {name} {spelled}{always}{named}")


def _make_tables() -> None:
    op.create_table(
        "process_phases",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("process_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(120), nullable=False),
        sa.Column("opens_at", Instant(), nullable=False),
        sa.Column("closes_at", Instant(), nullable=True),
        sa.CheckConstraint("closes_at IS NULL OR opens_at < closes_at", name=op.f("process_phases_opens_before_it_closes")),
        sa.ForeignKeyConstraint(["process_id"], ["processes.id"], name=op.f("process_phases_process_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("process_phases_pkey")),
        sa.UniqueConstraint("process_id", "opens_at", name=op.f("one_phase_begins_at_a_time")),
        sqlite_strict=True,
    )
    op.create_table(
        "phase_activities",
        sa.Column("phase_id", sa.Uuid(), nullable=False),
        sa.Column("activity", sa.String(20), nullable=False),
        sa.CheckConstraint("activity IN ('ideas')", name=op.f("phase_activities_activity_is_known")),
        sa.ForeignKeyConstraint(["phase_id"], ["process_phases.id"], name=op.f("phase_activities_phase_id_fkey")),
        sa.PrimaryKeyConstraint("phase_id", "activity", name=op.f("phase_activities_pkey")),
        sqlite_strict=True,
    )
    op.create_table(
        "process_members",
        sa.Column("process_id", sa.Uuid(), nullable=False),
        sa.Column("participant_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["process_id"], ["processes.id"], name=op.f("process_members_process_id_fkey")),
        sa.ForeignKeyConstraint(["participant_id"], ["participants.id"], name=op.f("process_members_participant_id_fkey")),
        sa.PrimaryKeyConstraint("process_id", "participant_id", name=op.f("process_members_pkey")),
        sqlite_strict=True,
    )
    op.create_table(
        "process_working_copies",
        sa.Column("process_id", sa.Uuid(), nullable=False),
        sa.Column("typed", sa.JSON(), nullable=False),
        sa.Column("ahead", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("pen", sa.Uuid(), nullable=False),
        sa.Column("saved_at", Instant(), nullable=False),
        sa.Column("saved_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["process_id"], ["processes.id"], name=op.f("process_working_copies_process_id_fkey")),
        sa.ForeignKeyConstraint(["saved_by"], ["participants.id"], name=op.f("process_working_copies_saved_by_fkey")),
        sa.PrimaryKeyConstraint("process_id", name=op.f("process_working_copies_pkey")),
        sqlite_strict=True,
    )
    op.create_table(
        "process_news",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("submission_hash", sa.LargeBinary(), nullable=False),
        sa.Column("content_digest", sa.LargeBinary(), nullable=False),
        sa.Column("process_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(120), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column("published_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["process_id"], ["processes.id"], name=op.f("process_news_process_id_fkey")),
        sa.ForeignKeyConstraint(["author_id"], ["participants.id"], name=op.f("process_news_author_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("process_news_pkey")),
        sa.UniqueConstraint("submission_hash", name=op.f("process_news_submission_hash_key")),
        sqlite_strict=True,
    )
    op.create_index("ix_process_news_newest", "process_news", ["process_id", "published_at"])


def _open_the_idepool() -> None:
    connection = op.get_bind()
    found = connection.execute(sa.select(processes.c.id, processes.c.slug, processes.c.opens_at)).all()
    for process_id, slug, opens_at in found:
        said = {"published_at": opens_at, "decided_by": "Kommunen"}
        if slug == "idepool":
            said |= {"summary": SUMMARY, "influence": INFLUENCE}
        connection.execute(processes.update().where(processes.c.id == process_id).values(said))
        phase_id = uuid5(SPACE, f"phase:{slug}")
        connection.execute(phases.insert().values(id=phase_id, process_id=process_id, title="Idéer", opens_at=opens_at))
        connection.execute(activities.insert().values(phase_id=phase_id, activity="ideas"))


def downgrade() -> None:
    op.drop_index("ix_ideas_process_newest", "ideas")
    for table in ("process_news", "process_working_copies", "process_members", "phase_activities", "process_phases"):
        op.drop_table(table)
    op.drop_index("processes_submission_hash_key", "processes")
    op.drop_index("ix_processes_state_closes", "processes")
    # The last first: no database drops a column that the CHECK of another one names.
    for name, *_ in reversed(COLUMNS):
        op.execute(f"ALTER TABLE processes DROP COLUMN {name}")
