"""Answer templates: the list, a new one, another wording, and away with one."""

from uuid import UUID

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from app.core.lix import read
from app.desk import query
from app.desk.forms import TemplateForm
from app.desk.models import AnswerTemplate
from app.desk.policy import ANSWERERS
from app.desk.routes import bp
from app.desk.service import templates as service
from app.web.access import open_to
from app.web.context import current_actor, now
from app.web.extensions import session
from app.web.htmx import respond


@bp.get("/arbeidsflate/maler")
@open_to(*ANSWERERS)
def answer_templates() -> ResponseReturnValue:
    return _page(TemplateForm(formdata=None))


@bp.post("/arbeidsflate/maler")
@open_to(*ANSWERERS)
def write_template() -> ResponseReturnValue:
    form = TemplateForm()
    if not form.validate_on_submit():
        return _page(form, status=422)
    service.write(session(), form.title.data, form.text.data, actor=current_actor(), now=now())
    return redirect(url_for(".answer_templates"), code=303)


@bp.get("/arbeidsflate/maler/<uuid:template_id>")
@open_to(*ANSWERERS)
def answer_template(template_id: UUID) -> ResponseReturnValue:
    found = query.get_template(session(), template_id)
    return _page(TemplateForm(formdata=None, obj=found), found)


@bp.post("/arbeidsflate/maler/<uuid:template_id>")
@open_to(*ANSWERERS)
def change_template(template_id: UUID) -> ResponseReturnValue:
    found = query.get_template(session(), template_id)
    form = TemplateForm()
    if not form.validate_on_submit():
        return _page(form, found, status=422)
    service.change(session(), template_id, form.title.data, form.text.data, actor=current_actor(), now=now())
    return redirect(url_for(".answer_templates"), code=303)


@bp.post("/arbeidsflate/maler/<uuid:template_id>/ta-bort")
@open_to(*ANSWERERS)
def remove_template(template_id: UUID) -> ResponseReturnValue:
    service.remove(session(), template_id, actor=current_actor(), now=now())
    return redirect(url_for(".answer_templates", borte=template_id), code=303)


@bp.post("/arbeidsflate/maler/<uuid:template_id>/hent-tilbake")
@open_to(*ANSWERERS)
def have_template_back(template_id: UUID) -> ResponseReturnValue:
    service.have_back(session(), template_id, actor=current_actor(), now=now())
    return redirect(url_for(".answer_templates"), code=303)


def _page(form: TemplateForm, chosen: AnswerTemplate | None = None, *, status: int = 200) -> ResponseReturnValue:
    """Return the templates, and the form for a new one or for `chosen`."""
    listed = [(template, read(template.text)) for template in query.templates(session())]
    gone = query.removed_template_or_none(session(), request.args.get("borte", ""))
    return respond(
        "desk/templates.html",
        status=status,
        listed=listed,
        form=form,
        chosen=chosen,
        gone=gone,
        reading=read(form.text.data or ""),
    )
