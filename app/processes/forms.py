"""What staff fill in about a process."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from uuid import UUID

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict
from wtforms import (
    DateField,
    DateTimeLocalField,
    FieldList,
    FileField,
    Form,
    FormField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, Optional, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from app.accounts.models import Participant
from app.areas.query import Area
from app.core.oslo import OSLO
from app.core.submission import submission
from app.processes.models import (
    LINE_LENGTH,
    MOST_PHASES,
    SUMMARY_LENGTH,
    TEXT_LENGTH,
    TITLE_LENGTH,
    Activity,
    Archiving,
    Moderation,
    Phase,
    Process,
)
from app.processes.query import OFFERS
from app.processes.service import NewsDraft, PhaseDraft, ProcessDraft, Typed
from app.web.forms import LabForm, SubmissionKey, one_line, plain_text
from app.web.language import gettext

PHASE_FIELD = re.compile(r"phases-([0-9]{1,2})-(?:title|opens|closes|activities)")
YEARS = range(2020, 2100)
LOCAL = "%Y-%m-%dT%H:%M"
TOO_LONG = _l("Bruk høyst %(max)d tegn.")
MODERATION = {
    Moderation.AFTER: _l("Alle ser det med en gang. Vi ser på det etterpå."),
    Moderation.BEFORE: _l("Vi ser på det først. Så kan alle se det."),
}
ARCHIVING = {
    Archiving.ALONE: _l("Hver for seg, med en gang."),
    Archiving.REPORT: _l("Samlet i en rapport hver måned, og når prosessen er slutt."),
}
WAYS = [SelectChoice(one.value, words) for one, words in ARCHIVING.items()]
# The texts that people are to understand: their ease is shown as they are written.
READ_BY_ALL = ("summary", "influence")


class _Checkboxes(SelectMultipleField):  # type: ignore[misc]
    """Several of a few, each with a box of its own."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class _Day(DateField):  # type: ignore[misc]
    """A day; what is none is said in plain words."""

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata([one for one in valuelist if one])
        except ValueError:
            raise ValueError(_("Velg en dag.")) from None


class _Time(DateTimeLocalField):  # type: ignore[misc]
    """A day and an hour; what is none is said in plain words."""

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata([one for one in valuelist if one])
        except ValueError:
            raise ValueError(_("Velg dag og klokkeslett.")) from None


class PhaseForm(Form):  # type: ignore[misc]
    """One phase. Times are those of the clock on the wall in Narvik."""

    title = StringField(
        _l("Hva skjer?"),
        filters=[one_line],
        validators=[DataRequired(_l("Skriv hva som skjer.")), Length(max=TITLE_LENGTH, message=TOO_LONG)],
    )
    opens = _Time(
        _l("Begynner"), format=[LOCAL, LOCAL + ":%S"], validators=[InputRequired(_l("Velg når det begynner."))]
    )
    closes = _Time(_l("Slutter"), format=[LOCAL, LOCAL + ":%S"], validators=[Optional()])
    activities = _Checkboxes(
        _l("Hva kan folk gjøre?"), choices=[SelectChoice(one.value, _l(offer.label)) for one, offer in OFFERS.items()]
    )

    def validate_opens(self, field: _Time) -> None:
        _require_our_time(field.data)

    def validate_closes(self, field: _Time) -> None:
        if field.data:
            _require_our_time(field.data)

    def to_draft(self) -> PhaseDraft:
        return PhaseDraft(
            title=self.title.data,
            opens_at=_instant(self.opens.data),
            closes_at=_instant(self.closes.data) if self.closes.data else None,
            activities=tuple(Activity(value) for value in self.activities.data),
        )


def _require_our_time(moment: date | None) -> None:
    """A slip of the pen in the year is found here, and not in a calculation later on."""
    if moment is None or moment.year not in YEARS:
        raise ValidationError(_("Sjekk årstallet."))


def _instant(wall: datetime) -> datetime:
    return wall.replace(tzinfo=OSLO).astimezone(UTC)


class ProcessForm(LabForm):
    """All of a process."""

    title = StringField(
        _l("Hva heter prosessen?"),
        filters=[one_line],
        validators=[DataRequired(_l("Skriv hva prosessen heter.")), Length(max=TITLE_LENGTH, message=TOO_LONG)],
    )
    summary = TextAreaField(
        _l("Hva handler den om?"),
        filters=[plain_text],
        validators=[DataRequired(_l("Skriv hva den handler om.")), Length(max=SUMMARY_LENGTH, message=TOO_LONG)],
    )
    influence = TextAreaField(
        _l("Dette kan du påvirke"),
        filters=[plain_text],
        validators=[DataRequired(_l("Skriv hva folk kan påvirke.")), Length(max=TEXT_LENGTH, message=TOO_LONG)],
    )
    decided_by = StringField(
        _l("Hvem bestemmer?"),
        filters=[one_line],
        validators=[DataRequired(_l("Skriv hvem som bestemmer.")), Length(max=LINE_LENGTH, message=TOO_LONG)],
    )
    decides_on = _Day(_l("Når bestemmer de?"))
    place = StringField(_l("Hvor?"), filters=[one_line], validators=[Length(max=LINE_LENGTH, message=TOO_LONG)])
    area = SelectField(_l("Hva hører den til?"), validate_choice=False)
    owner = SelectField(_l("Hvem har ansvaret?"), validate_choice=False)
    members = _Checkboxes(_l("Hvem flere kan endre den?"), validate_choice=False)
    moderation = RadioField(
        _l("Når vises det folk sender?"),
        choices=[SelectChoice(one.value, words) for one, words in MODERATION.items()],
        validate_choice=False,
    )
    ideas_archived = RadioField(
        _l("Slik arkiveres idéene"), choices=WAYS, default=Archiving.ALONE.value, validate_choice=False
    )
    comments_archived = RadioField(
        _l("Slik arkiveres kommentarene"), choices=WAYS, default=Archiving.ALONE.value, validate_choice=False
    )
    phases = FieldList(FormField(PhaseForm), min_entries=1)

    def offer(self, areas: Sequence[Area], staff: Sequence[Participant], *, endless: bool) -> None:
        """Set what can be chosen. endless: it is the Idepool."""
        self.endless = endless
        self._areas = {area.slug: area.id for area in areas}
        self._staff = {str(one.id): one.id for one in staff}
        self.area.choices = [SelectChoice("", _("Ikke noe område"))]
        self.area.choices += [SelectChoice(area.slug, gettext(area.name)) for area in areas]
        people = [SelectChoice(str(one.id), f"{one.name}, {one.title}" if one.title else one.name) for one in staff]
        self.owner.choices = [SelectChoice("", _("Ingen")), *people]
        self.members.choices = people

    def validate_area(self, field: SelectField) -> None:
        if field.data and field.data not in self._areas:
            raise ValidationError(_("Velg et område fra lista."))

    def validate_decides_on(self, field: _Day) -> None:
        """Whoever takes part is told when it is decided; only the Idepool, which never ends, has no such day."""
        if field.data:
            _require_our_time(field.data)
        elif not self.endless:
            raise ValidationError(_("Velg en dag."))

    def validate_moderation(self, field: RadioField) -> None:
        if field.data not in {one.value for one in Moderation}:
            raise ValidationError(_("Velg når det skal vises."))

    def validate_ideas_archived(self, field: RadioField) -> None:
        if field.data not in {one.value for one in Archiving}:
            raise ValidationError(_("Velg hvordan det skal arkiveres."))

    validate_comments_archived = validate_ideas_archived

    def validate_owner(self, field: SelectField) -> None:
        if field.data not in self._staff:
            raise ValidationError(_("Velg hvem som har ansvaret."))

    def validate_phases(self, field: FieldList) -> None:
        if len(field) > MOST_PHASES:
            raise ValidationError(_("Lag høyst %(most)s faser.", most=MOST_PHASES))

    def to_draft(self) -> ProcessDraft:
        return ProcessDraft(
            title=self.title.data,
            summary=self.summary.data,
            influence=self.influence.data,
            decided_by=self.decided_by.data,
            decides_on=self.decides_on.data,
            place=self.place.data,
            area_id=self._areas.get(self.area.data),
            owner_id=self._staff[self.owner.data],
            members=tuple(self._staff[one] for one in self.members.data if one in self._staff),
            moderation=Moderation(self.moderation.data),
            phases=tuple(entry.form.to_draft() for entry in self.phases),
            ideas_archived=Archiving(self.ideas_archived.data),
            comments_archived=Archiving(self.comments_archived.data),
        )


class TitleForm(LabForm):
    """How a process begins: with a name."""

    submission_id = SubmissionKey()
    title = StringField(
        _l("Hva heter prosessen?"),
        filters=[one_line],
        validators=[DataRequired(_l("Skriv hva prosessen heter.")), Length(max=TITLE_LENGTH, message=TOO_LONG)],
    )


class EndForm(LabForm):
    """How a process ends."""

    outcome = TextAreaField(
        _l("Dette ble gjort"),
        filters=[plain_text],
        validators=[
            DataRequired(_l("Skriv hva som ble gjort. Alle kan lese det.")),
            Length(max=TEXT_LENGTH, message=TOO_LONG),
        ],
    )


class PictureForm(LabForm):
    """The picture of a process. Whoever cannot see it reads what it shows, so nobody shows one without."""

    picture = FileField(_l("Bilde"))
    alt = StringField(
        _l("Hva viser bildet?"),
        filters=[one_line],
        validators=[DataRequired(_l("Skriv hva bildet viser.")), Length(max=LINE_LENGTH, message=TOO_LONG)],
    )


class NewsForm(LabForm):
    """Something new in a process."""

    submission_id = SubmissionKey()
    title = StringField(
        _l("Overskrift"),
        filters=[one_line],
        validators=[DataRequired(_l("Skriv en overskrift.")), Length(max=TITLE_LENGTH, message=TOO_LONG)],
    )
    text = TextAreaField(
        _l("Hva er nytt?"),
        filters=[plain_text],
        validators=[DataRequired(_l("Skriv hva som er nytt.")), Length(max=TEXT_LENGTH, message=TOO_LONG)],
    )

    def to_draft(self) -> NewsDraft:
        said = {"title": self.title.data, "text": self.text.data}
        return NewsDraft(said["title"], said["text"], submission(self.submission_id.key, said, []))


def typed_in(form: MultiDict[str, str]) -> Typed:
    """Return what was typed about a process, without what belongs to the page itself."""
    own = ("title", "summary", "influence", "decided_by", "decides_on", "place", "area", "owner", "members",
           "moderation", "ideas_archived", "comments_archived")  # fmt: skip
    return {
        name: [value.replace("\x00", "") for value in values]
        for name, values in form.lists()
        if name in own or _number_of(name) is not None
    }


def typed_of(
    process: Process,
    phases: Iterable[tuple[Phase, tuple[Activity, ...]]],
    members: Iterable[UUID],
    areas: Iterable[Area],
) -> Typed:
    """Return a process as it would have been typed."""
    slugs = {area.id: area.slug for area in areas}
    typed = {
        "title": [process.title],
        "summary": [process.summary],
        "influence": [process.influence],
        "decided_by": [process.decided_by],
        "decides_on": [f"{process.decides_on}"] if process.decides_on else [],
        "place": [process.place],
        "area": [slugs.get(process.area_id, "") if process.area_id else ""],
        "owner": [str(process.owner_id)] if process.owner_id else [],
        "members": [str(one) for one in members],
        "moderation": [process.moderation],
        "ideas_archived": [process.ideas_archived],
        "comments_archived": [process.comments_archived],
    }
    for number, (phase, activities) in enumerate(phases):
        typed |= _typed_phase(number, phase, activities)
    return typed


def _typed_phase(number: int, phase: Phase, activities: Iterable[Activity]) -> Mapping[str, list[str]]:
    return {
        f"phases-{number}-title": [phase.title],
        f"phases-{number}-opens": [_wall(phase.opens_at)],
        f"phases-{number}-closes": [_wall(phase.closes_at) if phase.closes_at else ""],
        f"phases-{number}-activities": [one.value for one in activities],
    }


def _wall(moment: datetime) -> str:
    return moment.astimezone(OSLO).strftime(LOCAL)


def with_another_phase(typed: Typed) -> Typed:
    """Return what was typed and one empty phase after the others; unchanged when there are enough."""
    numbers = _numbers(typed)
    if len(numbers) >= MOST_PHASES:
        return typed
    return {**typed, f"phases-{max(numbers, default=-1) + 1}-title": [""]}


def without_phase(typed: Typed, number: int) -> Typed:
    """Return what was typed without one phase, unless it is the only one."""
    if _numbers(typed) <= {number}:
        return typed
    return {name: values for name, values in typed.items() if not name.startswith(f"phases-{number}-")}


def _numbers(typed: Typed) -> set[int]:
    return {number for number in map(_number_of, typed) if number is not None}


def _number_of(name: str) -> int | None:
    """Return the number of the phase that a field belongs to; None for every other field."""
    found = PHASE_FIELD.fullmatch(name)
    return int(found[1]) if found else None


def multidict(typed: Typed) -> MultiDict[str, str]:
    """Return it as the form library reads it."""
    return MultiDict([(name, value) for name, values in typed.items() for value in values])
