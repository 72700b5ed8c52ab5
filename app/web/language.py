"""Which language and which look: what was chosen, else what the phone asks for, else bokmål."""

from babel.support import NullTranslations
from flask import Flask, has_request_context, request
from flask_babel import get_locale

from app.core.language import LANGUAGES, SOURCE_LANGUAGE, words_in
from app.web.extensions import babel

OWN_NAMES = {"nb": "Bokmål", "nn": "Nynorsk", "en": "English", "se": "Davvisámegiella", "smj": "Julevsámegiella"}
DRAFTS = frozenset({"se", "smj"})
LOOKS = ("auto", "light", "dark")
LANGUAGE_COOKIE = "spraak"
LOOK_COOKIE = "utseende"


def install(app: Flask) -> None:
    app.config.setdefault("BABEL_DEFAULT_LOCALE", SOURCE_LANGUAGE)
    app.config.setdefault("BABEL_TRANSLATION_DIRECTORIES", "translations")
    app.config.setdefault("BABEL_DEFAULT_TIMEZONE", "Europe/Oslo")
    babel.init_app(app, locale_selector=chosen_language)


def chosen_language() -> str:
    """Return the language of this request: the cookie's, else the best the phone asks for, else bokmål."""
    chosen = request.cookies.get(LANGUAGE_COOKIE)
    if chosen in LANGUAGES:
        return chosen
    asked = request.accept_languages.best_match(("no", *LANGUAGES), default=SOURCE_LANGUAGE)
    return SOURCE_LANGUAGE if asked in {"no", None} else str(asked)


def locale() -> str:
    """Return the code of the page's language, for <html lang>."""
    return _words()[0]


def gettext(message: str, **values: object) -> str:
    """Return `message` in the page's language. For templates, which ask a hundred times a page (see `_words`)."""
    said: str = _words()[1].gettext(message)
    return said % values if values else said


def ngettext(one: str, many: str, num: int, **values: object) -> str:
    """Return the form of a sentence that fits `num`, in the page's language; num is among its values."""
    said: str = _words()[1].ngettext(one, many, num)
    return said % {"num": num, **values}


def _words() -> tuple[str, NullTranslations]:
    """Return the page's language and its catalogue, looked up once a request: Flask-Babel's own look is dear."""
    environ = request.environ if has_request_context() else {}
    found: tuple[str, NullTranslations] | None = environ.get("lab.words")
    if found is None:
        code = str(get_locale() or SOURCE_LANGUAGE)
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
