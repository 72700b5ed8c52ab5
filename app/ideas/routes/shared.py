"""/del: words and photos that somebody shares to us from another app on the phone."""

from flask import request
from flask.typing import ResponseReturnValue

from app.areas.query import areas
from app.core.text import clean_line, clean_text
from app.ideas.forms import IdeaForm
from app.ideas.models import BODY_LENGTH, TITLE_LENGTH
from app.ideas.routes import bp
from app.ideas.routes.public import idea_form_page
from app.web.access import open_to
from app.web.extensions import limiter, session
from app.web.security import from_anywhere


@bp.post("/del")
@open_to()
@from_anywhere
@limiter.limit("30 per minute")
def shared() -> ResponseReturnValue:
    """Show the form of an idea with what was shared, and store nothing.

    Only a phone without our service worker comes here: the worker takes what is shared itself, and keeps the photos.
    """
    title = clean_line(request.form.get("title", ""))
    parts = [title if len(title) > TITLE_LENGTH else "", *(request.form.get(name, "") for name in ("text", "url"))]
    form = IdeaForm(formdata=None)
    form.offer(areas(session()))
    form.title.data = title if len(title) <= TITLE_LENGTH else ""
    form.body.data = clean_text("\n\n".join(filter(None, parts)))[:BODY_LENGTH]
    return idea_form_page(form, "", shared=True)
