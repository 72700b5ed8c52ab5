"""Pages and files go out small to whoever can open them, and whole to everybody else."""

import gzip
import json
import zlib
from typing import Any

import pytest
from flask import Flask

from app.web.assets import STATIC

GZIP = {"Accept-Encoding": "gzip, br"}


def test_a_phone_gets_a_small_page_with_the_same_words(app: Flask) -> None:
    small, whole = get(app, "/om", GZIP), get(app, "/om")

    assert small.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in whole.headers
    assert len(small.data) < len(whole.data) / 2
    assert shown(gzip.decompress(small.data)) == shown(whole.data)
    assert int(small.headers["Content-Length"]) == len(small.data)


def test_a_cache_between_us_never_gives_the_small_page_to_somebody_who_cannot_open_it(app: Flask) -> None:
    for headers in (GZIP, {}, {"Accept-Encoding": "gzip;q=0"}):
        assert "Accept-Encoding" in get(app, "/om", headers).vary
    assert "Content-Encoding" not in get(app, "/om", {"Accept-Encoding": "gzip;q=0"}).headers


def test_the_length_of_a_page_does_not_tell_what_stands_in_it(app: Flask) -> None:
    noise = {len(page.data) - deflated(page.data) for page in (get(app, "/om", GZIP) for _ in range(20))}

    assert len(noise) > 3


def test_a_file_is_served_packed_and_kept_for_ever(app: Flask) -> None:
    name = vendor_file("app.css")

    small, whole = get(app, f"/static/vendor/{name}", GZIP), get(app, f"/static/vendor/{name}")

    assert small.headers["Content-Encoding"] == "gzip"
    assert small.mimetype == whole.mimetype == "text/css"
    assert gzip.decompress(small.data) == whole.data
    assert "immutable" in small.headers["Cache-Control"]
    assert "Accept-Encoding" in small.vary
    assert small.headers["X-Content-Type-Options"] == "nosniff"


def test_a_file_that_lies_unpacked_is_served_as_it_is(app: Flask) -> None:
    font = get(app, f"/static/vendor/{vendor_file('schibsted-latin.woff2')}", GZIP)

    assert font.status_code == 200
    assert "Content-Encoding" not in font.headers


@pytest.mark.parametrize("path", ["../app/settings.py", "vendor/../../pyproject.toml", "vendor/nothing.css"])
def test_nothing_outside_the_folder_is_served(app: Flask, path: str) -> None:
    assert get(app, f"/static/{path}", GZIP).status_code == 404


def get(app: Flask, path: str, headers: dict[str, str] | None = None) -> Any:
    return app.test_client().get(path, headers=headers, buffered=True)


def shown(page: bytes) -> list[bytes]:
    """Return the lines that do not hold the nonce of this answer."""
    return [line for line in page.splitlines() if b"nonce" not in line]


def deflated(packed: bytes) -> int:
    """Return how many bytes of a gzip file are its content: all but head, name and end."""
    content = gzip.decompress(packed)
    squeeze = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS)
    return len(squeeze.compress(content) + squeeze.flush())


def vendor_file(name: str) -> str:
    manifest = json.loads((STATIC / "vendor/manifest.json").read_text(encoding="utf-8"))
    return str(manifest[name]["file"])
