"""Fields that every form has."""

from uuid import UUID, uuid4

from flask import request
from wtforms import HiddenField
from wtforms.validators import ValidationError

from app.core.text import N_

HEADER = "Idempotency-Key"


class SubmissionKey(HiddenField):  # type: ignore[misc]
    """The key of one submission: from the page, or from the phone in a header. A page that is shown gets a fresh one.

    key: the UUID that was sent. A key that cannot be read is refused, since without it a double click makes two.
    """

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, default=lambda: str(uuid4()), **kwargs)
        self.key = UUID(int=0)

    def pre_validate(self, form: object) -> None:  # noqa: ARG002 - WTForms gives it
        given = request.headers.get(HEADER) or self.data
        try:
            self.key = UUID(given or "")
        except ValueError:
            raise ValidationError(N_("Siden har ligget for lenge. Last den på nytt og send igjen.")) from None
