"""/varsler: what has happened; /varsler/valg: what comes to the phone; for staff how it went. See static/js/push.js."""

from uuid import UUID

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from app.core.actor import STAFF
from app.notices import query, service
from app.notices.forms import ChoiceForm
from app.outbox import query as outbox
from app.parcels import query as parcels
from app.push import query as push
from app.web.access import open_to
from app.web.context import current_actor, now, remember_device
from app.web.extensions import limiter, session, settings
from app.web.htmx import respond, wants_fragment
from app.web.language import gettext as _

bp = Blueprint("notices", __name__)
LAST_PAGE = 500


@bp.get("/varsler")
@open_to()
def index() -> ResponseReturnValue:
    number = request.args.get("side", "1")
    page = int(number) if number.isascii() and number.isdigit() and len(number) <= 3 else 1  # noqa: PLR2004
    page = min(max(page, 1), LAST_PAGE)
    found, more = query.notices_of(session(), current_actor(), page=page)
    return respond(
        "notices/index.html",
        fragment="more",
        found=found,
        page=page,
        more=more,
        shown=(page - 1) * query.PAGE + len(found),
        unread=any(notice.unread for notice in found),
        now=now(),
    )


@bp.post("/varsler/lest")
@open_to()
def read() -> ResponseReturnValue:
    """All is read. The page says so by itself when it has been looked at for a while."""
    service.mark_read(session(), actor=current_actor(), now=now())
    return ("", 204) if wants_fragment() else redirect(url_for(".index"), code=303)


@bp.get("/varsler/valg")
@open_to()
def choices() -> ResponseReturnValue:
    ways = query.ways_of(session(), current_actor())
    return _choices(ChoiceForm(data={topic.value: way.value for topic, way in ways.items()}))


@bp.post("/varsler/valg")
@open_to()
@limiter.limit("60 per minute")
def choose() -> ResponseReturnValue:
    form = ChoiceForm()
    if not form.validate_on_submit():
        return _choices(form, status=422)
    service.choose(session(), form.to_ways(), actor=remember_device(), now=now())
    return redirect(url_for(".choices", lagret="ja"), code=303)


@bp.get("/arbeidsflate/varsler")
@open_to(*STAFF)
def log() -> ResponseReturnValue:
    """Show staff how it went with what phones were told: how many, never who."""
    return respond(
        "notices/log.html",
        days=query.log_days(session(), now=now()),
        waiting=outbox.waiting_count(session(), "push"),
        now=now(),
    )


def _choices(form: ChoiceForm, status: int = 200) -> ResponseReturnValue:
    actor = current_actor()
    saved = request.args.get("lagret") == "ja"
    return respond(
        "push/notices.html",
        fragment="device",
        status=status,
        say=_("Valgene dine er lagret.") if saved else None,
        saved=saved,
        form=form,
        device=push.device_view(session(), actor),
        following=len(parcels.followed_by(session(), actor)),
        input_id=_wanted_input(),
        available=bool(settings().vapid_key_file),
        quiet=(settings().quiet_from, settings().quiet_until),
        now=now(),
    )


def _wanted_input() -> UUID | None:
    """Return which input the notices are wanted for: its page links here with ?innspill=<id>."""
    try:
        return UUID(request.args.get("innspill", ""))
    except ValueError:
        return None
