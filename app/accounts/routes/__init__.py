"""The doors of the accounts: signing in by mail, and what goes along from the phone."""

from flask import Blueprint

bp = Blueprint("accounts", __name__)
NEXT = "neste"  # in the session: where somebody wants to go once they are signed in

from app.accounts.routes import by_mail, taking_along  # noqa: E402, F401 - they hang their routes on bp
