"""Answers on their way out, made small for slow networks: pages as they go, our files as `make vendor` packed them.

In production a proxy may do the same; then it finds nothing left to do.
"""

import secrets
import struct
import zlib
from collections.abc import Sequence
from functools import lru_cache
from mimetypes import guess_type

from flask import Flask, Response, request, send_from_directory
from werkzeug.datastructures import Accept
from werkzeug.http import parse_accept_header
from werkzeug.security import safe_join

from app.web.assets import STATIC

# Level 1 takes a third of level 5's time (0.1 ms for the list of ideas) and its answer is 8 % larger.
LEVEL = 1
KEPT_LEVEL = 6  # for what is packed once and sent many times
WORTH_IT_BYTES = 1000
# A page holds a token, and may hold what somebody else chose: without noise in its length, one could be guessed by the
# other (BREACH). So many letters at most are added, as the name that gzip has room for.
NOISE_LETTERS = 64
_HEAD = b"\x1f\x8b\x08\x08\x00\x00\x00\x00\x00\xff"  # gzip, deflate, a name follows, no time, unknown system
_END_OF_NAME = b"\x00"
_LAST_BLOCK = b"\x03\x00"  # of a deflate stream: empty
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
    packed = safe_join(str(STATIC), f"{filename}.gz") if takes_gzip() else None
    lies_packed = packed is not None and (STATIC / f"{filename}.gz").is_file()
    response = send_from_directory(STATIC, f"{filename}.gz" if lies_packed else filename)
    if lies_packed:
        response.mimetype = guess_type(filename)[0] or "application/octet-stream"
        response.headers["Content-Encoding"] = "gzip"
    vary_by(response, "Accept-Encoding")
    if filename.startswith(VENDOR):
        response.headers["Cache-Control"] = f"public, max-age={A_YEAR_S}, immutable"
    return response


def vary_by(response: Response, *names: str) -> None:
    """Tell caches that the answer depends on these request headers too."""
    said = response.headers.get("Vary", "")
    missing = [name for name in names if name not in said.split(", ")]
    if missing:
        response.headers["Vary"] = ", ".join([said, *missing] if said else missing)


def takes_gzip() -> bool:
    """Tell whether this browser can open what is packed."""
    return _names_gzip(request.headers.get("Accept-Encoding", ""))


@lru_cache(maxsize=500)
def _names_gzip(header: str) -> bool:
    return parse_accept_header(header, Accept)["gzip"] > 0


def _pack(response: Response) -> Response:
    if response.mimetype != "text/html" or response.is_streamed:
        return response
    vary_by(response, "Accept-Encoding")
    if "Content-Encoding" in response.headers:
        return response
    if takes_gzip() and (response.content_length or 0) >= WORTH_IT_BYTES:
        response.set_data(_gzip(response.get_data()))
        response.headers["Content-Encoding"] = "gzip"
    return response


def _gzip(content: bytes) -> bytes:
    """Return `content` as gzip (RFC 1952) whose length says nothing for certain about it."""
    noise = b"x" * secrets.randbelow(NOISE_LETTERS + 1)
    squeeze = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = squeeze.compress(content) + squeeze.flush()
    return b"".join((_HEAD, noise, _END_OF_NAME, packed, _end(zlib.crc32(content), len(content))))


def deflated(content: bytes) -> bytes:
    """Return `content` as whole deflate blocks, none of them the last, so that others can stand around them."""
    squeeze = zlib.compressobj(KEPT_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    return squeeze.compress(content) + squeeze.flush(zlib.Z_FULL_FLUSH)


def gzip_of(parts: Sequence[bytes], packed: Sequence[bytes], between: Sequence[bytes]) -> bytes:
    """Return as gzip what `parts` say with `between` in their gaps, each at most 65,535 bytes and left unpacked.

    packed: the parts, deflated. between: one fewer than parts.
    """
    blocks, check, length = [_HEAD, _END_OF_NAME], 0, 0
    for part, block, mark in zip(parts, packed, [*between, b""], strict=True):
        check = zlib.crc32(mark, zlib.crc32(part, check))
        length += len(part) + len(mark)
        blocks += (block, struct.pack("<BHH", 0, len(mark), len(mark) ^ 0xFFFF), mark)
    return b"".join((*blocks, _LAST_BLOCK, _end(check, length)))


def _end(check: int, length: int) -> bytes:
    return struct.pack("<LL", check, length & 0xFFFFFFFF)
