"""Signing in by what comes in a mail: the six digits, or the link."""

import hashlib
import secrets
from uuid import UUID

from flask import Response, redirect, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue

from app.accounts import query, service
from app.accounts.forms import CodeForm, EmailForm
from app.accounts.models import Participant
from app.accounts.query import LinkState
from app.accounts.routes import bp
from app.accounts.routes.by_provider import providers
from app.accounts.routes.letting_in import let_in_by_mail, remember_target
from app.core.errors import RuleBroken
from app.core.receipt import read_sign_in_link
from app.web.access import open_to
from app.web.context import now
from app.web.errors import sentence
from app.web.extensions import limiter, session, settings
from app.web.htmx import respond
from app.web.language import chosen_language
from app.web.language import gettext as _
from app.web.transaction import keep_changes

_CODE, _BROWSER = "kode", "nettleser"


@bp.get("/logg-inn")
@open_to()
def sign_in() -> ResponseReturnValue:
    remember_target()
    return _sign_in_page(EmailForm())


def _no_letters_go() -> bool:
    """A demo's letters stay in the demo; and nothing goes to no address."""
    return settings().mode == "demo" or not _asked_address()


def _asked_address() -> str:
    """Return a keyed hash of the address that is asked for, so that the counts hold nobody's; "" for none."""
    address = request.form.get("email", "").strip().lower()
    return hashlib.sha256(f"{settings().secret_keys()[-1]}:{address}".encode()).hexdigest() if address else ""


def _asked_from_here() -> str:
    return f"{_asked_address()}:{request.remote_addr}"


def _enough(_limit: object) -> Response:
    """Nobody's post box is filled from here. It is said of every address, known or not."""
    form = EmailForm()
    form.validate()
    form.email.errors = [_("Vi har sendt flere koder dit. Se også i søppelposten, eller vent en time.")]
    return _sign_in_page(form, 429)


def _sign_in_page(form: EmailForm, status: int = 200) -> Response:
    return respond("accounts/sign_in.html", status=status, form=form, providers=providers())


@bp.post("/logg-inn")
@open_to()
@limiter.limit("20 per minute")
@limiter.limit("30 per hour", key_func=_asked_address, exempt_when=_no_letters_go, on_breach=_enough)
@limiter.limit("5 per hour", key_func=_asked_from_here, exempt_when=_no_letters_go, on_breach=_enough)
def ask() -> ResponseReturnValue:
    form = EmailForm()
    if not form.validate_on_submit():
        return _sign_in_page(form, 422)
    cookie.setdefault(_BROWSER, secrets.token_urlsafe(16))  # who asks twice may use the link of either letter
    code_id = service.ask_for_code(
        session(), form.email.data, browser=cookie[_BROWSER], language=chosen_language(), now=now()
    )
    cookie[_CODE] = str(code_id)
    return redirect(url_for(".code"), code=303)


@bp.get("/logg-inn/kode")
@open_to()
def code() -> ResponseReturnValue:
    if _CODE not in cookie:
        return redirect(url_for(".sign_in"), code=303)
    return respond("accounts/code.html", form=CodeForm())


@bp.post("/logg-inn/kode")
@open_to()
@limiter.limit("20 per minute")
def use() -> ResponseReturnValue:
    form = CodeForm()
    if not form.validate_on_submit():
        return respond("accounts/code.html", form=form, status=422)
    try:
        participant = _who(form.code.data)
    except RuleBroken as refusal:
        keep_changes()  # the try stays counted, though the answer is a refusal
        form.code.errors = [sentence(refusal)]
        return respond("accounts/code.html", form=form, status=422)
    return let_in_by_mail(participant, session())


def _who(digits: str) -> Participant:
    """Return who the code in this browser signs in. Raises RuleBroken; every try is counted."""
    try:
        code_id = UUID(cookie.get(_CODE, ""))
    except ValueError:
        raise RuleBroken(service.WRONG, field="code") from None
    if not service.count_try(session(), code_id):
        raise RuleBroken(service.WRONG, field="code")
    keys = settings().secret_keys()
    return service.use_code(session(), code_id, digits, browser=cookie.get(_BROWSER, ""), keys=keys, now=now())


@bp.get("/logg-inn/lenke/<token>")
@open_to()
def link(token: str) -> ResponseReturnValue:
    """Show a button and change nothing: programs that look after mail open every link before its reader does."""
    code_id = read_sign_in_link(settings().secret_keys(), token)
    state = query.link_state(session(), code_id, browser=cookie.get(_BROWSER, ""), now=now())
    return _link_page(token, state, 200)


@bp.post("/logg-inn/lenke/<token>")
@open_to()
@limiter.limit("20 per minute")
def use_link(token: str) -> ResponseReturnValue:
    code_id, browser = read_sign_in_link(settings().secret_keys(), token), cookie.get(_BROWSER, "")
    state = query.link_state(session(), code_id, browser=browser, now=now())
    if state is not LinkState.OPEN:
        return _link_page(token, state, 422)
    return let_in_by_mail(service.use_link(session(), code_id, browser=browser, now=now()), session())


def _link_page(token: str, state: LinkState, status: int) -> Response:
    """Show what the link is worth here. Its address is a secret: never stored, never told on."""
    response = respond(
        "accounts/link.html",
        status=status,
        token=token,
        refusal=service.LINK_REFUSALS.get(state),
        elsewhere=state is LinkState.ELSEWHERE,
    )
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "strict-origin"
    response.headers["X-Robots-Tag"] = "noindex"
    return response
