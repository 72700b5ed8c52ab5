"""Participation processes. The Idepool is one of them, without end."""

from datetime import datetime

from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped

from app.core.db import Identified, Model, column

IDEPOOL_SLUG = "idepool"


class Process(Identified, Model):
    """Where inputs are asked for. closes_at None: it has no end; the Idepool can never be given one."""

    __tablename__ = "processes"
    __table_args__ = (
        CheckConstraint(f"slug <> '{IDEPOOL_SLUG}' OR closes_at IS NULL", name="the_idepool_never_closes"),
        CheckConstraint("closes_at IS NULL OR opens_at < closes_at", name="opens_before_it_closes"),
    )

    slug: Mapped[str] = column("technical", String(80), unique=True)
    title: Mapped[str] = column("content", String(120))
    opens_at: Mapped[datetime] = column("technical")
    closes_at: Mapped[datetime | None] = column("technical")
