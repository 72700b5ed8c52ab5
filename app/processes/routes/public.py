"""Processes for everybody: the list, and one of them."""

from collections.abc import Sequence
from datetime import timedelta

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from app.processes import query, service
from app.processes.models import State
from app.processes.query import ShownProcess
from app.processes.routes import bp
from app.web.access import open_to
from app.web.context import current_actor, now, remember_device
from app.web.extensions import limiter, session, settings
from app.web.htmx import respond, wants_fragment
from app.web.language import gettext as _
from app.web.moments import day_text
from app.web.poster import poster_answer
from app.web.security import OFFLINE
from app.web.sharecard import card_answer


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
    response = respond(
        "processes/show.html",
        process=query.shown_process(session(), slug, now=now()),
        site=settings().public_url.rstrip("/"),
        now=now(),
    )
    response.headers[OFFLINE] = "1"
    return response


@bp.get("/prosesser/<slug>/folg")
@open_to()
def follow_page(slug: str) -> ResponseReturnValue:
    """Whether this phone follows. Apart from the process itself, whose page is the same for all and kept offline."""
    process = query.find_published(session(), slug)
    following = query.follows(session(), process.id, current_actor())
    response = respond("processes/follow.html", fragment="follow", process=process, following=following)
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.post("/prosesser/<slug>/folg")
@open_to()
@limiter.limit("60 per minute")
def follow(slug: str) -> ResponseReturnValue:
    process = query.find_published(session(), slug)
    actor = remember_device()
    wanted = request.form.get("pressed") != "true"
    if wanted:
        service.follow(session(), process, actor=actor, now=now())
    else:
        service.unfollow(session(), process, actor=actor)
    say = _("Du følger prosessen.") if wanted else _("Du følger ikke prosessen lenger.")
    if wants_fragment():
        return respond("processes/follow.html", fragment="follow", say=say, process=process, following=wanted)
    return redirect(url_for(".follow_page", slug=slug), code=303)


@bp.get("/prosesser/<slug>/delekort.png")
@open_to()
@limiter.limit("60 per minute")
def card(slug: str) -> ResponseReturnValue:
    """The picture for those who share the address."""
    process = query.shown_process(session(), slug, now=now())
    return card_answer(process.title, _("Avsluttet") if process.state is State.ENDED else _("Bli med"))


@bp.get("/prosesser/<slug>/plakat.pdf")
@open_to()
@limiter.limit("30 per minute")
def poster(slug: str) -> ResponseReturnValue:
    """The poster to hang up where people meet: how to get there, who reads it, who decides, and until when."""
    process = query.shown_process(session(), slug, now=now())
    call, lines = _words_of(process)
    kind = _("Avsluttet") if process.state is State.ENDED else _("Bli med")
    path, size = url_for(".show", slug=slug), request.args.get("storrelse", "a4")
    return poster_answer(process.title, kind, call, lines, path=path, size=size)


def _words_of(process: ShownProcess) -> tuple[str, Sequence[str]]:
    """Return what a poster asks people to do, and what it tells them."""
    if process.state is State.ENDED:
        return _("Skann og se hva som ble gjort."), ()
    lines = [_("Kommunen leser det du skriver.")]
    if process.decided_by:
        lines.append(_("%(who)s bestemmer.", who=process.decided_by.rstrip(".")))
    closes = [one.closes_at for one in process.open_now if one.closes_at]
    if closes:  # what closes at midnight is open all of the day before
        lines.append(_("Åpent til %(day)s.", day=day_text(max(closes) - timedelta(microseconds=1), now())))
    return _("Skann og si hva du mener.") if process.open_now else _("Skann og se hva som skjer."), lines
