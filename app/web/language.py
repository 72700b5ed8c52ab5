"""Which language and which look: what was chosen, else what the phone asks for, else bokmål."""

from functools import lru_cache

from babel.support import NullTranslations
from flask import Flask, has_request_context, request
from flask_babel import get_locale
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from app.core.language import LANGUAGES, SOURCE_LANGUAGE, words_in
from app.web.extensions import babel

OWN_NAMES = {"nb": "Bokmål", "nn": "Nynorsk", "en": "English", "se": "Davvisámegiella", "smj": "Julevsámegiella"}
DRAFTS = frozenset({"se", "smj"})
LOOKS = ("auto", "light", "dark")
LANGUAGE_COOKIE = "spraak"
LONGEST_WISH = 200  # letters of Accept-Language that are read
LOOK_COOKIE = "utseende"


def install(app: Flask) -> None:
    app.config.setdefault("BABEL_DEFAULT_LOCALE", SOURCE_LANGUAGE)
    app.config.setdefault("BABEL_TRANSLATION_DIRECTORIES", "translations")
    app.config.setdefault("BABEL_DEFAULT_TIMEZONE", "Europe/Oslo")
    babel.init_app(app, locale_selector=chosen_language)


def chosen_language() -> str:
    """Return the language of this request: the cookie's, else the best the phone asks for, else bokmål."""
    chosen = request.cookies.get(LANGUAGE_COOKIE)
    return chosen if chosen in LANGUAGES else _asked_for(request.headers.get("Accept-Language", "")[:LONGEST_WISH])


@lru_cache(maxsize=500)
def _asked_for(header: str) -> str:
    """Kept: most phones here say one of a few things, and reading it takes as long as a small query."""
    best = parse_accept_header(header, LanguageAccept).best_match(("no", *LANGUAGES), default=SOURCE_LANGUAGE)
    return SOURCE_LANGUAGE if best in {"no", None} else str(best)


def locale() -> str:
    """Return the code of the page's language, for <html lang>."""
    return _words()[0]


def gettext(message: str, **values: object) -> str:
    """Return `message` in the page's language. For templates, which ask a hundred times a page (see `_words`)."""
    said: str = _words()[1].gettext(message)
    return said % values if values else said


def ngettext(one: str, many: str, num: int, **values: object) -> str:
    """Return the form of a sentence that fits `num`, in the page's language; num is among its values, as text."""
    said: str = _words()[1].ngettext(one, many, num)
    return said % {"num": number_text(num), **values}


def number_text(number: int) -> str:
    """Return «20 000» with a thin space that does not break, in English «20,000»."""
    return f"{number:,}" if locale() == "en" else f"{number:,}".replace(",", "\u202f")


def _words() -> tuple[str, NullTranslations]:
    """Return the page's language and its catalogue, looked up once a request: Flask-Babel's own look is dear."""
    if not has_request_context():
        code = str(get_locale() or SOURCE_LANGUAGE)
        return code, words_in(code)
    environ = request.environ
    found: tuple[str, NullTranslations] | None = environ.get("lab.words")
    if found is None:
        code = chosen_language()
        found = environ["lab.words"] = code, words_in(code)
    return found


def colour_scheme() -> str:
    """Return auto, light or dark."""
    chosen = request.cookies.get(LOOK_COOKIE, "auto")
    return chosen if chosen in LOOKS else "auto"


def languages() -> list[tuple[str, str]]:
    """Return (code, own name) of each language, in the order shown."""
    return list(OWN_NAMES.items())


def is_draft() -> bool:
    """Tell whether a speaker has yet to read this language's words."""
    return locale() in DRAFTS
