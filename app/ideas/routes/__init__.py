"""The doors of the ideas: for everybody, and for whoever holds a receipt. Staff come by the desk."""

from flask import Blueprint

bp = Blueprint("ideas", __name__)

# They hang their routes on bp.
from app.ideas.routes import comments, corrections, public, receipt, reports, shared  # noqa: E402, F401
