"""Processes for everybody: the list, and one of them."""

from flask.typing import ResponseReturnValue

from app.processes import query
from app.processes.models import State
from app.processes.routes import bp
from app.web.access import open_to
from app.web.context import now
from app.web.extensions import session
from app.web.htmx import respond
from app.web.security import OFFLINE


@bp.get("/prosesser")
@open_to()
def index() -> ResponseReturnValue:
    found = query.published_processes(session())
    response = respond(
        "processes/index.html",
        running=[one for one in found if one.state is State.PUBLISHED],
        opened={one.slug: one for one in reversed(query.open_activities(session(), now=now()))},
        ended=[one for one in found if one.state is State.ENDED],
        now=now(),
    )
    response.headers[OFFLINE] = "1"
    return response


@bp.get("/prosesser/<slug>")
@open_to()
def show(slug: str) -> ResponseReturnValue:
    response = respond("processes/show.html", process=query.shown_process(session(), slug, now=now()), now=now())
    response.headers[OFFLINE] = "1"
    return response
