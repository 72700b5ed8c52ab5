"""Who is signed in, and the last step of every way to sign in."""

from dataclasses import dataclass
from uuid import UUID

from flask import redirect, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue
from flask_login import login_user
from sqlalchemy.orm import Session

from app.accounts import passkeys, query, service
from app.accounts.devices import device_of
from app.accounts.models import Participant
from app.accounts.routes import NEXT, WAITS
from app.accounts.routes.taking_along import has_something_aside
from app.core.actor import STAFF, Role
from app.web.access import STAFF_PREFIX, local_path
from app.web.context import begin_session, end_session, now
from app.web.extensions import login, session, settings


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who is signed in, as Flask-Login wants it. The session carries the id of the sign-in, which can be ended."""

    sign_in_id: UUID
    participant_id: UUID
    role: str
    name: str
    title: str
    audit_key: bytes
    is_authenticated: bool = True
    is_active: bool = True
    is_anonymous: bool = False

    @classmethod
    def of(cls, sign_in_id: UUID, who: Participant) -> "SignedIn":
        return cls(sign_in_id, who.id, who.role, who.name, who.title, who.audit_key)

    def get_id(self) -> str:
        return str(self.sign_in_id)


@login.user_loader  # type: ignore[untyped-decorator]
def load(user_id: str) -> SignedIn | None:
    """Return who is signed in; for whoever is not any more, the cookie forgets what they did here."""
    try:
        sign_in_id = UUID(user_id)
    except ValueError:
        return None
    found = query.signed_in_or_none(session(), sign_in_id, now=now())
    if found is None:
        end_session()
        return None
    return SignedIn.of(sign_in_id, found)


def remember_target() -> None:
    """Note where somebody wants to go once they are signed in."""
    cookie[NEXT] = local_path(request.args.get("neste"), "")


def let_in_by_mail(participant: Participant, opened: Session) -> ResponseReturnValue:
    """Let in who has used a code or a link; first by their passkey, where one is wanted."""
    if not passkeys.is_wanted(opened, participant, settings().staff_passkey_rule):
        return let_in(participant, opened)
    device = device_of(request.user_agent.string)
    cookie[WAITS] = str(service.begin_sign_in(opened, participant, device=device, now=now(), waits=True))
    return redirect(url_for(".passkey_step"), code=303)


def let_in(participant: Participant, opened: Session) -> ResponseReturnValue:
    """Sign in who has shown who they are, in a session that begins anew, and lead them on. opened: to write in."""
    target = _target(participant)
    device = device_of(request.user_agent.string)
    sign_in_id = service.begin_sign_in(opened, participant, device=device, now=now())
    begin_session()
    login_user(SignedIn.of(sign_in_id, participant))
    if participant.role == Role.CITIZEN.value:
        cookie.permanent = True  # it is their own phone, and a code each time is a reason not to come back
        if has_something_aside():
            cookie[NEXT] = target
            return redirect(url_for(".ask_what_comes_along"), code=303)
    return redirect(target, code=303)


def _target(participant: Participant) -> str:
    works_here = Role(participant.role) in STAFF
    wanted = local_path(cookie.get(NEXT), "")
    if wanted and (works_here or not wanted.startswith(STAFF_PREFIX)):
        return wanted
    return url_for("desk.inbox") if works_here else url_for("pages.mine")
