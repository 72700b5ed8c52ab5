"""The doors of the desk: the inbox and one input, acts on it, templates, and what stopped on its way to the archive."""

from flask import Blueprint

bp = Blueprint("desk", __name__)

from app.desk.routes import acts, behalf, bulk, deliveries, inbox, templates  # noqa: E402, F401 - they hang their routes on bp
