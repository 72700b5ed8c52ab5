"""One act on many inputs: asked for from the list, followed on a page that can be left."""

from uuid import UUID

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from app.core.errors import RuleBroken
from app.desk import query
from app.desk.forms import BulkForm
from app.desk.policy import READERS, may_decide
from app.desk.routes import bp
from app.desk.routes.view import address_of, offer_bulk, page, read_uuid, wanted
from app.desk.service import bulk
from app.web.access import open_to
from app.web.context import current_actor, now
from app.web.extensions import session, settings
from app.web.htmx import respond


@bp.post("/arbeidsflate/mange")
@open_to(*READERS)
def want_bulk() -> ResponseReturnValue:
    form = BulkForm()
    offer_bulk(form, may_decide(current_actor()))
    if not form.validate_on_submit():
        return page(filled=form, status=422)
    ids = _everything() if "alle" in request.form else _chosen()
    try:
        bulk_id = bulk.want(session(), form.to_draft(ids), ids, actor=current_actor(), now=now())
    except RuleBroken as refusal:
        session().rollback()
        form.refuse(refusal)
        return page(filled=form, status=422)
    return redirect(url_for(".bulk_progress", bulk_id=bulk_id), code=303)


@bp.get("/arbeidsflate/mange/<uuid:bulk_id>")
@open_to(*READERS)
def bulk_progress(bulk_id: UUID) -> ResponseReturnValue:
    found = query.get_bulk(session(), bulk_id, actor=current_actor())
    return respond("desk/bulk.html", fragment="progress", bulk=found)


@bp.post("/arbeidsflate/mange/<uuid:bulk_id>/sett")
@open_to(*READERS)
def know_bulk(bulk_id: UUID) -> ResponseReturnValue:
    bulk.know(session(), bulk_id, actor=current_actor(), now=now())
    return redirect(url_for(".inbox", **address_of(wanted(), cursor=None)), code=303)


def _chosen() -> list[UUID]:
    given = request.form.getlist("valgt")[: bulk.MOST + 1]
    return sorted({found for one in given if (found := read_uuid(one)) is not None})


def _everything() -> list[UUID]:
    days = settings().answer_days
    found = query.ids_wanted(
        session(), wanted(), actor=current_actor(), now=now(), answer_days=days, most=bulk.MOST + 1
    )
    return sorted(found)
