"""Puts the web app together: settings, extensions, rooms. Knows every room, and no room knows it."""

import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from werkzeug.middleware.proxy_fix import ProxyFix

import app.accounts.cli
import app.accounts.routes
import app.audit.cli
import app.cases.cli
import app.cases.routes
import app.comments.query
import app.comments.service
import app.desk.routes
import app.files.routes
import app.ideas.moderated
import app.ideas.query
import app.ideas.routes
import app.ideas.service
import app.moderation.routes
import app.notices.query
import app.notices.routes
import app.notices.service
import app.pages.routes
import app.parcels.query
import app.parcels.service
import app.personal.routes
import app.processes.query
import app.processes.routes
import app.processes.service
import app.push.query
import app.push.routes
import app.push.service
from app import commands
from app.accounts.client import Belongings
from app.accounts.oidc import Provider, ProviderSettings
from app.core import crash, postgresql, sqlite
from app.files.cleaning import can_isolate
from app.settings import Settings, read_settings
from app.web import access, components, errors, language, logs, observe, packing, security, transaction
from app.web.assets import STATIC, Assets, read_assets
from app.web.extensions import csrf, db, install_limiter, install_login, migrate
from app.web.moments import clock_text, date_text, day_text, days_left, share_passed, time_left, when_text
from app.web.uploads import LabRequest

TEMPLATES = STATIC.parent / "templates"
BLUEPRINTS = (
    app.pages.routes.bp,
    app.ideas.routes.bp,
    app.processes.routes.bp,
    app.accounts.routes.bp,
    app.files.routes.bp,
    app.cases.routes.bp,
    app.push.routes.bp,
    app.notices.routes.bp,
    app.moderation.routes.bp,
    app.desk.routes.bp,
    app.personal.routes.bp,
    observe.bp,
)
# What a phone has sent without an account, room by room: it can come along when its owner signs in.
BELONGINGS = (
    Belongings(app.ideas.query.any_from, app.ideas.service.take_along),
    Belongings(app.comments.query.any_from, app.comments.service.take_along),
    Belongings(app.parcels.query.any_followed_by, app.parcels.service.take_along),
    Belongings(app.processes.query.any_followed_by, app.processes.service.take_along),
    Belongings(app.push.query.any_on, app.push.service.take_along),
    Belongings(app.notices.query.anything_chosen, app.notices.service.take_along),
)


def create_app(
    settings: Settings | None = None, *, clock: Callable[[], datetime] | None = None, assets: Assets | None = None
) -> Flask:
    """Return the web app. Without settings they are read from the environment. clock: for tests."""
    settings = settings or read_settings(os.environ)
    _require_fence(settings)
    logs.configure(settings)
    crash.arm(settings.crash_at)
    lab = Flask("innbyggerlab", static_folder=str(STATIC), template_folder=str(TEMPLATES))
    lab.request_class = LabRequest
    keys = settings.secret_keys()
    lab.config.update(
        SECRET_KEY=keys[-1],
        SECRET_KEY_FALLBACKS=list(keys[:-1]),
        TESTING=settings.mode == "test",
        SQLALCHEMY_DATABASE_URI=settings.database,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(settings.database),
        RATELIMIT_ENABLED=settings.rate_limits,
        RATELIMIT_STORAGE_URI=limits_storage(settings.redis_url),
        BABEL_TRANSLATION_DIRECTORIES=str(STATIC.parent / "app" / "translations"),
    )
    lab.extensions.update(lab_settings=settings, lab_secret_keys=keys, lab_clock=clock, lab_belongings=BELONGINGS)
    lab.extensions["lab_providers"] = providers(settings)
    lab.extensions["lab_assets"] = assets or read_assets()
    lab.extensions["lab_shelves"] = app.ideas.moderated.SHELVES
    _install(lab, settings)
    for blueprint in BLUEPRINTS:
        lab.register_blueprint(blueprint)
    access.require_doors(lab)
    return lab


def _require_fence(settings: Settings) -> None:
    """Refuse production where a photo that takes over its decoder could call somebody, unless that is said aloud."""
    if settings.production and settings.photo_isolation != "off" and not can_isolate():
        raise SystemExit(
            "Photos cannot be redrawn without network here: `unshare -rn true` fails. Let this user make user "
            "namespaces, or accept it with LAB_PHOTO_ISOLATION=off."
        )


def _install(lab: Flask, settings: Settings) -> None:
    """Install the extensions. Answers pass them in the opposite order: headers come last, after all cookies."""
    lab.wsgi_app = ProxyFix(lab.wsgi_app, x_for=1, x_proto=1, x_host=1) if settings.production else lab.wsgi_app  # type: ignore[method-assign]
    packing.install(lab)
    security.install(lab, settings)
    db.init_app(lab)
    with lab.app_context():
        prepare_engine(db.engine)
    migrate.init_app(lab, db, directory=str(STATIC.parent / "migrations"), render_as_batch=True, compare_type=False)
    csrf.init_app(lab)
    install_login(lab)
    install_limiter(lab)
    language.install(lab)
    errors.install(lab)
    transaction.install(lab)
    access.install(lab)
    observe.install(lab, settings)
    commands.register(lab)
    app.accounts.cli.register(lab)
    app.audit.cli.register(lab)
    app.cases.cli.register(lab)
    assets: Assets = lab.extensions["lab_assets"]
    components.install(
        lab,
        _=language.gettext,
        ngettext=language.ngettext,
        number_text=language.number_text,
        nonce=security.nonce,
        asset=assets.address,
        app_version=lambda: assets.version,
        locale=language.locale,
        colour_scheme=language.colour_scheme,
        languages=language.languages,
        is_draft=language.is_draft,
        csrf_token=security.csrf_token,
        when_text=when_text,
        day_text=day_text,
        date_text=date_text,
        clock_text=clock_text,
        days_left=days_left,
        share_passed=share_passed,
        time_left=time_left,
        opens=access.opens,
    )


def providers(settings: Settings) -> dict[str, Provider]:
    """Return the identity providers that are set up, by the door they open."""
    doors = {"innbygger": _provider(settings, "citizen"), "ansatt": _provider(settings, "staff")}
    return {door: Provider(given) for door, given in doors.items() if given.issuer}


def _provider(settings: Settings, who: str) -> ProviderSettings:
    def said(part: str) -> str:
        return str(getattr(settings, f"oidc_{who}_{part}"))

    return ProviderSettings(
        name=said("name"),
        issuer=said("issuer"),
        client_id=said("client_id"),
        scope=said("scope"),
        levels=tuple(filter(None, (level.strip() for level in said("acr").split(",")))),
        secret=settings.secret(said("secret_file")),
        key=Path(said("key_file")).read_text(encoding="utf-8") if said("key_file") else "",
        key_id=said("key_id"),
    )


def engine_options(url: str) -> dict[str, object]:
    """Return how the database is opened; PostgreSQL answers in time or says no."""
    options: dict[str, object] = {"hide_parameters": True, "pool_pre_ping": url.startswith("postgresql")}
    if url.startswith("postgresql"):
        timeouts = "-c lock_timeout=10s -c statement_timeout=15s -c idle_in_transaction_session_timeout=30s"
        options["connect_args"] = {"options": timeouts}
    return options


def prepare_engine(engine: Engine) -> None:
    """Set up the connections and check that what is acknowledged is on disk. Raises SystemExit with the faults.

    A PostgreSQL that is away for a moment stops nobody from starting; `flask check` asks it again.
    """
    sqlite.prepare(engine)
    try:
        found = [*sqlite.faults(engine), *postgresql.faults(engine)]
    except OperationalError:
        if engine.dialect.name != "postgresql":
            raise
        return
    if found:
        raise SystemExit("\n".join(found))
    engine.dispose()  # a line to PostgreSQL must not be shared with the processes that this one starts


def limits_storage(redis_url: str) -> str:
    """Counts of requests lie in Redis when there is one; in memory when it is away."""
    if redis_url.startswith("unix://"):
        return "redis+" + redis_url
    return redis_url or "memory://"


def wsgi() -> Flask:
    """What the web server calls."""
    return create_app()
