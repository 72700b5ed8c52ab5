"""How a refusal becomes an HTTP answer, in one table, with a page that says what to do."""

import structlog
from flask import Flask, Response, current_app, jsonify, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import HTTPException, InternalServerError, SecurityError

from app.core.errors import Conflict, DomainError, NotAllowed, NotFound, RuleBroken
from app.web.extensions import session
from app.web.htmx import wants_fragment
from app.web.transaction import WRITES, is_busy

STATUS = {NotFound: 404, NotAllowed: 403, Conflict: 409, RuleBroken: 422}
RETRY_AFTER_S = 20

log = structlog.get_logger("web")


def install(app: Flask) -> None:
    app.register_error_handler(DomainError, _refused)
    app.register_error_handler(CSRFError, _stale_form)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _broken)


def sentence(error: DomainError) -> str:
    """Return what the citizen reads, in their language."""
    return str(_(error.message, **error.values))


def wants_json() -> bool:
    return request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json"


def _refused(error: DomainError) -> ResponseReturnValue:
    status = next(status for kind, status in STATUS.items() if isinstance(error, kind))
    return answer(status, sentence(error))


def _stale_form(_error: CSRFError) -> ResponseReturnValue:
    return answer(400, _("Siden har ligget for lenge. Gå tilbake, last siden på nytt og send igjen."))


def _http(error: HTTPException) -> ResponseReturnValue:
    if isinstance(error, InternalServerError) and isinstance(error.original_exception, Exception):
        return _broken(error.original_exception)  # it broke after the route, e.g. at the commit
    if isinstance(error.response, Response):  # a route's own words, e.g. for its limit
        return error.response
    code = error.code or 500
    sentences = {
        400: _("Det som kom, kunne ikke leses. Gå tilbake og prøv igjen."),
        404: _("Vi fant ikke siden. Den kan ha fått ny adresse."),
        405: _("Denne siden tar ikke imot det."),
        413: _("Det ble for stort. Prøv færre eller mindre bilder."),
        429: _("Mange er inne nå. Prøv igjen om 20 sekunder."),
    }
    if isinstance(error, SecurityError):  # a forged Host: a page would be full of addresses, and there are none
        return make_response(sentences[400], 400, {"Content-Type": "text/plain; charset=utf-8"})
    if code < 400:  # noqa: PLR2004 - a redirect raised as an exception
        return error.get_response()
    response = answer(code, sentences.get(code, _("Det gikk ikke. Gå tilbake og prøv igjen.")))
    if code == 405:  # noqa: PLR2004
        response.headers["Allow"] = error.get_response().headers.get("Allow", "GET")
    return response


def _broken(error: Exception) -> ResponseReturnValue:
    """Say that it is our fault. Logged: the class of the error and where; never its values."""
    session().rollback()
    if is_busy(error):
        response = answer(503, _busy())
        response.headers["Retry-After"] = str(RETRY_AFTER_S)
        log.warning("busy", path=request.path, error=type(error).__name__)
        return response
    name = type(error.orig).__name__ if isinstance(error, DBAPIError) else type(error).__name__
    log.error("broken", path=request.path, error=name, where=_where(error))
    if current_app.testing and not current_app.extensions.get("lab_show_faults"):
        raise error
    return answer(500, _broke())


def _busy() -> str:
    """Whoever sent a form has lost its page with this answer, and must go back to it."""
    if request.method in WRITES:
        return str(_("Mange er inne nå. Gå tilbake og prøv igjen om 20 sekunder."))
    return str(_("Mange er inne nå. Prøv igjen om 20 sekunder."))


def _broke() -> str:
    if request.method in WRITES:
        return str(_("Noe gikk galt hos oss. Gå tilbake og prøv igjen om litt."))
    return str(_("Noe gikk galt hos oss. Prøv igjen om litt."))


def _where(error: BaseException) -> list[str]:
    """Return file and line of each frame: no locals, no values."""
    places, trace = [], error.__traceback__
    while trace is not None:
        places.append(f"{trace.tb_frame.f_code.co_filename.rsplit('/', 2)[-1]}:{trace.tb_lineno}")
        trace = trace.tb_next
    return places[-8:]


def answer(status: int, text: str) -> Response:
    """Return a refusal as a whole page, as a fragment for #notices, or as JSON, whichever was asked for."""
    if wants_json():
        response = make_response(jsonify(ok=False, status=status, error=text), status)
    elif wants_fragment():
        response = make_response(render_template("pages/refusal.html", text=text), status)
    else:
        response = make_response(render_template("pages/error.html", text=text, status=status), status)
    response.headers["Cache-Control"] = "no-store"
    return response
