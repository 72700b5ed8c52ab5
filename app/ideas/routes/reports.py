"""«Si fra om innholdet»: on an idea, and on a comment."""

from collections.abc import Callable
from uuid import UUID

from flask import request, url_for
from flask.typing import ResponseReturnValue

from app.comments import query as comments
from app.comments.forms import ReportForm
from app.comments.models import Reason
from app.core.errors import NotFound
from app.core.text import N_
from app.ideas import query, service
from app.ideas.models import KIND
from app.ideas.routes import bp
from app.web.access import open_to
from app.web.context import current_actor, now, remember_device
from app.web.extensions import limiter, session
from app.web.htmx import respond


@bp.get("/ideer/<uuid:idea_id>/si-fra")
@open_to()
def report(idea_id: UUID) -> ResponseReturnValue:
    return _page(_idea(idea_id), ReportForm(formdata=None), _url(idea_id))


@bp.post("/ideer/<uuid:idea_id>/si-fra")
@open_to()
@limiter.limit("5 per minute; 20 per hour")
def submit_report(idea_id: UUID) -> ResponseReturnValue:
    title = _idea(idea_id)

    def report(reason: Reason, words: str) -> None:
        idea = query.get_idea(session(), idea_id)
        service.report_idea(session(), idea, reason=reason, words=words, actor=remember_device(), now=now())

    return _store(title, report, _url(idea_id))


@bp.get("/ideer/<uuid:idea_id>/kommentarer/<uuid:comment_id>/si-fra")
@open_to()
def report_comment(idea_id: UUID, comment_id: UUID) -> ResponseReturnValue:
    return _page(_comment(idea_id, comment_id), ReportForm(formdata=None), _url(idea_id))


@bp.post("/ideer/<uuid:idea_id>/kommentarer/<uuid:comment_id>/si-fra")
@open_to()
@limiter.limit("5 per minute; 20 per hour")
def submit_comment_report(idea_id: UUID, comment_id: UUID) -> ResponseReturnValue:
    text = _comment(idea_id, comment_id)

    def report(reason: Reason, words: str) -> None:
        comment = comments.get_comment(session(), comment_id, idea_id, KIND)
        service.report_comment(session(), comment, reason=reason, words=words, actor=remember_device(), now=now())

    return _store(text, report, _url(idea_id))


def _url(idea_id: UUID) -> str:
    return url_for(".show", idea_id=idea_id)


def _idea(idea_id: UUID) -> str:
    """Return the words that are reported. Raises NotFound when nobody can read them."""
    idea = query.published_idea(session(), idea_id, actor=current_actor())
    if not idea.readable:
        raise NotFound(N_("Vi fant ikke siden. Den kan ha fått ny adresse."))
    return idea.title


def _comment(idea_id: UUID, comment_id: UUID) -> str:
    _idea(idea_id)
    found = comments.one(session(), comment_id, idea_id, KIND, actor=current_actor())
    if not found.comment.text:
        raise NotFound(N_("Vi fant ikke kommentaren."))
    return found.comment.text


def _store(about: str, report: Callable[[Reason, str], None], back: str) -> ResponseReturnValue:
    form = ReportForm()
    if not form.validate():
        return _page(about, form, back, 422)
    report(Reason(form.reason.data), form.more.data)
    return respond("ideas/reported.html", back=back)


def _page(about: str, form: ReportForm, back: str, status: int = 200) -> ResponseReturnValue:
    return respond("ideas/report.html", status=status, form=form, about=about, back=back, here=request.path)
