"""Answers on their way out, made small for slow networks: pages as they go, our files as `make vendor` packed them.

In production a proxy may do the same; then it finds nothing left to do.
"""

import secrets
import struct
import zlib
from mimetypes import guess_type

from flask import Flask, Response, request, send_from_directory
from werkzeug.security import safe_join

from app.web.assets import STATIC

# Level 1 takes a third of level 5's time (0.1 ms for the list of ideas) and its answer is 8 % larger.
LEVEL = 1
WORTH_IT_BYTES = 1000
# A page holds a token, and may hold what somebody else chose: without noise in its length, one could be guessed by the
# other (BREACH). So many letters at most are added, as the name that gzip has room for.
NOISE_LETTERS = 64
_HEAD = b"\x1f\x8b\x08\x08\x00\x00\x00\x00\x00\xff"  # gzip, deflate, a name follows, no time, unknown system
VENDOR = "vendor/"
A_YEAR_S = 31_536_000


def install(app: Flask) -> None:
    """Pack the pages of `app`, and serve its static files packed where they lie so."""
    app.view_functions["static"] = static_file
    app.after_request(_pack)


def static_file(filename: str) -> Response:
    """Serve a file of static/, packed when there is a .gz beside it and the browser takes it.

    The files of `make vendor` have their hash in the name, so a browser never asks for one again.
    """
    takes_gzip = request.accept_encodings["gzip"] > 0
    packed = safe_join(str(STATIC), f"{filename}.gz") if takes_gzip else None
    lies_packed = packed is not None and (STATIC / f"{filename}.gz").is_file()
    response = send_from_directory(STATIC, f"{filename}.gz" if lies_packed else filename)
    if lies_packed:
        response.mimetype = guess_type(filename)[0] or "application/octet-stream"
        response.headers["Content-Encoding"] = "gzip"
    response.vary.add("Accept-Encoding")
    if filename.startswith(VENDOR):
        response.headers["Cache-Control"] = f"public, max-age={A_YEAR_S}, immutable"
    return response


def _pack(response: Response) -> Response:
    if response.mimetype != "text/html" or response.is_streamed or "Content-Encoding" in response.headers:
        return response
    response.vary.add("Accept-Encoding")
    if request.accept_encodings["gzip"] > 0 and (response.content_length or 0) >= WORTH_IT_BYTES:
        response.set_data(_gzip(response.get_data()))
        response.headers["Content-Encoding"] = "gzip"
    return response


def _gzip(content: bytes) -> bytes:
    """Return `content` as gzip (RFC 1952) whose length says nothing for certain about it."""
    noise = b"x" * secrets.randbelow(NOISE_LETTERS + 1)
    squeeze = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    end = struct.pack("<LL", zlib.crc32(content), len(content) & 0xFFFFFFFF)
    return _HEAD + noise + b"\x00" + squeeze.compress(content) + squeeze.flush() + end
