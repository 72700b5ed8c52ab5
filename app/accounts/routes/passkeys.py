"""Passkeys of those who work here: the second step of a sign-in, and one's own to add and remove."""

from uuid import UUID

from flask import Response, make_response, redirect, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.accounts import passkeys, query
from app.accounts.forms import EmailForm, NewPasskeyForm, PasskeyForm
from app.accounts.models import SignIn
from app.accounts.routes import WAITS, bp
from app.accounts.routes.by_provider import providers
from app.accounts.routes.letting_in import let_in
from app.accounts.routes.passkey_place import device_name, passkey_place
from app.accounts.routes.sign_ins import sign_ins_page
from app.core.actor import STAFF
from app.core.errors import Conflict, RuleBroken
from app.core.text import N_
from app.web.access import open_to
from app.web.context import current_actor, now
from app.web.errors import sentence
from app.web.extensions import limiter, session, settings
from app.web.htmx import respond
from app.web.transaction import keep_changes

TOO_LATE = N_("Innloggingen tok for lang tid. Begynn på nytt.")


@bp.get("/logg-inn/passnokkel")
@open_to()
def passkey_step() -> ResponseReturnValue:
    waiting = _waiting_or_none()
    return redirect(url_for(".sign_in"), code=303) if waiting is None else _step_page(_step_form(waiting))


@bp.post("/logg-inn/passnokkel/sporsmal")
@open_to()
@limiter.limit("20 per minute")
def ask_passkey_step() -> ResponseReturnValue:
    waiting = _waiting_or_none()
    if waiting is None:
        raise Conflict(TOO_LATE)
    return _question(waiting)


@bp.post("/logg-inn/passnokkel")
@open_to()
@limiter.limit("20 per minute")
def take_passkey_step() -> ResponseReturnValue:
    waiting = _waiting_or_none()
    if waiting is None:
        return _too_late()
    form = _step_form(waiting)
    if not form.validate_on_submit():
        return _step_page(form, 422)
    name = form.name.data if isinstance(form, NewPasskeyForm) else ""
    try:
        participant = passkeys.answer_step(
            session(), waiting, form.credential.data, settings().passkey_origin, name=name, now=now()
        )
    except RuleBroken as refusal:
        return _step_page(_refused(form, refusal), 422)
    return let_in(participant, session())


@bp.post("/mine/passnokler/sporsmal")
@open_to(*STAFF)
@limiter.limit("20 per minute")
def ask_new_passkey() -> ResponseReturnValue:
    return _question(_own_sign_in())


@bp.post("/mine/passnokler")
@open_to(*STAFF)
@limiter.limit("20 per minute")
def add_passkey() -> ResponseReturnValue:
    form = NewPasskeyForm()
    if not form.validate_on_submit():
        return sign_ins_page(form, 422)
    try:
        passkeys.add_passkey(
            session(), _own_sign_in(), form.credential.data, settings().passkey_origin, name=form.name.data, now=now()
        )
    except RuleBroken as refusal:
        return sign_ins_page(_refused(form, refusal), 422)
    return _own_passkeys()


@bp.post("/mine/passnokler/<uuid:passkey_id>/fjern")
@open_to(*STAFF)
@limiter.limit("20 per minute")
def remove_passkey(passkey_id: UUID) -> ResponseReturnValue:
    passkeys.remove_passkey(session(), passkey_id, actor=current_actor(), now=now())
    return _own_passkeys()


def _own_passkeys() -> ResponseReturnValue:
    return redirect(url_for(".sign_ins", _anchor="passkeys"), code=303)


def _own_sign_in() -> SignIn:
    found = session().get(SignIn, current_user.sign_in_id)
    if found is None:  # ended from another device in this very moment
        raise Conflict(TOO_LATE)
    return found


def _waiting_or_none() -> SignIn | None:
    try:
        sign_in_id = UUID(cookie.get(WAITS, ""))
    except ValueError:
        return None
    return query.waiting_or_none(session(), sign_in_id, now=now())


def _question(sign_in: SignIn) -> Response:
    """Give the browser what it is to ask for: no screen, so JSON."""
    asked = passkeys.ask(session(), sign_in, settings().passkey_origin, now=now())
    return make_response(asked, {"Content-Type": "application/json", "Cache-Control": "no-store"})


def _step_form(waiting: SignIn) -> PasskeyForm:
    """Whoever has a passkey shows it; whoever has none makes the first, and names it."""
    has_one = query.passkeys_of(session(), waiting.participant_id)
    return PasskeyForm() if has_one else NewPasskeyForm(name=device_name())


def _step_page(form: PasskeyForm, status: int = 200) -> Response:
    return respond("accounts/passkey.html", status=status, form=form, place=passkey_place())


def _refused(form: PasskeyForm, refusal: RuleBroken) -> PasskeyForm:
    keep_changes()  # the question is answered, and the refusal is noted
    form.credential.errors = [sentence(refusal)]
    return form


def _too_late() -> Response:
    form = EmailForm(formdata=None)
    refusal = sentence(Conflict(TOO_LATE))
    return respond("accounts/sign_in.html", status=409, form=form, refusal=refusal, providers=providers())
