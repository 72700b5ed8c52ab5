"""For those who run it: is it alive, is it ready, how does it fare."""

import time

import structlog
from flask import Blueprint, Flask, Response, request
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from sqlalchemy import text

from app.core.errors import NotFound
from app.core.text import N_
from app.settings import Settings
from app.web.access import open_to
from app.web.extensions import session, settings

bp = Blueprint("observe", __name__)
REGISTRY = CollectorRegistry()
REQUESTS = Counter("lab_requests_total", "Answers by route and status.", ["endpoint", "status"], registry=REGISTRY)
SECONDS = Histogram("lab_request_seconds", "Time to answer, by route.", ["endpoint"], registry=REGISTRY)
QUIET = frozenset({"static", "observe.health", "observe.ready", "observe.metrics"})
# Addresses that are secrets, or that may not be tied to anybody: not even that they were asked for is logged.
UNLOGGED = ("/kvittering/", "/logg-inn/lenke/", "/bli", "/okt", "/stem")

log = structlog.get_logger("web")


def install(app: Flask, given: Settings) -> None:
    app.before_request(_start)
    app.after_request(_count if given.metrics else _write)


def _start() -> None:
    request.environ["lab.started"] = time.perf_counter()


def _write(response: Response) -> Response:
    """Log method, path and status: no query, no body, no address, no referrer."""
    if request.endpoint not in QUIET and not request.path.startswith(UNLOGGED):
        spent = time.perf_counter() - request.environ.get("lab.started", time.perf_counter())
        log.info(
            "request", method=request.method, path=request.path, status=response.status_code, ms=round(spent * 1000, 1)
        )
    return response


def _count(response: Response) -> Response:
    endpoint = request.endpoint or "none"
    REQUESTS.labels(endpoint, response.status_code).inc()
    SECONDS.labels(endpoint).observe(time.perf_counter() - request.environ.get("lab.started", time.perf_counter()))
    return _write(response)


@bp.get("/healthz")
@open_to()
def health() -> ResponseReturnValue:
    """The process answers."""
    return {"ok": True}, 200, {"Cache-Control": "no-store"}


@bp.get("/readyz")
@open_to()
def ready() -> ResponseReturnValue:
    """The database answers, and its tables are those of this version."""
    version = session().execute(text("SELECT version_num FROM alembic_version")).scalar()
    return {"ok": version is not None, "schema": version}, 200 if version else 503, {"Cache-Control": "no-store"}


@bp.get("/metrics")
@open_to()
def metrics() -> ResponseReturnValue:
    if not settings().metrics:
        raise NotFound(N_("Vi fant ikke siden. Den kan ha fått ny adresse."))
    return generate_latest(REGISTRY), 200, {"Content-Type": CONTENT_TYPE_LATEST, "Cache-Control": "no-store"}
