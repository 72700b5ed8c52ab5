"""The letters we send by mail: their words, in the reader's language."""

from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from app.core.language import known_language, words_in
from app.core.text import N_, clean_line
from app.mail.client import Mail

_TEMPLATES = Path(__file__).resolve().parents[2] / "templates"

# What is new, as the first sentence of the letter. The keys are the steps of a parcel, or what a
# moderator decided; "" is an answer without a step.
NEWS = {
    "": N_("Kommunen har svart på idéen din."),
    "decided": N_("Det er bestemt noe om idéen din."),
    "done": N_("Idéen din er blitt til noe. Se hva som ble gjort."),
    "not_now": N_("Kommunen har svart på idéen din."),
    "shown": N_("En i kommunen har sett på idéen din. Nå vises den."),
    "not_shown": N_("Idéen din vises ikke nå. Se hvorfor, og hva du kan gjøre."),
}


def receipt_letter(to: str, language: str, *, url: str) -> Mail:
    """Return the letter with the secret link. url: complete address of the receipt."""
    return _written("receipt", to, language, url=url)


def news_letter(to: str, language: str, *, step: str, url: str) -> Mail:
    """Return the letter that says what is new and where to read it. step: a key of NEWS. Nobody's words are in it."""
    return _written("news", to, language, url=url, news=words_in(language).gettext(NEWS[step]))


def sign_in_letter(to: str, language: str, *, code: str, url: str) -> Mail:
    """Return the letter with a one-time code and a link. The code is not in the subject: locked screens show that."""
    return _written("sign_in_code", to, language, code=code, url=url)


def _written(name: str, to: str, language: str, **values: str) -> Mail:
    """Return mail/<name>.txt and .html with their words filled in; the first line of the text is the subject."""
    language = known_language(language)
    pages = _pages(language)
    subject, _, text = pages.get_template(f"mail/{name}.txt").render(language=language, **values).partition("\n")
    html = pages.get_template(f"mail/{name}.html").render(language=language, subject=clean_line(subject), **values)
    return Mail(to=to, subject=clean_line(subject), text=text.strip() + "\n", html=html, language=language)


@lru_cache(maxsize=8)
def _pages(language: str) -> Environment:
    pages = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        # Plain text is read as it stands. It holds our words, an address of ours and a code: nobody else's text.
        autoescape=select_autoescape(enabled_extensions=("html",), default=False),
        extensions=["jinja2.ext.i18n"],
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    pages.install_gettext_translations(words_in(language), newstyle=True)  # type: ignore[attr-defined]
    return pages
