"""Mona, who moderates, her colleague, and a process in which a person looks first."""

from collections.abc import Iterator
from datetime import datetime

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from app.accounts.service import add_participant
from app.core.actor import Actor, Role
from app.processes.models import Moderation, Process


@pytest.fixture
def mona(session: Session, now: datetime) -> Actor:
    return _moderator(session, "moderator", now)


@pytest.fixture
def morten(session: Session, now: datetime) -> Actor:
    """Another moderator."""
    return _moderator(session, "morten", now)


def _moderator(session: Session, name: str, now: datetime) -> Actor:
    made = add_participant(
        session, email=f"{name}@test.example", name=name.title(), title="Moderator", role=Role.MODERATOR, now=now
    )
    session.commit()
    return made.actor


@pytest.fixture
def looked_at_first(session: Session) -> Iterator[None]:
    """In the Idepool a person looks before everybody sees. Its row outlives a test, so it is put back."""
    _moderate(session, Moderation.BEFORE)
    yield
    session.rollback()
    _moderate(session, Moderation.AFTER)


def _moderate(session: Session, when: Moderation) -> None:
    session.execute(update(Process).values(moderation=when.value))
    session.commit()
