"""Where somebody is signed in, and signing out: here, on another device, everywhere."""

from uuid import UUID

from flask import Response, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, logout_user

from app.accounts import query, service
from app.accounts.forms import NewPasskeyForm
from app.accounts.routes import bp
from app.accounts.routes.passkey_place import device_name, passkey_place
from app.core.actor import STAFF, Role
from app.web.access import open_to
from app.web.context import current_actor, end_session, now
from app.web.extensions import limiter, session
from app.web.htmx import respond
from app.web.leaving import just_left, let_it_forget

WITH_AN_ACCOUNT = (Role.CITIZEN, *STAFF)


@bp.get("/mine/innlogginger")
@open_to(*WITH_AN_ACCOUNT)
def sign_ins() -> ResponseReturnValue:
    return sign_ins_page(NewPasskeyForm(name=device_name()))


def sign_ins_page(form: NewPasskeyForm, status: int = 200) -> Response:
    """Show where somebody is signed in; and to those who work here, their passkeys, with `form` for one more."""
    actor = current_actor()
    return respond(
        "accounts/sign_ins.html",
        status=status,
        sign_ins=query.sign_ins_of(session(), actor, now=now()),
        this=current_user.sign_in_id,
        works_here=actor.is_staff,
        passkeys=query.passkeys_of(session(), actor.participant_id) if actor.is_staff else (),
        form=form,
        place=passkey_place(),
        now=now(),
    )


@bp.post("/mine/innlogginger/<uuid:sign_in_id>/logg-ut")
@open_to(*WITH_AN_ACCOUNT)
@limiter.limit("60 per minute")
def end(sign_in_id: UUID) -> ResponseReturnValue:
    if sign_in_id == current_user.sign_in_id:
        return sign_out()
    service.end_sign_in(session(), sign_in_id, actor=current_actor())
    return redirect(url_for(".sign_ins"), code=303)


@bp.post("/mine/innlogginger/logg-ut-overalt")
@open_to(*WITH_AN_ACCOUNT)
@limiter.limit("60 per minute")
def end_all() -> ResponseReturnValue:
    service.end_sign_ins(session(), actor=current_actor())
    return _out()


@bp.post("/logg-ut")
@open_to()
def sign_out() -> ResponseReturnValue:
    if current_user.is_authenticated:
        service.end_sign_in(session(), current_user.sign_in_id, actor=current_actor())
    return _out()


def _out() -> ResponseReturnValue:
    logout_user()
    end_session()
    just_left()
    return redirect(url_for(".signed_out"), code=303)


@bp.get("/logget-ut")
@open_to()
def signed_out() -> ResponseReturnValue:
    """Say that it is done, and let the browser forget too."""
    response = respond("accounts/signed_out.html", fragment="forgotten")
    response.headers["Cache-Control"] = "no-store"
    return let_it_forget(response)
