"""The doors of the processes: for everybody, and for staff."""

from flask import Blueprint

bp = Blueprint("processes", __name__)

from app.processes.routes import public, staff  # noqa: E402, F401 - they hang their routes on bp
