"""Requests that nobody should send, to every route there is: the routes, fields and ids are read from the program.

    for number in range(1000):
        wish = Fuzzer(app, seed=11, ids=..., tokens=...).wish(number, token)

A new room is reached by itself: its rules stand in url_map, its fields in its forms, its words in the address in its
routes, and its ids in the tables.
"""

import json
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_from_bytes
from uuid import UUID, uuid4

from flask import Flask
from flask_wtf import FlaskForm
from sqlalchemy import Uuid, select
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from app.core.db import Model

ROOT = Path(__file__).resolve().parents[2]
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "get", "BREW")
ASKED = re.compile(r"""\b(?:args|form|asked|values)(?:\.get\(|\[)["']([\w-]+)["']""")
WORDS = (
    "", " ", "\x00", "a\x00b", "²", "😀", "\u202eabc\u2066",
    "e" + "\u0301" * 300, "Ærøskjøting čáŋŋa", "'", '"', "' OR 1=1 --", "%", "_", "\\", "*", "NEAR(a b)", "AND",
    "title:x", '"a" OR', "(", "-1", "0", "1", "99999999999999999999", "-99999999999999999999", "1e309", "NaN", "inf",
    "0x10", "1_0", "½", "٣", "true", "None", "null", "[]", "{}",
    "2026-02-30", "9999-12-31", "0001-01-01T00:00:00Z", "a@b", "x@y.no",
    "kari@" + "x" * 300 + ".no", "\r\nX-Ond: ja", "=1+1", "<script>", "{{7*7}}", "${x}", "../../etc/passwd",
    "javascript:1", "mobilitet", "nyest", "stottet", "en", "se", "mork", "side", "2026/211", "W" * 5_000,
)  # fmt: skip
LONG = "å" * 120_000  # with a few others beside it, more than a form may hold
RAW = (b"\xff\xfe", b"\xc3\x28", b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80", b"%", b"%zz", b"a%00b", b"\x80")
HEADERS: Mapping[str, Sequence[str]] = {
    "Accept": ("*/*", "application/json", "text/html;q=x", "a/b/c", ",;=", "\xff"),
    "Accept-Language": ("nn", "se,smj;q=0.1", "en;q=1e9", "*;q=-1", "x-" + "a" * 3000, "\xe6"),
    "Content-Type": (
        "", "text/plain", "application/json", "multipart/form-data", "multipart/form-data; boundary=",
        "a/b; charset=no", "application/x-www-form-urlencoded; charset=utf-16",
        "multipart/form-data; boundary=" + "b" * 500, "\xff/\xff",
    ),
    "Content-Length": ("0", "-1", "abc", "1", "99999999999"),
    "Content-Encoding": ("gzip", "br"),
    "Cookie": ("session=x", "session=" + "a" * 4000, "enhet=\xff", 'spraak=../../x; utseende="', "=;=;", "remember=1"),
    "HX-Request": ("true", "false", ""),
    "HX-Request-Type": ("partial", "full", "x"),
    "HX-Target": ("results", "\xff", "#" * 2000),
    "HX-Current-URL": ("http://localhost/", "javascript:1"),
    "Idempotency-Key": ("", "x", str(UUID(int=0)), "urn:uuid:" + str(UUID(int=1)), "{" + "0" * 32 + "}", "\xff"),
    "If-None-Match": ("*", '"x"', "W/", '"' * 99),
    "If-Modified-Since": ("Tue, 99 Foo 9999", "x", "Thu, 01 Jan 1970 00:00:00 GMT"),
    "Range": ("bytes=0-", "bytes=5-1", "bytes=-999999999999", "x=1", "bytes=0-1,2-3,,"),
    "Origin": ("null", "http://localhost", "https://ond.example", "\xff"),
    "Referer": ("http://localhost/", "\xff", "x" * 4000),
    "Authorization": ("Basic x", "Basic " + "A" * 99, "Bearer \xff"),
    "X-Forwarded-For": ("1.2.3.4", "::1", "x, y", "\xff"),
    "Host": ("ond.example", "localhost:99999", "[::1", ""),
    "Sec-Fetch-Site": ("same-origin", "cross-site", "x"),
}  # fmt: skip
FILES = (
    b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\x00\x00\x00\x00WEBPVP8 ", b"GIF89a", b"<svg/>", b"%PDF-1.7",
    b"\xff\xd8\xff\xe0" + b"\xff" * 500, b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + b"\xff" * 17, b"\x00" * 70_000,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wish:
    """One request, as werkzeug's test client takes it."""

    method: str
    path: str
    more: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.method} {self.path[:200]} {str(self.more)[:600]}"


class Fuzzer:
    """Makes requests, the same for the same seed. ids: of things that there are; tokens: receipts that are real."""

    def __init__(self, app: Flask, *, seed: int, ids: Sequence[UUID], tokens: Sequence[str]) -> None:
        self.rules = sorted(app.url_map.iter_rules(), key=lambda rule: (rule.rule, rule.endpoint))
        self.seed, self.ids, self.tokens = seed, ids, tokens
        self.fields = fields_of_forms()
        self.asked = words_asked_for()

    def wish(self, number: int, csrf_token: str) -> Wish:
        """Return request `number`; every route gets its turn."""
        dice = random.Random(f"{self.seed}:{number}")
        rule = self.rules[number % len(self.rules)]
        method = dice.choice(sorted(rule.methods or {"GET"})) if dice.random() < 0.8 else dice.choice(METHODS)
        more: dict[str, Any] = {"headers": self._headers(dice), "query_string": self._query(dice).decode("latin-1")}
        if method not in {"GET", "HEAD"} or dice.random() < 0.05:
            more |= self._body(dice, csrf_token)
        return Wish(method, self._path(dice, rule), more)

    def _path(self, dice: random.Random, rule: Rule) -> str:
        made = re.sub(r"<[^>]*>", lambda part: self._part(dice, part[0]), rule.rule)
        if dice.random() < 0.93:
            return made
        odd = made + dice.choice(("/", "//", "/x", "%00", "%ff", ";a=b", "/..%2f", "?"))
        return re.sub(r"^/{2,}", "/", odd)  # the test client would take what follows for a host

    def _part(self, dice: random.Random, part: str) -> str:
        """Return what stands for one variable of a rule: mostly what is there, else what is not, else nonsense."""
        kind = part.strip("<>").partition(":")[0].partition("(")[0]
        if dice.random() < 0.15:
            return quote(dice.choice(WORDS)[:2000], safe="") or "x"
        if kind == "uuid":
            return str(dice.choice([*self.ids, uuid4()]))
        if kind == "any":
            return dice.choice(re.findall(r"[\w-]+", part.partition("(")[2].partition(")")[0]))
        if kind in {"int", "float"}:
            return dice.choice(("0", "1", "99999999999999999999"))
        if kind == "path":
            return dice.choice(("vendor/manifest.json", "../app/factory.py", "%2e%2e/x", "css/", "a" * 300))
        return dice.choice((*self.tokens, *(f"{found.hex}.{'A' * 43}" for found in self.ids), "idepool"))

    def _value(self, dice: random.Random) -> str:
        found = dice.random()
        if found < 0.02:
            return LONG
        return str(dice.choice([*self.ids, uuid4()])) if found < 0.25 else dice.choice(WORDS)

    def _query(self, dice: random.Random) -> bytes:
        parts = []
        for _ in range(dice.choice((0, 0, 1, 2, 4))):
            name = dice.choice(self.asked)
            raw = dice.random() < 0.15
            value = dice.choice(RAW) if raw else quote(self._value(dice)[:3000], safe="").encode()
            parts.append(name.encode() + b"=" + value)
        return b"&".join(parts)

    def _headers(self, dice: random.Random) -> list[tuple[str, str]]:
        names = dice.sample(sorted(HEADERS), dice.choice((0, 0, 0, 1, 2, 3)))
        return [(name, dice.choice(HEADERS[name])) for name in names if name != "Host" or dice.random() < 0.2]

    def _body(self, dice: random.Random, csrf_token: str) -> dict[str, Any]:
        fields = {
            name: self._value(dice) for name in dice.sample(self.fields, min(len(self.fields), dice.randint(0, 12)))
        }
        if dice.random() < 0.85:
            fields["csrf_token"] = csrf_token
        kind = dice.random()
        if kind < 0.45:
            return {"data": urlencoded(fields, dice), "content_type": "application/x-www-form-urlencoded"}
        if kind < 0.75:
            return multipart(fields, dice)
        if kind < 0.9:
            said = (
                json.dumps(fields)
                if dice.random() < 0.6
                else dice.choice(("[" * 2_000, "{", "NaN", "null", '"\\ud800"', "1"))
            )
            return {"data": said.encode(), "content_type": "application/json"}
        return {"data": dice.choice(RAW) * dice.choice((1, 50))}


def urlencoded(fields: Mapping[str, str], dice: random.Random) -> bytes:
    parts = [f"{quote(name)}={quote(value)}" for name, value in fields.items()]
    if dice.random() < 0.2:
        parts.append(f"{dice.choice(list(fields) or ['x'])}={quote_from_bytes(dice.choice(RAW))}")
    return "&".join(parts).encode()


def multipart(fields: Mapping[str, str], dice: random.Random) -> dict[str, Any]:
    """Return a form with files, at times cut off or with another boundary than it says."""
    boundary = "grense"
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode("utf-8", "replace")
        for name, value in fields.items()
    ]
    for _ in range(dice.choice((0, 1, 1, 4))):
        name, filename = (
            dice.choice((*fields, "pictures")),
            dice.choice(("bilde.jpg", "", "../x", "a\x00.png", "\u202e.gif")),
        )
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"\r\n\r\n'
        parts.append(head.encode() + dice.choice(FILES) + b"\r\n")
    whole = b"".join(parts) + f"--{boundary}--\r\n".encode()
    if dice.random() < 0.15:
        whole = whole[: dice.randrange(len(whole))]
    said = boundary if dice.random() < 0.95 else "en annen"
    return {"data": whole, "content_type": f"multipart/form-data; boundary={said}"}


def fields_of_forms() -> list[str]:
    """Return the names of all fields of all our forms."""
    found: set[str] = set()
    waiting: list[type] = [FlaskForm]
    while waiting:
        form = waiting.pop()
        waiting += form.__subclasses__()
        found |= {name for name in dir(form) if hasattr(getattr(form, name), "field_class")}
    return sorted(found)


def words_asked_for() -> list[str]:
    """Return the names that our routes look for in an address, as their source says, and one they do not."""
    found = {"ukjent"}
    for path in (ROOT / "app").rglob("*.py"):
        found.update(ASKED.findall(path.read_text(encoding="utf-8")))
    return sorted(found)


def ids_in(session: Session) -> list[UUID]:
    """Return the id of every row that has one."""
    keys = [c for table in Model.metadata.sorted_tables for c in table.primary_key if isinstance(c.type, Uuid)]
    return [found for key in keys for found in session.scalars(select(key)).all() if isinstance(found, UUID)]
