"""Signing in and out."""

import secrets
from dataclasses import dataclass
from uuid import UUID

from flask import Blueprint, redirect, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue
from flask_login import login_user, logout_user

from app.accounts import query, service
from app.accounts.forms import CodeForm, EmailForm
from app.accounts.models import Participant
from app.core.errors import RuleBroken
from app.web.access import local_path, open_to
from app.web.context import now
from app.web.errors import sentence
from app.web.extensions import limiter, login, session, settings
from app.web.htmx import respond
from app.web.transaction import keep_changes

bp = Blueprint("accounts", __name__)
_CODE, _BROWSER, _NEXT = "kode", "nettleser", "neste"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who is signed in, as Flask-Login wants it."""

    participant_id: UUID
    role: str
    name: str
    title: str
    audit_key: bytes
    is_authenticated: bool = True
    is_active: bool = True
    is_anonymous: bool = False

    @classmethod
    def of(cls, participant: Participant) -> "SignedIn":
        return cls(participant.id, participant.role, participant.name, participant.title, participant.audit_key)

    def get_id(self) -> str:
        return str(self.participant_id)


@login.user_loader  # type: ignore[untyped-decorator]
def load(user_id: str) -> SignedIn | None:
    try:
        found = query.participant_or_none(session(), UUID(user_id))
    except ValueError:
        return None
    return SignedIn.of(found) if found else None


@bp.get("/logg-inn")
@open_to()
def sign_in() -> ResponseReturnValue:
    cookie[_NEXT] = local_path(request.args.get("neste"), url_for("desk.inbox"))
    return respond("accounts/sign_in.html", form=EmailForm())


@bp.post("/logg-inn")
@open_to()
@limiter.limit("20 per minute")
def ask() -> ResponseReturnValue:
    form = EmailForm()
    if not form.validate_on_submit():
        return respond("accounts/sign_in.html", form=form, status=422)
    cookie[_BROWSER] = secrets.token_urlsafe(16)
    code_id = service.ask_for_code(session(), form.email.data, browser=cookie[_BROWSER], now=now())
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
    target = local_path(cookie.get(_NEXT), url_for("desk.inbox"))
    cookie.clear()
    login_user(SignedIn.of(participant))
    return redirect(target, code=303)


@bp.post("/logg-ut")
@open_to()
def sign_out() -> ResponseReturnValue:
    logout_user()
    cookie.clear()
    response = redirect(url_for("pages.home"), code=303)
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


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
