"""/mine/data: all that we hold on who asks, in one file."""

from uuid import UUID

from flask import Blueprint, Response, redirect, url_for
from flask.typing import ResponseReturnValue

from app.core.errors import NotFound
from app.core.text import N_
from app.personal import query, service
from app.personal.forms import OwnFileForm
from app.personal.pack import file_path, opened
from app.web.access import open_to
from app.web.context import current_actor, now
from app.web.extensions import limiter, session, settings
from app.web.htmx import respond
from app.web.language import chosen_language
from app.web.language import gettext as _

bp = Blueprint("personal", __name__)
NAME = "mine-data-innbyggerlab.zip"


@bp.get("/mine/data")
@open_to()
def own_data() -> ResponseReturnValue:
    return _own_data(OwnFileForm())


@bp.post("/mine/data")
@open_to()
@limiter.limit("10 per hour")
def ask() -> ResponseReturnValue:
    form = OwnFileForm()
    if not form.validate_on_submit():
        return _own_data(form, status=422)
    file_id = service.ask_for_file(
        session(), form.to_mark(), actor=current_actor(), language=chosen_language(), now=now()
    )
    return redirect(url_for(".file", file_id=file_id), code=303)


@bp.get("/mine/data/<uuid:file_id>")
@open_to()
def file(file_id: UUID) -> ResponseReturnValue:
    found = query.get_own_file(session(), file_id, actor=current_actor())
    return _private(
        respond(
            "personal/file.html",
            fragment="progress",
            say=_("Fila er klar.") if found.ready_at else None,
            file=found,
            gone_at=service.gone_at(found, days=settings().keep_files_days),
            now=now(),
        )
    )


@bp.get("/mine/data/<uuid:file_id>/fil")
@open_to()
def download(file_id: UUID) -> ResponseReturnValue:
    """Give the file to who asked for it, and to nobody else; it is opened anew each time, and never lies open."""
    found = query.get_own_file(session(), file_id, actor=current_actor())
    try:
        content = opened(file_path(settings().instance, found.id), found.key) if found.ready_at else b""
    except FileNotFoundError:
        content = b""
    if not content:
        raise NotFound(N_("Fila er ikke her."))
    response = Response(content, mimetype="application/zip")
    response.headers["Content-Disposition"] = f'attachment; filename="{NAME}"'
    return _private(response)


def _own_data(form: OwnFileForm, *, status: int = 200) -> Response:
    actor = current_actor()
    return _private(
        respond(
            "personal/own_data.html",
            status=status,
            form=form,
            files=query.own_files(session(), actor),
            nobody=query.Owner.of(actor).is_nobody,
            days=settings().keep_files_days,
            now=now(),
        )
    )


def _private(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
