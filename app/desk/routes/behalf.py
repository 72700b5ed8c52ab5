"""«Registrer for noen»: the form, and the receipt that is printed and handed over."""

from uuid import UUID

from flask import redirect, url_for
from flask.typing import ResponseReturnValue

from app.areas.query import areas
from app.core.oslo import OSLO
from app.core.receipt import receipt_token
from app.desk.forms import RegisterForm
from app.desk.policy import READERS
from app.desk.routes import bp
from app.desk.service import behalf
from app.files.store import picture_store
from app.ideas import query as ideas
from app.web.access import open_to
from app.web.context import current_actor, now
from app.web.extensions import session, settings
from app.web.htmx import respond
from app.web.qr import qr_svg


@bp.get("/arbeidsflate/registrer")
@open_to(*READERS)
def register() -> ResponseReturnValue:
    today = now().astimezone(OSLO).date()
    return _form_page(RegisterForm(formdata=None, data={"given_on": today}))


@bp.post("/arbeidsflate/registrer")
@open_to(*READERS)
def registered() -> ResponseReturnValue:
    form = RegisterForm()
    _offer(form)
    valid = form.validate_on_submit() and form.given_by(now())
    if not valid or form.personal_data_fields():
        return _form_page(form, found=valid, status=422)
    idea_id = behalf.register(
        session(),
        form.to_draft_on_behalf(),
        store=picture_store(settings()),
        actor=current_actor(),
        now=now(),
        undo_seconds=settings().undo_seconds,
    )
    return redirect(url_for(".handed_over", input_id=idea_id), code=303)


@bp.get("/arbeidsflate/registrer/<uuid:input_id>")
@open_to(*READERS)
def handed_over(input_id: UUID) -> ResponseReturnValue:
    """Show the receipt of an idea that staff wrote down; another one's is not theirs to hand over."""
    idea = ideas.registered_idea(session(), input_id)
    path = url_for("ideas.receipt", token=receipt_token(settings().secret_keys(), input_id))
    address = settings().public_url.rstrip("/") + path
    return respond(
        "desk/registered.html",
        idea=idea,
        input_id=input_id,
        address=address,
        qr=qr_svg(address),
        answer_days=settings().answer_days,
    )


def _form_page(form: RegisterForm, *, found: bool = False, status: int = 200) -> ResponseReturnValue:
    """Return the form. found: all is right, but the text tells who somebody is."""
    _offer(form)
    return respond("desk/register.html", status=status, form=form, found=found, areas=areas(session()))


def _offer(form: RegisterForm) -> None:
    form.offer(areas(session()))
