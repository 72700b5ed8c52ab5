"""The front page of /arbeidsflate."""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from app.core.actor import STAFF
from app.ideas import query as ideas
from app.ideas.query import Filter
from app.outbox import query as outbox
from app.parcels.models import Step
from app.parcels.query import LABELS
from app.web.access import open_to
from app.web.context import now
from app.web.extensions import session
from app.web.htmx import respond

bp = Blueprint("desk", __name__)


@bp.get("/arbeidsflate")
@open_to(*STAFF)
def inbox() -> ResponseReturnValue:
    steps = {step.value: step for step in Step}
    number = request.args.get("side", "1")
    page = min(int(number), 500) if number.isascii() and number.isdigit() and 0 < len(number) < 4 else 1  # noqa: PLR2004
    step = steps.get(request.args.get("status", ""))
    return respond(
        "desk/inbox.html",
        found=ideas.list_ideas(session(), Filter(step=step), page=max(page, 1)),
        step=step,
        steps=LABELS,
        archive=outbox.counts(session(), "archive", job="forward_case"),
        stopped=outbox.stopped(session(), "archive", limit=20),
        pauses=outbox.pauses(session(), now()),
        now=now(),
    )
