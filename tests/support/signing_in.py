"""Signing in as people do, with what stands in the letter."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts import query
from app.accounts.models import SignInCode
from app.accounts.query import CodeToSend
from app.settings import Settings
from tests.support.visits import Page, Visit


def letter_of(session: Session, settings: Settings) -> CodeToSend:
    """Return what stands in the newest letter."""
    code = session.scalars(select(SignInCode).order_by(SignInCode.made_at.desc(), SignInCode.id)).first()
    assert code is not None
    letter = query.code_to_send(session, code.id, settings.secret_keys())
    session.commit()
    assert letter is not None, "no letter goes to this address"
    return letter


def ask(visit: Visit, email: str) -> CodeToSend:
    """Ask for a code; return what stands in the letter."""
    visit.session.query(SignInCode).delete()
    visit.post("/logg-inn", {"email": email})
    settings: Settings = visit.app.extensions["lab_settings"]
    return letter_of(visit.session, settings)


def sign_in(visit: Visit, email: str) -> Page:
    """Sign in by the six digits; return the answer, which leads on."""
    return visit.post("/logg-inn/kode", {"code": ask(visit, email).digits})
