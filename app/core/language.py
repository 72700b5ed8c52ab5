"""The languages people choose between, and their words outside a request: mail and push have no page to ask."""

from functools import lru_cache
from pathlib import Path

from babel.support import NullTranslations, Translations

SOURCE_LANGUAGE = "nb"
LANGUAGES = ("nb", "nn", "en", "se", "smj")
_CATALOGUES = Path(__file__).resolve().parent.parent / "translations"


def known_language(code: str | None) -> str:
    """Return `code` if it is one of ours, else bokmål."""
    return code if code in LANGUAGES else SOURCE_LANGUAGE


@lru_cache(maxsize=len(LANGUAGES))
def words_in(language: str) -> NullTranslations:
    """Return the catalogue of `language`; what it lacks is said in bokmål, the text of the source."""
    return Translations.load(_CATALOGUES, [known_language(language)])
