from pathlib import Path
from uuid import uuid4

import pytest
from flask import Flask
from flask import session as cookie
from flask.testing import FlaskClient
from flask_babel import Babel
from werkzeug.test import TestResponse

from app.core.actor import Actor
from app.files import service
from app.files.cleaning import redraw
from app.files.models import Picture
from app.files.routes import bp
from app.files.service import Original
from app.files.store import picture_store
from app.settings import Settings
from app.web import errors, extensions, security
from app.web.context import remember_device
from tests.files import hostile
from tests.files.seen import laid

JSON = {"Accept": "application/json"}


@pytest.mark.parametrize(("size", "pixels"), [("side", "page.webp"), ("liten", "thumb.webp")])
def test_anybody_sees_a_public_picture(town, size, pixels):
    picture_id = town.picture(public=True)

    answer = see(town.stranger(), f"/bilder/{picture_id}/{size}.webp")

    assert answer.status_code == 200
    assert answer.mimetype == "image/webp"
    assert answer.data == town.store.redrawn(picture_id, pixels).read_bytes()
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["Cache-Control"] == "public, max-age=86400, immutable"
    assert "Set-Cookie" not in answer.headers


def test_a_hidden_picture_is_kept_by_no_shared_cache(town):
    picture_id = town.picture(public=False)

    answer = see(town.kari(), f"/bilder/{picture_id}/side.webp")

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert "Cookie" in answer.headers["Vary"]


def test_ola_cannot_tell_karis_hidden_picture_from_one_that_never_was(town):
    hidden = see(town.stranger(), f"/bilder/{town.picture(public=False)}/side.webp", headers=JSON)
    never_was = see(town.stranger(), f"/bilder/{uuid4()}/side.webp", headers=JSON)

    assert (hidden.status_code, never_was.status_code) == (404, 404)
    assert hidden.data == never_was.data


def test_a_picture_hidden_now_is_gone_for_others_at_the_next_question(town):
    picture_id = town.picture(public=True)
    town.hide(picture_id)

    assert see(town.stranger(), f"/bilder/{picture_id}/side.webp", headers=JSON).status_code == 404


def test_what_waits_is_not_shown_even_to_its_sender(town):
    assert see(town.kari(), f"/bilder/{town.waiting()}/side.webp", headers=JSON).status_code == 404


@pytest.mark.parametrize("path", ["archive.jpg", "page.webp", "stor.webp", "side.jpg", "../side.webp"])
def test_no_other_size_has_an_address(town, path):
    assert see(town.kari(), f"/bilder/{town.picture(public=True)}/{path}", headers=JSON).status_code == 404


def test_a_file_that_is_gone_is_not_found_and_no_fault(town):
    picture_id = town.picture(public=True)
    town.store.redrawn(picture_id, "page.webp").unlink()

    assert see(town.stranger(), f"/bilder/{picture_id}/side.webp", headers=JSON).status_code == 404


def test_a_browser_that_has_the_picture_gets_no_bytes_again(town):
    address = f"/bilder/{town.picture(public=False)}/side.webp"
    browser = town.kari()
    first = see(browser, address)

    again = see(browser, address, headers={"If-None-Match": first.headers["ETag"]})

    assert (again.status_code, again.data) == (304, b"")


def test_nginx_sends_the_file_when_it_stands_before_us(town):
    town.app.extensions["lab_settings"] = Settings(instance=town.folder, x_accel=True)
    picture_id = town.picture(public=True)

    answer = see(town.stranger(), f"/bilder/{picture_id}/liten.webp")

    assert answer.headers["X-Accel-Redirect"] == f"/_bilder/{picture_id}/thumb.webp"
    assert answer.data == b""
    assert answer.mimetype == "image/webp"


def see(browser: FlaskClient, address: str, **asked: object) -> TestResponse:
    """Ask for a picture and read it to its end, as a browser does."""
    return browser.get(address, buffered=True, **asked)


class Town:
    """The route alone in an app, with one picture, Kari's device and a stranger's."""

    def __init__(self, folder: Path, now) -> None:
        self.folder, self.now = folder, now
        settings = Settings(mode="test", instance=folder)
        self.store = picture_store(settings)
        self.app = app = Flask(__name__)
        app.config.update(
            TESTING=True, SECRET_KEY="made up", SQLALCHEMY_DATABASE_URI=f"sqlite:///{folder / 'town.sqlite'}"
        )
        app.extensions.update(lab_settings=settings, lab_secret_keys=("made up",))
        for extension in (extensions.db, extensions.login):
            extension.init_app(app)
        Babel(app)  # its own: the words a Babel has once found are those of all its apps, and this one has none
        security.install(app, settings)
        errors.install(app)
        app.register_blueprint(bp)
        app.add_url_rule("/kari", view_func=self._kari_sends, methods=["POST"])
        with app.app_context():
            Picture.__table__.create(extensions.db.engine)

    def kari(self) -> FlaskClient:
        client = self.app.test_client()
        assert client.post("/kari").status_code == 200
        return client

    def stranger(self) -> FlaskClient:
        return self.app.test_client()

    def waiting(self, public: bool = True):
        """Let Kari's device send a picture; return its id."""
        with self.app.app_context():
            session, input_id = extensions.session(), uuid4()
            _, name = laid(self.store, hostile.jpeg())
            self.kari()
            sender = Actor(device_key=self.device_key)
            service.attach(
                session, input_id, [Original(name, bytes(32), 400, 300)], actor=sender, now=self.now, public=public
            )
            session.commit()
            return session.query(Picture).filter_by(input_id=input_id).one().id

    def picture(self, *, public: bool):
        picture_id = self.waiting(public)
        with self.app.app_context():
            session = extensions.session()
            redraw(self.store, picture_id, session.get_one(Picture, picture_id).original_name)
            service.mark_ready(session, picture_id, width=400, height=300, now=self.now)
            session.commit()
        return picture_id

    def hide(self, picture_id) -> None:
        with self.app.app_context():
            session = extensions.session()
            service.set_public(session, session.get_one(Picture, picture_id).input_id, public=False)
            session.commit()

    def _kari_sends(self) -> str:
        """Give the device the mark it gets with its first contribution: the same each time."""
        cookie["enhet"] = "karis-phone"
        self.device_key = remember_device().device_key
        return "ok"


@pytest.fixture
def town(tmp_path, now) -> Town:
    return Town(tmp_path, now)
