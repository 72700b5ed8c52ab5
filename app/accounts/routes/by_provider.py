"""Signing in with an identity provider: one for citizens, one for those who work here, each where it is set up."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import cast

from flask import current_app, redirect, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue

from app.accounts import service
from app.accounts.forms import EmailForm
from app.accounts.oidc import Flow, Provider
from app.accounts.routes import bp
from app.accounts.routes.letting_in import let_in, remember_target
from app.core.errors import Conflict, DomainError, NotAllowed, NotFound, RuleBroken
from app.core.text import N_
from app.web.access import open_to
from app.web.context import now
from app.web.errors import STATUS, sentence
from app.web.extensions import limiter, settings
from app.web.htmx import respond
from app.web.language import chosen_language
from app.web.transaction import writing

_FLOW = "innlogging"


@bp.get("/logg-inn/med/<any(innbygger, ansatt):door>")
@open_to()
@limiter.limit("20 per minute")
def begin_at_provider(door: str) -> ResponseReturnValue:
    provider = _provider(door)
    remember_target()
    try:
        address, flow = provider.start(redirect_uri=_return_address(door), language=chosen_language(), now=now())
    except Conflict as refusal:
        return _refused(refusal)
    cookie[_FLOW] = {"door": door, **asdict(flow)}
    return redirect(address, code=303)


@bp.get("/logg-inn/retur/<any(innbygger, ansatt):door>")
@open_to()
@limiter.limit("20 per minute")
def come_back(door: str) -> ResponseReturnValue:
    """Take the browser back from the provider: call out, and write only when all of it was right."""
    provider = _provider(door)
    try:
        identity = provider.finish(request.args.to_dict(), _flow(door), redirect_uri=_return_address(door), now=now())
        with writing() as opened:
            find = service.citizen_of if door == "innbygger" else service.colleague_of
            return let_in(find(opened, identity, now=now()), opened)
    except (RuleBroken, Conflict, NotAllowed) as refusal:
        return _refused(refusal)


def providers() -> Mapping[str, Provider]:
    """Return the providers that are set up: "innbygger", "ansatt"."""
    return cast("Mapping[str, Provider]", current_app.extensions["lab_providers"])


def _provider(door: str) -> Provider:
    try:
        return providers()[door]
    except KeyError:
        raise NotFound(N_("Vi fant ikke siden.")) from None


def _flow(door: str) -> Flow | None:
    """Return what this browser began at this door, once: an answer that comes twice finds nothing."""
    kept = cookie.pop(_FLOW, None)
    if not isinstance(kept, dict) or kept.pop("door", None) != door:
        return None
    return Flow(**kept)


def _return_address(door: str) -> str:
    return settings().public_url.rstrip("/") + url_for(".come_back", door=door)


def _refused(refusal: DomainError) -> ResponseReturnValue:
    return respond(
        "accounts/sign_in.html",
        status=STATUS[type(refusal)],
        form=EmailForm(formdata=None),
        refusal=sentence(refusal),
        providers=providers(),
    )
