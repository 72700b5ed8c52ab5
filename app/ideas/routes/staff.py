"""Ideas for case workers: answer officially, hide, show again."""

from uuid import UUID

from flask import redirect, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.ideas import query, service
from app.ideas.forms import HideForm, ReplyForm
from app.ideas.policy import ANSWERERS
from app.ideas.routes import bp
from app.web.access import open_to
from app.web.context import current_actor, now
from app.web.extensions import session
from app.web.htmx import respond


@bp.get("/arbeidsflate/ideer/<uuid:idea_id>")
@open_to(*ANSWERERS)
def desk(idea_id: UUID) -> ResponseReturnValue:
    return _page(idea_id, ReplyForm(formdata=None), HideForm(formdata=None))


@bp.post("/arbeidsflate/ideer/<uuid:idea_id>/svar")
@open_to(*ANSWERERS)
def answer(idea_id: UUID) -> ResponseReturnValue:
    form = ReplyForm()
    if not form.validate_on_submit():
        return _page(idea_id, form, HideForm(formdata=None), status=422)
    service.answer_idea(
        session(),
        query.get_idea(session(), idea_id),
        form.to_draft(),
        actor=current_actor(),
        role_name=current_user.title,
        now=now(),
    )
    return redirect(url_for(".desk", idea_id=idea_id), code=303)


@bp.post("/arbeidsflate/ideer/<uuid:idea_id>/skjul")
@open_to(*ANSWERERS)
def hide(idea_id: UUID) -> ResponseReturnValue:
    form = HideForm()
    if not form.validate_on_submit():
        return _page(idea_id, ReplyForm(formdata=None), form, status=422)
    idea = query.get_idea(session(), idea_id)
    service.hide_idea(session(), idea, reason=form.reason.data, actor=current_actor(), now=now())
    return redirect(url_for(".desk", idea_id=idea_id), code=303)


@bp.post("/arbeidsflate/ideer/<uuid:idea_id>/vis")
@open_to(*ANSWERERS)
def show_again(idea_id: UUID) -> ResponseReturnValue:
    service.show_idea(session(), query.get_idea(session(), idea_id), actor=current_actor(), now=now())
    return redirect(url_for(".desk", idea_id=idea_id), code=303)


def _page(idea_id: UUID, reply: ReplyForm, hide_form: HideForm, status: int = 200) -> ResponseReturnValue:
    idea = query.published_idea(session(), idea_id, actor=current_actor())
    return respond("ideas/desk.html", status=status, idea=idea, form=reply, hide_form=hide_form, now=now())
