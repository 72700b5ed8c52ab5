"""The doors of the ideas: for everybody, and for whoever holds a receipt. Staff come by the desk."""

from flask import Blueprint

bp = Blueprint("ideas", __name__)

from app.ideas.routes import public, receipt  # noqa: E402, F401 - they hang their routes on bp
