"""The Flask extensions, each touched here and nowhere else, and the request's database session."""

from typing import Any, cast

from flask import Flask, current_app, request
from flask_babel import Babel
from flask_limiter import Limiter
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session as FlaskSession
from flask_wtf.csrf import CSRFProtect
from sqlalchemy import Connection, Engine
from sqlalchemy.orm import Session

from app.core.db import Model
from app.settings import Settings


class RequestSession(FlaskSession):
    """Keeps to the engine it was opened with: the library chooses by table, and would forget that a request writes."""

    def get_bind(
        self, mapper: Any = None, clause: Any = None, bind: Engine | Connection | None = None, **kwargs: Any
    ) -> Engine | Connection:
        return bind or self.bind or super().get_bind(mapper, clause, bind, **kwargs)


db = SQLAlchemy(model_class=Model, disable_autonaming=True, session_options={"class_": RequestSession})
migrate = Migrate()
csrf = CSRFProtect()
login = LoginManager()
babel = Babel()


def _address() -> str:
    return request.remote_addr or "unknown"


limiter = Limiter(_address, strategy="fixed-window", headers_enabled=True, in_memory_fallback_enabled=True)


def install_limiter(app: Flask) -> None:
    """Count requests where a route says `@limiter.limit`, and only there.

    There are no limits for all routes together, so the hook that looks for them on each request is taken out.
    """
    limiter.init_app(app)
    if limiter.enabled:
        app.before_request_funcs[None].remove(limiter._check_request_limit)  # noqa: SLF001 - the library has no switch


def install_login(app: Flask) -> None:
    """Let people sign in; without the cookie that remembers them, whose hook reads the session of every answer.

    A page that is the same for everybody may be kept on the phone, and it is that only while nobody reads the session.
    """
    login.init_app(app, add_context_processor=False)
    app.after_request_funcs[None].remove(login._update_remember_cookie)  # noqa: SLF001 - the library has no switch


def session() -> Session:
    """Return the request's session: a real Session, not the proxy that mypy cannot read."""
    return cast("Session", db.session())


def settings() -> Settings:
    """Return the settings the app was made with."""
    return cast("Settings", current_app.extensions["lab_settings"])
