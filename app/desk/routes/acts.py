"""What is done to one input: who has it, until when, its step, notes, the answer, hiding; and taking it back."""

from collections.abc import Callable
from datetime import datetime
from typing import TypedDict, TypeVar
from uuid import UUID

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.core.actor import Actor
from app.core.errors import Conflict, RuleBroken
from app.core.lix import read
from app.desk import query
from app.desk.forms import (
    ANSWER_FORMS,
    ActForm,
    AssignForm,
    DeskForm,
    DueForm,
    HideForm,
    NoteForm,
    StepForm,
    UndoForm,
)
from app.desk.policy import ANSWERERS, DECIDERS, READERS
from app.desk.routes import bp
from app.desk.routes.view import address_of, offer, page, wanted
from app.desk.service import inputs
from app.desk.service.inputs import Seen
from app.parcels.models import Step
from app.parcels.service import Changed
from app.web.access import open_to
from app.web.context import current_actor, now
from app.web.errors import sentence
from app.web.extensions import session, settings
from app.web.htmx import respond

F = TypeVar("F", bound=DeskForm)


class Who(TypedDict):
    """Who acts, and when: what every act is told."""

    actor: Actor
    now: datetime


@bp.post("/arbeidsflate/innspill/<uuid:input_id>/ansvar")
@open_to(*READERS)
def assign(input_id: UUID) -> ResponseReturnValue:
    form = _offered(AssignForm(), input_id)

    def act() -> None:
        if form.group_id:
            inputs.send_to_group(session(), _seen(input_id, form), form.group_id, comment=form.comment.data, **_who())
        else:
            inputs.assign(session(), _seen(input_id, form), form.handler_id, **_who())

    return _act(input_id, form, act)


@bp.post("/arbeidsflate/innspill/<uuid:input_id>/frist")
@open_to(*READERS)
def due(input_id: UUID) -> ResponseReturnValue:
    form = _offered(DueForm(), input_id)
    return _act(input_id, form, lambda: inputs.set_due(session(), _seen(input_id, form), form.due_at, **_who()))


@bp.post("/arbeidsflate/innspill/<uuid:input_id>/steg")
@open_to(*DECIDERS)
def step(input_id: UUID) -> ResponseReturnValue:
    form = _offered(StepForm(), input_id)

    def act() -> None:
        wished, reason = Step(form.step.data), form.reason.data
        undo_seconds = settings().undo_seconds
        inputs.set_step(session(), _seen(input_id, form), wished, reason, undo_seconds=undo_seconds, **_who())

    return _act(input_id, form, act)


@bp.post("/arbeidsflate/innspill/<uuid:input_id>/angre")
@open_to(*READERS)
def undo(input_id: UUID) -> ResponseReturnValue:
    form = UndoForm()

    def act() -> None:
        inputs.undo(session(), _seen(input_id, form), undo_seconds=settings().undo_seconds, **_who())

    return _act(input_id, form, act)


@bp.post("/arbeidsflate/innspill/<uuid:input_id>/notat")
@open_to(*READERS)
def note(input_id: UUID) -> ResponseReturnValue:
    form = _offered(NoteForm(), input_id)
    return _act(input_id, form, lambda: inputs.write_note(session(), input_id, form.to_draft(input_id), **_who()))


@bp.post("/arbeidsflate/innspill/<uuid:input_id>/svar")
@open_to(*ANSWERERS)
def answer(input_id: UUID) -> ResponseReturnValue:
    """Send an answer; or, by another button of the form, put in a template or measure the text, and store nothing."""
    handling = query.get_handling(session(), input_id, now=now(), answer_days=settings().answer_days)
    form = _offered(ANSWER_FORMS[handling.kind.name](), input_id)
    if "hent" in request.form:
        form.take_template()
    if "hent" in request.form or "les" in request.form:
        return page(input_id=input_id, filled=form)

    def act() -> None:
        inputs.answer(
            session(), _seen(input_id, form), form.to_draft(input_id), role_name=current_user.title,
            undo_seconds=settings().undo_seconds, **_who(),
        )  # fmt: skip

    return _act(input_id, form, act)


@bp.post("/arbeidsflate/lesbarhet")
@open_to(*READERS)
def reading() -> ResponseReturnValue:
    """Show how a text reads, while it is being written."""
    return respond("desk/reading.html", reading=read(request.form.get("text", "")[:10_000]))


@bp.post("/arbeidsflate/innspill/<uuid:input_id>/skjul")
@open_to(*ANSWERERS)
def hide(input_id: UUID) -> ResponseReturnValue:
    form = _offered(HideForm(), input_id)
    return _act(input_id, form, lambda: inputs.hide(session(), _seen(input_id, form), form.reason.data, **_who()))


@bp.post("/arbeidsflate/innspill/<uuid:input_id>/vis")
@open_to(*ANSWERERS)
def show(input_id: UUID) -> ResponseReturnValue:
    form = UndoForm()
    return _act(input_id, form, lambda: inputs.show(session(), _seen(input_id, form), **_who()))


def _act(input_id: UUID, form: DeskForm, act: Callable[[], None]) -> ResponseReturnValue:
    """Do it and show the input again; or show it with what was typed, and why it was not done."""
    if not form.validate_on_submit():
        return page(input_id=input_id, filled=form, status=422)
    try:
        act()
    except Changed:
        session().rollback()
        return page(input_id=input_id, filled=form, changed=True, status=409)
    except Conflict as refusal:
        session().rollback()
        return page(input_id=input_id, filled=form, say=sentence(refusal), status=409)
    except RuleBroken as refusal:
        session().rollback()
        form.refuse(refusal)
        return page(input_id=input_id, filled=form, status=422)
    return redirect(url_for(".item", input_id=input_id, **address_of(wanted())), code=303)


def _offered(form: F, input_id: UUID) -> F:
    """Return the form with its choices. Raises NotFound when there is no such input."""
    offer(form, query.get_handling(session(), input_id, now=now(), answer_days=settings().answer_days))
    return form


def _seen(input_id: UUID, form: ActForm) -> Seen:
    return Seen(input_id, form.revision.number)


def _who() -> Who:
    return {"actor": current_actor(), "now": now()}
