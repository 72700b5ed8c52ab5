"""The doors of the ideas: for everybody, for whoever holds a receipt, and for staff."""

from flask import Blueprint

bp = Blueprint("ideas", __name__)

from app.ideas.routes import comments, corrections, public, receipt, reports, staff  # noqa: E402, F401 - they hang their routes on bp
