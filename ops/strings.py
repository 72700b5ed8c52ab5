"""`make strings`: collect every text a person sees into the gettext catalogues, keeping the translations.

Only words stand in a catalogue: no dates, no places in files, no names of machines, no guesses ("fuzzy"). So it changes
when a text changes and at no other time, and two people who add texts seldom meet on the same line.
"""

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from ops.setup import TRANSLATIONS
from ops.terminal import ROOT, in_sentences, say

# Where texts are written: folder, pattern in it, how it is read.
SOURCES = (
    ("app", "**.py", "python"),
    ("workers", "**.py", "python"),
    ("templates", "**.html", "jinja2"),
    ("templates", "**.txt", "jinja2"),
    ("templates", "**.webmanifest", "jinja2"),
)
KEYWORDS = {**DEFAULT_KEYWORDS, "_l": None, "lazy_gettext": None, "lazy_ngettext": (1, 2), "pgettext": ((1, "c"), 2)}
DRAFT = "utkast, ikke lest av språkbruker"
WIDTH = 118


@dataclass(frozen=True, slots=True)
class Language:
    """A language we translate into. plural: gettext's rule; forms: how many; draft: no speaker has read it yet."""

    code: str
    name: str
    forms: int
    plural: str
    draft: bool = False

    @property
    def plural_forms(self) -> str:
        return f"nplurals={self.forms}; plural={self.plural};"


# Sámi has one, two and many (dual). Babel and CLDR tools write another rule, so it is written here by hand.
SAMI_PLURAL = "(n==1 ? 0 : n==2 ? 1 : 2)"
LANGUAGES = (
    Language("nn", "nynorsk", 2, "(n != 1)"),
    Language("en", "English", 2, "(n != 1)"),
    Language("se", "davvisámegiella", 3, SAMI_PLURAL, draft=True),
    Language("smj", "julevsámegiella", 3, SAMI_PLURAL, draft=True),
)


def main() -> int:
    texts = collected()
    for language in LANGUAGES:
        path = catalogue_path(language)
        catalogue = brought_up_to_date(language, texts)
        path.parent.mkdir(parents=True, exist_ok=True)
        text = as_text(language, catalogue)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
        with path.with_suffix(".mo").open("wb") as compiled:
            write_mo(compiled, read_catalogue(language))
        said = sum(is_translated(message) for message in messages_of(catalogue))
        say(f"  {language.code:<4} {said} of {len(catalogue)} texts")
    say("Translate what is new in app/translations; a missing nynorsk or English text fails a test.")
    return 0


def collected() -> Catalog:
    """Return all texts of the source, as a catalogue without translations."""
    catalogue = Catalog(fuzzy=False)
    for folder, pattern, reader in SOURCES:
        found = extract_from_dir(
            ROOT / folder,
            method_map=[(pattern, reader)],
            options_map={pattern: {"silent": "false"}},  # a template that cannot be read must not lose its texts
            keywords=KEYWORDS,
        )
        for _name, _line, text, _comments, context in found:
            catalogue.add(text, context=context)
    return catalogue


def brought_up_to_date(language: Language, texts: Catalog) -> Catalog:
    """Return the texts of the source with what the catalogue of `language` says about each; what is gone is dropped."""
    kept = read_catalogue(language) if catalogue_path(language).exists() else Catalog()
    made = Catalog(locale=language.code, fuzzy=False)
    made.mime_headers = [("Plural-Forms", language.plural_forms)]  # says how many forms are written
    for text in messages_of(texts):
        old = kept.get(text.id, context=text.context)
        usable = old is not None and not old.fuzzy and old.pluralizable == text.pluralizable
        said = old.string if old is not None and usable else ""
        if text.pluralizable:
            said = tuple(said or ())[: language.forms] + ("",) * (language.forms - len(said or ()))
        message = made.add(text.id, said, flags=text.flags, context=text.context)
        message.flags.discard("fuzzy")
        message.user_comments = [DRAFT] if language.draft and is_translated(message) else []
    return made


def as_text(language: Language, catalogue: Catalog) -> str:
    """Return the catalogue as its file holds it: our own header, then the texts in alphabetical order."""
    out = BytesIO()
    write_po(out, catalogue, WIDTH, no_location=True, sort_output=True, omit_header=True, ignore_obsolete=True)
    note = f"# {DRAFT[0].upper()}{DRAFT[1:]}.\n" if language.draft else ""
    header = (
        f"# Innbyggerlab: {language.name}.\n{note}"
        'msgid ""\nmsgstr ""\n'
        f'"Language: {language.code}\\n"\n'
        '"MIME-Version: 1.0\\n"\n'
        '"Content-Type: text/plain; charset=utf-8\\n"\n'
        '"Content-Transfer-Encoding: 8bit\\n"\n'
        f'"Plural-Forms: {language.plural_forms}\\n"\n\n'
    )
    return header + out.getvalue().decode().strip("\n") + "\n"


def catalogue_path(language: Language) -> Path:
    return TRANSLATIONS / language.code / "LC_MESSAGES" / "messages.po"


def read_catalogue(language: Language) -> Catalog:
    with catalogue_path(language).open("rb") as file:
        return read_po(file, locale=language.code, abort_invalid=True)


def messages_of(catalogue: Catalog) -> Iterable[Message]:
    """Return the texts of `catalogue` without its header."""
    return (message for message in catalogue if message.id)


def is_translated(message: Message) -> bool:
    """Tell whether every form of the text is there."""
    forms = (message.string,) if isinstance(message.string, str) else tuple(message.string or ())
    return bool(forms) and all(forms)


if __name__ == "__main__":
    sys.exit(in_sentences(main))
