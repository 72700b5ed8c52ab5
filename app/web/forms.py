"""What every form has."""

from functools import lru_cache
from typing import Any
from uuid import UUID, uuid4

from babel.support import NullTranslations, Translations
from flask import request
from flask_wtf import FlaskForm
from werkzeug.datastructures import CombinedMultiDict, MultiDict
from wtforms import FileField, HiddenField
from wtforms.i18n import messages_path
from wtforms.validators import ValidationError

from app.core.language import SOURCE_LANGUAGE
from app.core.text import N_, clean_line, clean_text
from app.web.language import locale

HEADER = "Idempotency-Key"


class LabForm(FlaskForm):  # type: ignore[misc] # Flask-WTF has no types
    """A form whose field library speaks the page's language too; its words are read from disk once, not each time."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        def get_translations(self, form: FlaskForm) -> NullTranslations:  # noqa: ARG002 - WTForms gives it
            return _words_of_fields(locale())

        def wrap_formdata(self, form: FlaskForm, formdata: object) -> object:
            """Take a file for a field of files alone: where words are asked for, a file is as if nothing was sent."""
            sent = super().wrap_formdata(form, formdata)
            if not isinstance(sent, CombinedMultiDict):
                return sent
            asked = [name for name in request.files if isinstance(form._fields.get(name), FileField)]
            files: MultiDict[str, Any] = MultiDict(
                (name, file) for name in asked for file in request.files.getlist(name)
            )
            return CombinedMultiDict((files, request.form))


@lru_cache
def _words_of_fields(language: str) -> NullTranslations:
    """The library speaks bokmål and English; who reads nynorsk or Sámi gets bokmål, not the English of its source."""
    return Translations.load(messages_path(), [language, SOURCE_LANGUAGE], domain="wtforms")


def one_line(text: str | None) -> str:
    """Clean what was typed into one line: a phone that fills in an address puts a blank after it."""
    return clean_line(text or "")


def plain_text(text: str | None) -> str:
    """Clean what was typed into a text of several lines."""
    return clean_text(text or "")


class SubmissionKey(HiddenField):  # type: ignore[misc]
    """The key of one submission: from the page, or from the phone in a header. A page that is shown gets a fresh one.

    key: the UUID that was sent. None, or one that cannot be read, is refused: without it a double click makes two.
    """

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, default=lambda: str(uuid4()), **kwargs)
        self.key = UUID(int=0)

    def read_key(self) -> UUID | None:
        """Return the UUID that was sent, before anything is validated; None when there is none."""
        sent = self.raw_data[0] if self.raw_data else ""
        try:
            return UUID(request.headers.get(HEADER) or sent)
        except ValueError:
            return None

    def pre_validate(self, form: object) -> None:  # noqa: ARG002 - WTForms gives it
        key = self.read_key()
        if key is None:
            raise ValidationError(N_("Siden har ligget for lenge. Last den på nytt og send igjen."))
        self.key = key
