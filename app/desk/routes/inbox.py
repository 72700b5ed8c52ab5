"""The inbox, search in everything, one's own views, and one input with its way."""

from urllib.parse import urlencode
from uuid import UUID

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from app.core.actor import STAFF
from app.core.text import N_, clean_line, personal_data
from app.desk import query
from app.desk.forms import SaveFilterForm
from app.desk.policy import ANSWERERS, READERS, may_answer
from app.desk.query import Pile
from app.desk.routes import bp
from app.desk.routes.view import LONGEST_SEARCH, address_of, page, wanted
from app.desk.service import inputs, views
from app.web.access import open_to
from app.web.context import current_actor, now
from app.web.extensions import session, settings
from app.web.language import gettext as _

ONE_SENDER_ALONE = N_("Du kan ikke søke etter en avsender.")


@bp.get("/arbeidsflate")
@open_to(*STAFF)
def inbox() -> ResponseReturnValue:
    return page()


@bp.post("/arbeidsflate/sok")
@open_to(*READERS)
def search() -> ResponseReturnValue:
    """Search. An e-mail tells who somebody is: it stands in no address, and the look is noted."""
    words = clean_line(request.form.get("sok", "")[:LONGEST_SEARCH])
    email = next((words[one.start : one.end] for one in personal_data(words) if one.kind == "email"), None)
    if email is None:
        return redirect(url_for(".inbox", **address_of(wanted(), pile=Pile.ALL, words=words, cursor=None)), code=303)
    if not may_answer(current_actor()):
        return page(say=_(ONE_SENDER_ALONE), status=403)
    ids = inputs.search_by_email(session(), email, actor=current_actor(), now=now())
    days = settings().answer_days
    found = query.lines_of(session(), ids, actor=current_actor(), now=now(), answer_days=days)
    return page(found=found, searched=words)


@bp.get("/arbeidsflate/innspill/<uuid:input_id>")
@open_to(*READERS)
def item(input_id: UUID) -> ResponseReturnValue:
    return page(input_id=input_id)


@bp.post("/arbeidsflate/innspill/<uuid:input_id>/e-post")
@open_to(*ANSWERERS)
def email(input_id: UUID) -> ResponseReturnValue:
    """Show who sent it, on this answer alone; that somebody looked is noted."""
    found = inputs.read_email(session(), input_id, actor=current_actor(), now=now())
    return page(input_id=input_id, email=found or "")


@bp.post("/arbeidsflate/visninger")
@open_to(*READERS)
def save_view() -> ResponseReturnValue:
    form = SaveFilterForm()
    asked = address_of(wanted(), cursor=None)
    if not form.validate_on_submit():
        return page(filled=form, status=422)
    views.save(session(), form.title.data, urlencode(asked), actor=current_actor())
    return redirect(url_for(".inbox", **asked), code=303)


@bp.post("/arbeidsflate/visninger/<uuid:view_id>/slett")
@open_to(*READERS)
def drop_view(view_id: UUID) -> ResponseReturnValue:
    views.drop(session(), view_id, actor=current_actor())
    return redirect(url_for(".inbox", **address_of(wanted(), cursor=None)), code=303)
