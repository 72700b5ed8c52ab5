"""/mine/data, /mine/slett and /mine/tom: what we hold on who asks, in one file, or gone; a phone that forgets."""

from uuid import UUID

from flask import Blueprint, Response, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, logout_user

from app.core.errors import NotFound
from app.core.text import N_
from app.personal import query, service
from app.personal.forms import EraseForm, OwnFileForm
from app.personal.pack import file_path, opened
from app.personal.policy import may_erase
from app.web.access import open_to
from app.web.context import current_actor, forget_device, now
from app.web.extensions import limiter, session, settings
from app.web.htmx import respond
from app.web.language import chosen_language
from app.web.language import gettext as _
from app.web.leaving import just_left, let_it_forget

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


@bp.get("/mine/slett")
@open_to()
def about_erasing() -> ResponseReturnValue:
    return _about_erasing(EraseForm())


@bp.post("/mine/slett")
@open_to()
@limiter.limit("10 per hour")
def erase() -> ResponseReturnValue:
    """Take the wish, and let go of the device and the account at once: whoever comes next here is somebody new."""
    form = EraseForm()
    if not form.validate_on_submit():
        return _about_erasing(form, status=422)
    erasure_id = service.ask_to_be_erased(session(), form.to_mark(), actor=current_actor(), now=now())
    _leave()
    return redirect(url_for(".erasure", erasure_id=erasure_id), code=303)


@bp.get("/slettet/<uuid:erasure_id>")
@open_to()
def erasure(erasure_id: UUID) -> ResponseReturnValue:
    """Say how it goes, and let the phone forget too."""
    found = query.get_erasure(session(), erasure_id)
    said = _("Alt er slettet her.") if found.done_at else None
    return let_it_forget(_private(respond("personal/erasure.html", fragment="progress", say=said, erasure=found)))


@bp.get("/mine/tom")
@open_to()
def about_emptying() -> ResponseReturnValue:
    return _private(respond("personal/empty_phone.html", signed_in=current_user.is_authenticated))


@bp.post("/mine/tom")
@open_to()
def empty_phone() -> ResponseReturnValue:
    """Let this phone go: it is signed out, hears nothing more, and has no mark. What was sent from it stays with us."""
    sign_in_id = current_user.sign_in_id if current_user.is_authenticated else None
    service.let_phone_go(session(), sign_in_id, actor=current_actor())
    _leave()
    return redirect(url_for(".emptied"), code=303)


@bp.get("/tomt")
@open_to()
def emptied() -> ResponseReturnValue:
    return let_it_forget(_private(respond("personal/emptied.html", fragment="forgotten")))


def _leave() -> None:
    logout_user()
    forget_device()
    just_left()


def _about_erasing(form: EraseForm, *, status: int = 200) -> Response:
    actor = current_actor()
    return _private(
        respond(
            "personal/erase.html",
            status=status,
            form=form,
            nobody=query.Owner.of(actor).is_nobody,
            allowed=may_erase(actor),
            backup_days=settings().keep_backups_days,
        )
    )


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
