"""Switching push on and off, and a test: what /varsler/valg posts to. The browser's own part is static/js/push.js."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from flask import Blueprint, jsonify, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from app.core.errors import RuleBroken
from app.core.text import N_
from app.push import service
from app.push.forms import SubscriptionForm, sent_fields
from app.push.webpush_sender import VapidKey, read_vapid_keys
from app.web.access import open_to
from app.web.context import current_actor, now, remember_device
from app.web.errors import wants_json
from app.web.extensions import limiter, session, settings
from app.web.language import chosen_language

bp = Blueprint("push", __name__)


@bp.get("/varsler/nokkel")
@open_to()
def key() -> ResponseReturnValue:
    """Give the browser the key it subscribes with: public, and the same for all."""
    if not settings().vapid_key_file:
        return jsonify(key=None)
    return jsonify(key=_keys(settings().vapid_key_file, settings().vapid_subject)[0].application_server_key)


@bp.post("/varsler/abonner")
@open_to()
@limiter.limit("20 per minute")
def subscribe() -> ResponseReturnValue:
    form = SubscriptionForm(sent_fields(request))
    if not form.validate_on_submit():
        raise RuleBroken(_first_error(form))
    service.subscribe(
        session(),
        form.to_wish(chosen_language(), vapid_key=_mark_of(form.key.data)),
        actor=remember_device(),
        now=now(),
        push_hosts=settings().push_hosts,
        input_id=form.followed,
    )
    return _done(201)


@bp.post("/varsler/avslutt")
@open_to()
def unsubscribe() -> ResponseReturnValue:
    service.unsubscribe(session(), actor=current_actor())
    return _done()


@bp.post("/varsler/test")
@open_to()
@limiter.limit("10 per minute")
def test() -> ResponseReturnValue:
    service.request_test(session(), actor=current_actor(), now=now())
    return _done()


def _done(status: int = 200) -> ResponseReturnValue:
    """Answer a script in JSON, and a form by the page that shows how it is now."""
    if request.is_json or wants_json():
        return make_response(jsonify(ok=True), status)
    return redirect(url_for("notices.choices"), code=303)


def _first_error(form: SubscriptionForm) -> str:
    for errors in form.errors.values():
        for error in errors:
            return str(error)
    return N_("Nettleseren ga oss ikke alt vi trenger. Prøv igjen.")


def _mark_of(used: str | None) -> str | None:
    """Return the mark of the key that a browser says it used. Raises RuleBroken when that is none of ours."""
    if not settings().vapid_key_file:
        return None
    keys = _keys(settings().vapid_key_file, settings().vapid_subject)
    for key in keys:
        if not used or key.application_server_key == used:
            return key.mark
    raise RuleBroken(N_("Nettleseren ga oss nøkler vi ikke kan bruke. Prøv igjen."))


@lru_cache(maxsize=4)
def _keys(path: str, subject: str) -> Sequence[VapidKey]:
    return read_vapid_keys(Path(path).read_bytes(), subject)
