"""The doors of the accounts: signing in by mail, what comes along from the phone, and where one is signed in."""

from flask import Blueprint

bp = Blueprint("accounts", __name__)
NEXT = "neste"  # in the session: where somebody wants to go once they are signed in
WAITS = "venter"  # in the session: the sign-in that waits for a passkey; nobody is signed in by it

from app.accounts.routes import by_mail, by_provider, passkeys, sign_ins, taking_along  # noqa: E402, F401 - they hang their routes on bp
