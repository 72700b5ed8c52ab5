"""People with an account, for tests."""

from datetime import datetime

from sqlalchemy.orm import Session

from app.accounts.service import add_participant
from app.core.actor import Actor, Role


def staff(session: Session, name: str, role: Role, now: datetime) -> Actor:
    """Return somebody with an account, and commit."""
    made = add_participant(
        session, email=f"{name}@test.example", name=name.title(), title="Rådgiver", role=role, now=now
    )
    session.commit()
    return made.actor
