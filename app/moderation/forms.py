"""What moderators fill in. Many stand on one page, so each field has an id of its own."""

from collections.abc import Sequence
from uuid import UUID

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, StringField, TextAreaField
from wtforms.validators import AnyOf, DataRequired, Length, Regexp

from app.core.text import clean_line
from app.moderation.models import WORD_LENGTH, WORDS_LENGTH, Reason
from app.moderation.service import Seen, Verdict
from app.web.forms import LabForm, plain_text

SHOW = "vis"
REASON_VALUES = tuple(reason.value for reason in Reason)


class VerdictForm(LabForm):
    """A decision on one thing. reason: the value of the button that was pressed; SHOW, or why not."""

    revision = HiddenField(
        validators=[Regexp(r"\A\d{1,9}\Z", message=_l("Siden har ligget for lenge. Last den på nytt."))]
    )
    reason = HiddenField(validators=[AnyOf((SHOW, *REASON_VALUES), message=_l("Velg hvorfor."))])
    words = TextAreaField(
        _l("Egne ord"),
        filters=[plain_text],
        validators=[Length(max=WORDS_LENGTH, message=_l("Bruk høyst %(max)d tegn."))],
    )

    def __init__(self, item_id: UUID, **kwargs: object) -> None:
        super().__init__(**kwargs)
        for field in self:
            field.id = f"{field.name}-{item_id.hex}"
            field.label.field_id = field.id

    def to_verdict(self) -> Verdict:
        shows = self.reason.data == SHOW
        return Verdict(None if shows else Reason(self.reason.data), self.words.data)

    def to_seen(self, item_id: UUID) -> Seen:
        return Seen(item_id, int(self.revision.data))


class SeveralForm(VerdictForm):
    """The same decision on several things. chosen: «id.revision» of each."""

    revision = None

    def __init__(self, chosen: Sequence[str] = (), **kwargs: object) -> None:
        super().__init__(UUID(int=0), **kwargs)
        self.chosen = tuple(seen for text in chosen if (seen := _seen(text)) is not None)


def _seen(text: str) -> Seen | None:
    item_id, _, revision = text.partition(".")
    try:
        return Seen(UUID(hex=item_id), int(revision[:9]))
    except ValueError:
        return None


class WordForm(LabForm):
    """A word for the filter. listed: the value of the button that was pressed."""

    word = StringField(
        _l("Ordet"),
        filters=[lambda text: clean_line(text or "")],
        validators=[
            DataRequired(_l("Skriv et ord.")),
            Length(max=WORD_LENGTH, message=_l("Bruk høyst %(max)d tegn.")),
        ],
    )
    listed = HiddenField(validators=[AnyOf(("ja", "nei"), message=_l("Velg om ordet skal med."))])
