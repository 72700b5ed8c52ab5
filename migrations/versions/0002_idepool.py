"""The Idepool, the focus areas, and the search of ideas."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import NAMESPACE_URL, uuid5

import sqlalchemy as sa
from alembic import op

from app.core.db import Instant
from app.ideas.dialect import IDEAS

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

# The same ids in every installation, so that exports from two of them can be compared.
SPACE = uuid5(NAMESPACE_URL, "innbyggerlab.narvik")
OPENED = datetime(2020, 1, 1, tzinfo=UTC)
AREAS = (
    ("energi", "Energi", "energi", "energi"),
    ("bygg-og-hjem", "Bygg og hjem", "bygg-og-hjem", "bygg og hjem"),
    ("helse", "Helse og offentlige tjenester", "helse", "helse og offentlige tjenester"),
    ("mobilitet", "Mobilitet", "mobilitet", "mobilitet"),
    ("reiseliv", "Reiseliv", "reiseliv", "reiseliv"),
    ("samhandling", "Samhandling", "samhandling", "samhandling"),
    ("annet", "Annet", "annet", "innbyggerlab"),
)

focus_areas = sa.table(
    "focus_areas",
    sa.column("id", sa.Uuid()),
    sa.column("slug", sa.String),
    sa.column("name", sa.String),
    sa.column("icon", sa.String),
    sa.column("place", sa.Integer),
    sa.column("closed", sa.Boolean),
    sa.column("folder_title", sa.String),
)
processes = sa.table(
    "processes",
    sa.column("id", sa.Uuid()),
    sa.column("slug", sa.String),
    sa.column("title", sa.String),
    sa.column("opens_at", Instant()),
    sa.column("closes_at", Instant()),
)


def upgrade() -> None:
    op.bulk_insert(
        focus_areas,
        [
            {
                "id": uuid5(SPACE, f"area:{slug}"),
                "slug": slug,
                "name": name,
                "icon": icon,
                "place": place,
                "closed": False,
                "folder_title": folder,
            }
            for place, (slug, name, icon, folder) in enumerate(AREAS)
        ],
    )
    op.bulk_insert(
        processes,
        [
            {
                "id": uuid5(SPACE, "process:idepool"),
                "slug": "idepool",
                "title": "Idépoolen",
                "opens_at": OPENED,
                "closes_at": None,
            }
        ],
    )
    for sentence in IDEAS.created(on_postgresql=op.get_bind().dialect.name == "postgresql"):
        op.execute(sentence)


def downgrade() -> None:
    op.execute("DROP TABLE ideas_search")
    op.execute(processes.delete().where(processes.c.slug == "idepool"))
    op.execute(focus_areas.delete().where(focus_areas.c.slug.in_([slug for slug, *_ in AREAS])))
