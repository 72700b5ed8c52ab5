"""Focus areas are asked for on every page, and change some times a year."""

from itertools import count

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from app.areas import query
from app.areas.models import FocusArea

FAR_AWAY = count(1e6, 1000.0)


def test_a_changed_area_is_seen_everywhere_within_ten_seconds(session: Session, turn: dict[str, float]) -> None:
    before = {area.slug: area.name for area in query.areas(session)}
    try:
        rename(session, "mobilitet", "Veier og buss")

        turn["seconds"] += query.KEPT_S

        assert {area.slug: area.name for area in query.areas(session)}["mobilitet"] == "Veier og buss"
    finally:
        rename(session, "mobilitet", before["mobilitet"])
        turn["seconds"] += query.KEPT_S


def test_a_closed_area_is_offered_to_nobody_and_still_known(session: Session, turn: dict[str, float]) -> None:
    try:
        close(session, "mobilitet", closed=True)
        turn["seconds"] += query.KEPT_S

        assert "mobilitet" not in {area.slug for area in query.areas(session)}
        assert "mobilitet" in {area.slug for area in query.areas(session, with_closed=True)}
    finally:
        close(session, "mobilitet", closed=False)
        turn["seconds"] += query.KEPT_S


def rename(session: Session, slug: str, name: str) -> None:
    session.execute(update(FocusArea).where(FocusArea.slug == slug).values(name=name))
    session.commit()


def close(session: Session, slug: str, *, closed: bool) -> None:
    session.execute(update(FocusArea).where(FocusArea.slug == slug).values(closed=closed))
    session.commit()


@pytest.fixture
def turn(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """The seconds of the machine's own clock, which never shows the same again: what an earlier test left is old."""
    hands = {"seconds": next(FAR_AWAY)}
    monkeypatch.setattr(query, "monotonic", lambda: hands["seconds"])
    return hands
