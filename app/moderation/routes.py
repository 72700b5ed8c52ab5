"""The queue for moderators, and the words of the filter."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from flask import Blueprint, current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.core.errors import Conflict, RuleBroken
from app.moderation import query, service
from app.moderation.client import Shelves
from app.moderation.forms import SHOW, SeveralForm, VerdictForm, WordForm
from app.moderation.policy.access import MODERATORS
from app.moderation.query import Cursor, QueuePage
from app.web.access import open_to
from app.web.context import current_actor, now
from app.web.errors import sentence
from app.web.extensions import session
from app.web.htmx import respond, wants_fragment
from app.web.language import gettext as _
from app.web.language import ngettext

bp = Blueprint("moderation", __name__)
QUEUE = "/arbeidsflate/moderering"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_LATEST = 253_402_300_799_000_000  # the last second of the year 9999, in microseconds: later is no datetime


def shelves() -> Shelves:
    """Return the shelves that create_app has put up."""
    found: Shelves = current_app.extensions["lab_shelves"]
    return found


@bp.get(QUEUE)
@open_to(*MODERATORS)
def index() -> ResponseReturnValue:
    return _page(done=request.args.get("gjort", ""))


@bp.post(f"{QUEUE}/<uuid:item_id>/avgjor")
@open_to(*MODERATORS)
def decide(item_id: UUID) -> ResponseReturnValue:
    form = VerdictForm(item_id)
    if not form.validate_on_submit():
        return _page(refused=form, focus=item_id, status=422)
    verdict = form.to_verdict()
    try:
        item = service.decide(
            session(), form.to_seen(item_id), verdict, shelves=shelves(), name=current_user.name,
            actor=current_actor(), now=now(),
        )  # fmt: skip
    except Conflict as refusal:
        return _too_late(refusal)
    except RuleBroken as refusal:
        form.words.errors = [sentence(refusal)]
        return _page(refused=form, focus=item_id, status=422)
    return _done(SHOW if verdict.shows else "ikke", past=Cursor(item.asked_at, item.id))


@bp.post(f"{QUEUE}/flere")
@open_to(*MODERATORS)
def several() -> ResponseReturnValue:
    """Decide the same of all that are ticked, or of none."""
    form = SeveralForm(request.form.getlist("valgt")[: query.PAGE])
    if not form.validate_on_submit() or not form.chosen:
        form.form_errors += [] if form.chosen else [_("Velg minst én.")]
        return _page(refused_several=form, status=422)
    try:
        service.decide_many(
            session(), form.chosen, form.to_verdict(), shelves=shelves(), name=current_user.name,
            actor=current_actor(), now=now(),
        )  # fmt: skip
    except Conflict as refusal:
        return _too_late(refusal)
    except RuleBroken as refusal:
        form.words.errors = [sentence(refusal)]
        return _page(refused_several=form, status=422)
    return _done(SHOW if form.to_verdict().shows else "ikke")


@bp.post(f"{QUEUE}/<uuid:item_id>/angre")
@open_to(*MODERATORS)
def undo(item_id: UUID) -> ResponseReturnValue:
    try:
        item = service.undo(session(), item_id, shelves=shelves(), actor=current_actor(), now=now())
    except Conflict as refusal:
        return _too_late(refusal)
    return _done("angret", focus=item.id)


def _too_late(refusal: Conflict) -> ResponseReturnValue:
    """Show the queue as it is now, and why nothing was changed."""
    session().rollback()
    return _page(warning=sentence(refusal), status=409)


def _done(done: str, *, past: Cursor | None = None, focus: UUID | None = None) -> ResponseReturnValue:
    """Show the queue after a decision, at what comes after `past`, or at the thing that came back."""
    page = _queue()
    focus = focus or _next(page, past)
    if wants_fragment():
        return _page(page=page, done=done, focus=focus, moved=True)
    anchor = f"sak-{focus.hex}" if focus else "queue-heading"
    return redirect(url_for(".index", etter=_after_text(), gjort=done, _anchor=anchor), code=303)


def _next(page: QueuePage, past: Cursor | None) -> UUID | None:
    """Return the first thing behind `past`; when that was the last one, the first of all."""
    ids = [item.id for item in page.items]
    behind = [item.id for item in page.items if past and (item.asked_at, item.id) > (past.asked_at, past.item_id)]
    return next(iter(behind or ids), None)


def _queue() -> QueuePage:
    return query.queue(session(), shelves(), actor=current_actor(), after=_after())


def _page(
    *,
    page: QueuePage | None = None,
    done: str = "",
    warning: str = "",
    focus: UUID | None = None,
    moved: bool = False,
    refused: VerdictForm | None = None,
    refused_several: SeveralForm | None = None,
    status: int = 200,
) -> ResponseReturnValue:
    """Return the queue. focus: which thing takes it; moved: even when there is none, so that the heading does."""
    page = page or _queue()
    forms = {item.id: VerdictForm(item.id, formdata=None) for item in page.items}
    if refused is not None and focus in forms:
        forms[focus] = refused
    return respond(
        "moderation/queue.html",
        fragment="queue",
        status=status,
        say=_said(done, page.count),
        page=page,
        forms=forms,
        several=refused_several or SeveralForm(formdata=None),
        warning=warning,
        focus=focus,
        focus_heading=moved and focus is None,
        refused=refused,
        reasons=tuple(query.REASONS.items()),
        recent=query.recent(session(), shelves(), actor=current_actor()),
        others=query.left_to_others(session(), current_actor()),
        etter=_after_text(),
        next_page=_text_of(page.items[-1].cursor) if page.has_more and page.items else None,
        now=now(),
    )


def _said(done: str, count: int) -> str | None:
    if done == "angret":
        return _("Angret.")
    if done not in {SHOW, "ikke"}:
        return None
    first = _("Vist.") if done == SHOW else _("Vises ikke.")
    left = ngettext("%(num)s igjen.", "%(num)s igjen.", count) if count else _("Ingenting venter.")
    return f"{first} {left}"


def _after() -> Cursor | None:
    """Read from the address where in the queue this page begins; what makes no sense is the beginning."""
    asked, _sign, item_id = request.args.get("etter", "").partition("-")
    try:
        microseconds = int(asked[:18])
        return Cursor(_EPOCH + min(microseconds, _LATEST) * _MICROSECOND, UUID(hex=item_id))
    except ValueError:
        return None


def _after_text() -> str | None:
    after = _after()
    return _text_of(after) if after else None


def _text_of(cursor: Cursor) -> str:
    return f"{(cursor.asked_at - _EPOCH) // _MICROSECOND}-{cursor.item_id.hex}"


@bp.get(f"{QUEUE}/ord")
@open_to(*MODERATORS)
def words() -> ResponseReturnValue:
    return _words_page(WordForm(formdata=None))


@bp.post(f"{QUEUE}/ord")
@open_to(*MODERATORS)
def list_word() -> ResponseReturnValue:
    form = WordForm()
    if not form.validate_on_submit():
        return _words_page(form, status=422)
    service.list_word(
        session(), form.word.data, listed=form.listed.data == "ja", actor=current_actor(), now=now()
    )  # fmt: skip
    return redirect(url_for(".words"), code=303)


def _words_page(form: WordForm, status: int = 200) -> ResponseReturnValue:
    in_force = query.words_in_force(session())
    return respond(
        "moderation/words.html",
        status=status,
        form=form,
        changed=query.changed_words(session()),
        hard=sorted(in_force.hard),
        mild=sorted(in_force.mild),
    )
