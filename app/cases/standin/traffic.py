"""A call as it came, and an answer with its fate: sending it is only one of four."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from html import escape

XML = "text/xml; charset=utf-8"
HTML = "text/html; charset=utf-8"
JSON = "application/json"


class Fate(Enum):
    """What becomes of an answer: sent; connection reset; held back; half of it sent and then the line cut."""

    SEND = "send"
    RESET = "reset"
    HANG = "hang"
    CUT = "cut"


@dataclass(frozen=True, slots=True)
class Request:
    """headers: names in lower case. path: without the question mark and what follows it, which is query."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """outcome: short words for the log. hang_s: how long a held answer is held."""

    status: int
    body: bytes
    content_type: str = XML
    headers: tuple[tuple[str, str], ...] = ()
    outcome: str = ""
    fate: Fate = Fate.SEND
    hang_s: float = 600.0


def error_page(status: int, title: str, words: str, *headers: tuple[str, str]) -> Answer:
    """Return an HTML page such as a web server in front of an archive shows."""
    page = (
        f'<!DOCTYPE html>\n<html lang="en"><head><title>{status} - {escape(title)}</title></head>\n'
        f"<body><h1>{status} - {escape(title)}</h1><p>{escape(words)}</p></body></html>\n"
    )
    return Answer(status, page.encode(), HTML, headers, outcome=f"{status} {title}")


def login_page(status: int = 200) -> Answer:
    page = (
        '<!DOCTYPE html>\n<html lang="no"><head><title>Logg inn</title></head><body><h1>Logg inn</h1>'
        '<form method="post" action="/innlogging"><label>Bruker <input name="bruker"></label>'
        '<label>Passord <input name="passord" type="password"></label><button>Logg inn</button></form></body></html>\n'
    )
    return Answer(status, page.encode(), HTML, outcome="innloggingsside")
