"""What a citizen sees of the case their input lies in."""

from uuid import UUID

from flask import Blueprint
from flask.typing import ResponseReturnValue

from app.core.errors import NotFound
from app.core.text import N_
from app.parcels.query import parcel_of
from app.web.access import open_to
from app.web.context import now
from app.web.extensions import session
from app.web.htmx import respond

bp = Blueprint("cases", __name__)


@bp.get("/sak/<uuid:input_id>")
@open_to()
def status(input_id: UUID) -> ResponseReturnValue:
    """The parcel and the case number of one input: a panel that htmx loads into the input's page, and a page."""
    parcel = parcel_of(session(), input_id)
    if parcel is None:
        raise NotFound(N_("Vi fant ikke dette innspillet."))
    return respond("cases/status.html", fragment="status", parcel=parcel, now=now())
