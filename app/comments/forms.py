"""What somebody fills in to comment."""

from uuid import UUID

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, RadioField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Length, ValidationError

from app.comments.models import TEXT_LENGTH, WORDS_LENGTH, Reason, Stance
from app.comments.query import GROUPS, LABELS, REASONS
from app.comments.service import CommentDraft, CorrectionDraft
from app.core.submission import submission
from app.core.text import personal_data
from app.web.forms import LabForm, SubmissionKey, plain_text


class CommentForm(LabForm):
    """A comment. kept: the writer has seen that the text holds personal data, and keeps it."""

    submission_id = SubmissionKey()
    stance = RadioField(
        _l("Hva slags kommentar er det?"),
        choices=[SelectChoice(stance.value, _l(LABELS[stance])) for stance in GROUPS],
        validators=[DataRequired(_l("Velg For, Mot eller Spørsmål."))],
    )
    text = TextAreaField(
        _l("Hva vil du si?"),
        filters=[plain_text],
        validators=[
            DataRequired(_l("Skriv hva du vil si.")),
            Length(max=TEXT_LENGTH, message=_l("Bruk høyst %(max)d tegn.")),
        ],
    )
    kept = HiddenField()

    @property
    def looks_private(self) -> bool:
        """Tell whether the text says who somebody is, and the writer has not said that it may."""
        return self.kept.data != "ja" and bool(personal_data(self.text.data or ""))

    def to_draft(self, input_id: UUID, parent_id: UUID | None, *, role_name: str, language: str) -> CommentDraft:
        stance = Stance.REPLY if self.stance is None else Stance(self.stance.data)
        said = {"on": str(input_id), "answers": str(parent_id or ""), "stance": stance.value, "text": self.text.data}
        mark = submission(self.submission_id.key, said, [])
        return CommentDraft(stance, said["text"], parent_id, role_name, language, mark)


class CorrectionForm(CommentForm):
    """The words of a comment that is sent already; what kind it is stays."""

    stance = None

    def to_correction(self) -> CorrectionDraft:
        return CorrectionDraft(self.text.data, submission(self.submission_id.key, {"text": self.text.data}, []))


class ReplyForm(CommentForm):
    """An answer to a comment: neither for nor against."""

    stance = None


class ReportForm(LabForm):
    """What is not right about something that stands on a page."""

    reason = RadioField(
        _l("Hva er galt?"),
        choices=[SelectChoice(reason.value, _l(label)) for reason, label in REASONS.items()],
        validators=[DataRequired(_l("Velg hva som er galt."))],
    )
    more = TextAreaField(
        _l("Vil du si mer?"),
        filters=[plain_text],
        validators=[Length(max=WORDS_LENGTH, message=_l("Bruk høyst %(max)d tegn."))],
    )

    def validate_more(self, field: TextAreaField) -> None:
        if self.reason.data == Reason.OTHER.value and not field.data:
            raise ValidationError(_("Skriv hva som er galt."))
