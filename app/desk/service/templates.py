"""Answer templates: written, changed, taken away and had back."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from app.audit import service as audit
from app.core.actor import Actor
from app.core.errors import NotFound
from app.core.text import N_
from app.desk import query
from app.desk.models import AnswerTemplate
from app.desk.policy import may_answer


def write(session: Session, title: str, text: str, *, actor: Actor, now: datetime) -> AnswerTemplate:
    """Add a template."""
    _require(actor)
    made = AnswerTemplate(title=title, text=text, changed_at=now)
    session.add(made)
    session.flush()
    _note(session, "template_written", made, actor=actor, now=now)
    return made


def change(session: Session, template_id: UUID, title: str, text: str, *, actor: Actor, now: datetime) -> None:
    """Give a template other words. Raises NotFound."""
    _require(actor)
    found = query.get_template(session, template_id)
    found.title, found.text, found.changed_at = title, text, now
    _note(session, "template_changed", found, actor=actor, now=now)


def remove(session: Session, template_id: UUID, *, actor: Actor, now: datetime) -> None:
    """Offer a template no more; it can be had back."""
    _require(actor)
    found = query.get_template(session, template_id)
    found.removed_at = now
    _note(session, "template_removed", found, actor=actor, now=now)


def have_back(session: Session, template_id: UUID, *, actor: Actor, now: datetime) -> None:
    """Offer a removed template again."""
    _require(actor)
    found = query.get_template(session, template_id)
    found.removed_at = None
    _note(session, "template_had_back", found, actor=actor, now=now)


def _require(actor: Actor) -> None:
    if not may_answer(actor):
        raise NotFound(N_("Vi fant ikke siden."))


def _note(session: Session, action: str, template: AnswerTemplate, *, actor: Actor, now: datetime) -> None:
    session.flush()
    said = {"title": template.title, "text": template.text}
    audit.note(session, action, f"template:{template.id}", actor=actor, now=now, said=said)
