"""What somebody fills in about an idea."""

from collections.abc import Sequence
from uuid import UUID

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import (
    EmailField,
    HiddenField,
    MultipleFileField,
    RadioField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Email, Length, Optional, ValidationError

from app.areas.query import Area
from app.core.goals import GOALS, MOST_GOALS
from app.core.submission import Submission, submission
from app.core.text import personal_data
from app.files.service import Original
from app.ideas.models import BODY_LENGTH, EMAIL_LENGTH, PLACE_LENGTH, TITLE_LENGTH
from app.ideas.service import CorrectionDraft, IdeaDraft
from app.moderation.models import WORDS_LENGTH
from app.web.forms import LabForm, SubmissionKey, one_line, plain_text
from app.web.language import gettext


class IdeaForm(LabForm):
    """A new idea. kept: the writer has seen that the text holds personal data, and keeps it."""

    submission_id = SubmissionKey()
    title = StringField(
        _l("Hva er idéen din?"),
        filters=[one_line],
        validators=[
            DataRequired(_l("Skriv hva idéen er.")),
            Length(max=TITLE_LENGTH, message=_l("Bruk høyst %(max)d tegn.")),
        ],
    )
    body = TextAreaField(
        _l("Hvorfor er det lurt?"),
        filters=[plain_text],
        validators=[
            DataRequired(_l("Skriv hvorfor det er lurt.")),
            Length(max=BODY_LENGTH, message=_l("Bruk høyst %(max)d tegn.")),
        ],
    )
    area = RadioField(
        _l("Hva handler det om?"), validators=[DataRequired(_l("Velg hva det handler om."))], validate_choice=False
    )
    pictures = MultipleFileField(_l("Bilde"))
    place = StringField(
        _l("Hvor?"), filters=[one_line], validators=[Length(max=PLACE_LENGTH, message=_l("Bruk høyst %(max)d tegn."))]
    )
    email = EmailField(
        _l("Vil du ha svar på e-post?"),
        filters=[one_line],
        validators=[
            Optional(),
            Length(max=EMAIL_LENGTH, message=_l("Skriv en kortere e-post.")),
            Email(_l("Sjekk e-posten. Den skal se slik ut: navn@sted.no")),
        ],
    )
    goals = SelectMultipleField(
        _l("Passer den til noen av FNs mål?"),
        coerce=int,
        choices=[SelectChoice(number, _l(name)) for number, name in GOALS.items()],
    )
    kept = HiddenField()

    def validate_goals(self, field: SelectMultipleField) -> None:
        if len(field.data or ()) > MOST_GOALS:
            raise ValidationError(_("Velg høyst tre mål."))

    def offer(self, areas: Sequence[Area]) -> None:
        """Set the areas that can be chosen."""
        self.area.choices = [SelectChoice(area.slug, gettext(area.name)) for area in areas]
        self._ids = {area.slug: area.id for area in areas}

    def validate_area(self, field: RadioField) -> None:
        if field.data not in self._ids:
            raise ValidationError(_("Velg hva det handler om."))

    def personal_data_fields(self) -> list[str]:
        """Return the names of the fields whose text tells who somebody is, unless the writer keeps it."""
        if self.kept.data == "ja":
            return []
        return [name for name in ("title", "body", "place") if personal_data(self[name].data or "")]

    def to_mark(self, pictures: Sequence[Original]) -> Submission | None:
        """Return what this sending is known by, whether or not it can be sent now; None without a key that is one."""
        key = self.submission_id.read_key()
        return None if key is None else submission(key, self._said(), [picture.sha256.hex() for picture in pictures])

    def to_draft(self, pictures: Sequence[Original], language: str) -> IdeaDraft:
        area_id: UUID = self._ids[self.area.data]
        said = self._said()
        goals = self._goals()
        mark = submission(self.submission_id.key, said, [picture.sha256.hex() for picture in pictures])
        return IdeaDraft(
            said["title"], said["body"], area_id, said["place"], said["email"], language, mark, goals=goals
        )

    def _goals(self) -> tuple[int, ...]:
        return tuple(sorted(set(self.goals.data or ())))

    def _said(self) -> dict[str, str]:
        names = ("title", "body", "area", "place", "email")
        said = {name: self[name].data or "" for name in names}
        if goals := self._goals():
            said["goals"] = " ".join(map(str, goals))
        return said


class CorrectionForm(IdeaForm):
    """The words of an idea that is sent already. What it is about decided where the archive put it, and stays."""

    area = None
    pictures = None
    email = None
    goals = None

    def to_correction(self) -> CorrectionDraft:
        title, body, place = self.title.data, self.body.data, self.place.data or ""
        mark = submission(self.submission_id.key, {"title": title, "body": body, "place": place}, [])
        return CorrectionDraft(title, body, place, mark)


class AppealForm(LabForm):
    """Why somebody thinks that their idea should be shown."""

    words = TextAreaField(
        _l("Hvorfor er du uenig?"),
        id="appeal-words",
        filters=[plain_text],
        validators=[
            DataRequired(_l("Skriv hvorfor du er uenig.")),
            Length(max=WORDS_LENGTH, message=_l("Bruk høyst %(max)d tegn.")),
        ],
    )
