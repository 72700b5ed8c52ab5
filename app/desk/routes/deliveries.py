"""What has stopped on its way to the archive."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from app.core.errors import NotFound
from app.core.text import N_
from app.desk.forms import AgainForm, OtherwiseForm
from app.desk.policy import ANSWERERS
from app.desk.routes import bp
from app.desk.service import deliveries as service
from app.ideas import query as ideas
from app.outbox import query as outbox
from app.outbox.models import DeliveryState
from app.outbox.query import WAITS_FOR_A_PERSON
from app.web.access import open_to
from app.web.context import current_actor, now
from app.web.extensions import session
from app.web.htmx import respond
from app.web.language import gettext as _

CHANNEL = "archive"
SHOWN = 50
MOST_COUNTED = 1000
DONE = {
    "sendt": N_("Vi prøver igjen nå. Kommer det ikke fram, står det her igjen."),
    "levert": N_("Notert. Den som skrev, ser saksnummeret."),
}
# What nobody need do anything about: address, states, what is said when there is none.
SHELVES = {
    "venter": ((DeliveryState.WAITING.value, DeliveryState.SENDING.value), N_("Ingenting venter på å bli sendt.")),
    "sendt": ((DeliveryState.FILED.value, DeliveryState.ACCEPTED.value), N_("Ingenting er sendt ennå.")),
}
TAKEN = N_("Noen har alt tatt seg av denne.")


@bp.get("/arbeidsflate/leveringer")
@open_to(*ANSWERERS)
def deliveries() -> ResponseReturnValue:
    shelf = SHELVES.get(request.args.get("vis", ""))
    if shelf is not None:
        return _shelf(request.args["vis"], *shelf)
    done = DONE.get(request.args.get("gjort", ""))
    return _page(say=_(done) if done else None)


def _shelf(chosen: str, states: Sequence[str], empty: str) -> ResponseReturnValue:
    """Return what is in these states, made last first, with nothing to be done about it."""
    rows = outbox.on_its_way(session(), CHANNEL, states, limit=SHOWN)
    about = {row.input_id for row in rows if row.input_id is not None}
    return respond(
        "desk/on_its_way.html",
        chosen=chosen,
        rows=rows,
        shown=SHOWN,
        empty=empty,
        held=outbox.held_count(session(), MOST_COUNTED) if chosen == "venter" else 0,
        most_held=MOST_COUNTED,
        titles=ideas.titles(session(), about),
        now=now(),
    )


@bp.post("/arbeidsflate/leveringer/<uuid:delivery_id>/send-igjen")
@open_to(*ANSWERERS)
def send_again(delivery_id: UUID) -> ResponseReturnValue:
    delivery = outbox.stopped_or_none(session(), delivery_id, CHANNEL)
    if delivery is None:
        return _page(say=_(TAKEN), status=409)
    form = AgainForm(delivery)
    if not form.validate_on_submit():
        return _page(refused={delivery_id: form}, status=422)
    service.send_again(session(), delivery, looked_in_archive=form.looked.data, actor=current_actor(), now=now())
    return redirect(url_for(".deliveries", gjort="sendt"), code=303)


@bp.post("/arbeidsflate/leveringer/<uuid:delivery_id>/levert")
@open_to(*ANSWERERS)
def delivered_otherwise(delivery_id: UUID) -> ResponseReturnValue:
    delivery = outbox.stopped_or_none(session(), delivery_id, CHANNEL)
    if delivery is None:
        return _page(say=_(TAKEN), status=409)
    if not service.is_letter(delivery):
        raise NotFound(N_("Leveringen finnes ikke."))
    form = OtherwiseForm(delivery)
    if not form.validate_on_submit():
        return _page(refused={delivery_id: form}, status=422)
    service.delivered_otherwise(
        session(), delivery, case_number=form.case_number.data, actor=current_actor(), now=now()
    )
    return redirect(url_for(".deliveries", gjort="levert"), code=303)


def _page(
    *, refused: Mapping[UUID, FlaskForm] | None = None, say: str | None = None, status: int = 200
) -> ResponseReturnValue:
    """Return the list. refused: by delivery, the form that was not right, with what was typed and why not."""
    rows = outbox.stopped(session(), CHANNEL, limit=SHOWN)
    about = {row.input_id for row in rows if row.input_id is not None}
    forms = {row.id: (refused or {}).get(row.id) for row in rows}
    return respond(
        "desk/deliveries.html",
        status=status,
        say=say,
        rows=rows,
        count=_stopped_count(),
        titles=ideas.titles(session(), about),
        letters={row.id for row in rows if service.is_letter(row)},
        again={
            row.id: form if isinstance(form := forms[row.id], AgainForm) else AgainForm(row, formdata=None)
            for row in rows
        },
        otherwise={
            row.id: form if isinstance(form := forms[row.id], OtherwiseForm) else OtherwiseForm(row, formdata=None)
            for row in rows
        },
        warns=status == 409,  # noqa: PLR2004 - somebody was faster
        now=now(),
    )


def _stopped_count() -> int:
    return outbox.at_most(session(), CHANNEL, WAITS_FOR_A_PERSON, MOST_COUNTED)
