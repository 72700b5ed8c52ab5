"""Home, own contributions, privacy, look, and the files of the web app itself."""

import re
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, current_app, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import generate_csrf

from app.comments import query as comments
from app.core.actor import Actor
from app.core.language import LANGUAGES
from app.ideas import query as ideas
from app.notices.query import unread_count
from app.parcels import query as parcels
from app.processes.query import followed_by, open_activities
from app.web.access import local_path, open_to
from app.web.assets import STATIC
from app.web.context import current_actor, now, person_mark, remember_device
from app.web.extensions import session, settings
from app.web.htmx import respond, wants_fragment
from app.web.language import LANGUAGE_COOKIE, LOOK_COOKIE, LOOKS, ngettext
from app.web.language import gettext as _
from app.web.security import OFFLINE

bp = Blueprint("pages", __name__)
OPEN_SHOWN = 4
A_YEAR_S = 365 * 24 * 60 * 60


def _storable(template: str, **context: Any) -> Response:
    """Return a page that is the same for everybody, so that the phone may keep it."""
    response = respond(template, **context)
    response.headers[OFFLINE] = "1"
    return response


@bp.get("/")
@open_to()
def home() -> ResponseReturnValue:
    newest = ideas.list_ideas(session(), ideas.Filter())
    opened = open_activities(session(), now=now())
    return _storable(
        "pages/home.html",
        newest=newest.ideas[:3],
        done=ideas.done_lately(session()),
        opened=opened[:OPEN_SHOWN],
        open_words=_open_words(len(opened)),
        now=now(),
    )


def _open_words(count: int) -> str:
    """Say how many things are open, beside the ideas."""
    if count == 0:
        return _("Ingenting er åpent akkurat nå. Idéer tar vi alltid imot.")
    if count == 1:
        return _("Én ting er åpen nå. Idéer tar vi alltid imot.")
    return ngettext(
        "%(num)s ting er åpen nå. Idéer tar vi alltid imot.",
        "%(num)s ting er åpne nå. Idéer tar vi alltid imot.",
        count,
    )


@bp.get("/bidra")
@open_to()
def contribute() -> ResponseReturnValue:
    return _storable("pages/contribute.html")


@bp.get("/personvern")
@open_to()
def privacy() -> ResponseReturnValue:
    return _storable("pages/privacy.html")


@bp.get("/tilgjengelighet")
@open_to()
def accessibility() -> ResponseReturnValue:
    return _storable("pages/accessibility.html", statement=settings().accessibility_statement_url)


@bp.get("/om")
@open_to()
def about() -> ResponseReturnValue:
    return _storable("pages/about.html")


@bp.get("/offline")
@open_to()
def offline() -> ResponseReturnValue:
    return _storable("pages/offline.html")


@bp.get("/kart")
@open_to()
def map_soon() -> ResponseReturnValue:
    return _storable("pages/map_soon.html")


@bp.get("/bli")
@open_to()
def join() -> ResponseReturnValue:
    code = request.args.get("kode", "")[:20]
    return respond("pages/join.html", code=code)


@bp.get("/mine")
@open_to()
def mine() -> ResponseReturnValue:
    actor = current_actor()
    sent = ideas.sent_by(session(), actor)
    followed = [input_id for input_id in parcels.followed_by(session(), actor) if input_id not in set(sent)]
    response = respond(
        "pages/mine.html",
        fragment="latest",
        sent=_with_parcels(sent[:2] if wants_fragment() else sent, actor),
        said=[] if wants_fragment() else comments.sent_by(session(), actor),
        followed=[] if wants_fragment() else _with_parcels(followed, actor),
        processes=[] if wants_fragment() else followed_by(session(), actor),
        unread=0 if wants_fragment() else unread_count(session(), actor),
        actor=actor,
        now=now(),
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def _with_parcels(ids: Iterable[UUID], actor: Actor) -> list[tuple[ideas.ListedIdea, parcels.ParcelView]]:
    wanted = list(ids)
    listed, on_their_way = ideas.ideas_by_id(session(), wanted, actor=actor), parcels.parcels_of(session(), wanted)
    return [(listed[i], on_their_way[i]) for i in wanted if i in listed and i in on_their_way]


@bp.get("/utseende")
@open_to()
def look() -> ResponseReturnValue:
    return respond("pages/look.html", next=local_path(request.args.get("neste")))


@bp.post("/utseende")
@open_to()
def choose_look() -> ResponseReturnValue:
    response = redirect(local_path(request.form.get("neste"), url_for(".home")), code=303)
    for cookie, field, known in ((LANGUAGE_COOKIE, "language", LANGUAGES), (LOOK_COOKIE, "colour_scheme", LOOKS)):
        chosen = request.form.get(field, "")
        if chosen in known:
            response.set_cookie(
                cookie, chosen, max_age=A_YEAR_S, httponly=True, samesite="Lax", secure=settings().secure_cookies
            )
    return response


@bp.get("/manifest.webmanifest")
@open_to()
def manifest() -> ResponseReturnValue:
    response = make_response(render_template("pages/manifest.webmanifest"))
    response.mimetype = "application/manifest+json"
    response.headers["Cache-Control"] = "no-cache"
    return response


@bp.get("/sw.js")
@open_to()
def service_worker() -> ResponseReturnValue:
    """Serve the worker from the root, so that it may look after all pages; its version changes with any file.

    The outbox stands at its end, so that worker and pages send by the same code.
    """
    assets = current_app.extensions["lab_assets"]
    script = (STATIC / "js" / "sw.js").read_text(encoding="utf-8")
    script = script.replace("__VERSION__", assets.version).replace("__ASSETS__", assets.shell_json())
    outbox = (STATIC / "js" / "outbox.js").read_text(encoding="utf-8")
    response = make_response(script + re.sub(r"^export ", "", outbox, flags=re.MULTILINE))
    response.mimetype = "text/javascript"
    response.headers["Cache-Control"] = "no-cache"
    return response


@bp.get("/robots.txt")
@open_to()
def robots() -> ResponseReturnValue:
    response = make_response("User-agent: *\nDisallow: /kvittering/\nDisallow: /arbeidsflate\nDisallow: /mine\n")
    response.mimetype = "text/plain"
    return response


@bp.get("/merke")
@open_to()
def csrf_token() -> ResponseReturnValue:
    """Give a fresh CSRF token to a form that was kept on the phone.

    sender=1: it is about to send. Then the phone gets its mark before it does, so that what it sends is its own also
    when the answer is lost, and hears who is signed in, so that nothing goes under another name than its writer's.
    """
    answer = {"csrf_token": generate_csrf()}
    if request.args.get("sender") == "1":
        remember_device()
        answer["who"] = person_mark()
    return answer, 200, {"Cache-Control": "no-store"}
