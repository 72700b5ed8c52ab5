"""Putting the words of one's own idea right: on the device that sent it, or with its receipt."""

from uuid import UUID

from flask import Response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from app.core.errors import Conflict
from app.core.receipt import read_receipt
from app.ideas import query, service
from app.ideas.forms import CorrectionForm
from app.ideas.models import Idea
from app.ideas.routes import bp
from app.web.access import open_to
from app.web.context import current_actor, now
from app.web.errors import sentence
from app.web.extensions import limiter, session, settings
from app.web.htmx import respond


@bp.get("/ideer/<uuid:idea_id>/rett")
@open_to()
def correct(idea_id: UUID) -> ResponseReturnValue:
    idea = query.own_idea(session(), idea_id, actor=current_actor())
    return _first_page(idea, url_for(".show", idea_id=idea_id))


@bp.post("/ideer/<uuid:idea_id>/rett")
@open_to()
@limiter.limit("20 per minute")
def submit_correction(idea_id: UUID) -> ResponseReturnValue:
    idea = query.own_idea(session(), idea_id, actor=current_actor())
    return _store(idea, url_for(".show", idea_id=idea_id))


@bp.get("/kvittering/<token>/rett")
@open_to()
def correct_by_receipt(token: str) -> ResponseReturnValue:
    return _first_page(_of_receipt(token), url_for(".receipt", token=token))


@bp.post("/kvittering/<token>/rett")
@open_to()
@limiter.limit("20 per minute")
def submit_correction_by_receipt(token: str) -> ResponseReturnValue:
    return _store(_of_receipt(token), url_for(".receipt", token=token))


def _of_receipt(token: str) -> Idea:
    return query.get_idea(session(), read_receipt(settings().secret_keys(), token))


def _first_page(idea: Idea, back: str) -> ResponseReturnValue:
    if not query.can_correct(session(), idea.id):
        return redirect(back, code=303)
    return _page(CorrectionForm(formdata=None, obj=idea), idea, back, 200)


def _store(idea: Idea, back: str) -> ResponseReturnValue:
    form = CorrectionForm()
    if not form.validate() or form.personal_data_fields():
        return _page(form, idea, back, 422)
    try:
        service.correct_idea(session(), idea.id, form.to_correction(), now=now(), report_days=settings().report_days)
    except Conflict as refusal:
        form.form_errors.append(sentence(refusal))
        return _page(form, idea, back, 409)
    return redirect(back, code=303)


def _page(form: CorrectionForm, idea: Idea, back: str, status: int) -> ResponseReturnValue:
    private = status == 422 and bool(form.personal_data_fields())  # noqa: PLR2004
    return _private(
        respond(
            "ideas/correct.html",
            status=status,
            form=form,
            back=back,
            private=private,
            here=request.path,
            looked_at=idea.hidden_at is not None,
        )
    )


def _private(response: Response) -> Response:
    """A receipt's address is a secret: nobody keeps the page, and no other site hears where somebody came from."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "strict-origin"
    response.headers["X-Robots-Tag"] = "noindex"
    return response
