"""What staff fill in. Many forms stand on one page, so each field has an id of its own."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, DateField, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Length, Optional, Regexp, ValidationError

from app.accounts.models import Participant
from app.areas.query import Area
from app.comments.models import KIND as COMMENT
from app.comments.models import TEXT_LENGTH
from app.core.actor import Actor
from app.core.errors import RuleBroken
from app.core.language import SOURCE_LANGUAGE
from app.core.lix import Reading, read
from app.core.oslo import OSLO
from app.core.submission import submission
from app.core.text import N_
from app.desk.kinds import KINDS, AnswerDraft
from app.desk.models import COMMENT_LENGTH, NAME_LENGTH, NOTE_LENGTH, TEMPLATE_LENGTH, AnswerTemplate
from app.desk.service.bulk import BulkDraft
from app.desk.service.inputs import NoteDraft
from app.ideas.forms import IdeaForm
from app.ideas.models import KIND as IDEA
from app.ideas.models import REPLY_LENGTH, Channel
from app.ideas.service import IdeaDraft
from app.outbox.query import Stopped
from app.parcels.models import ORDER, Step
from app.parcels.query import LABELS
from app.web.errors import sentence
from app.web.forms import LabForm, SubmissionKey, one_line, plain_text
from app.web.language import gettext

MOST = _l("Bruk høyst %(max)d tegn.")
GROUP = "gruppe:"
STEPS = KINDS[IDEA].steps
WAYS = {
    Channel.PHONE: N_("Telefon"),
    Channel.MAIL: N_("E-post"),
    Channel.PAPER: N_("Papir"),
    Channel.TALK: N_("Samtale"),
}
FIRST_DAY, LAST_DAY = date(2020, 1, 1), date(2100, 1, 1)


class DeskForm(LabForm):
    """A form that shares its page with others. name: begins the ids of its fields."""

    name = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self:
            field.id = f"{self.name}-{field.name}"
            field.label.field_id = field.id

    def refuse(self, refusal: RuleBroken) -> None:
        """Show what a rule said beside its field, or above them all."""
        field = self._fields.get(refusal.field or "")
        if field is None:
            self.form_errors.append(sentence(refusal))
        else:
            field.errors = [*field.errors, sentence(refusal)]


class Revision(HiddenField):  # type: ignore[misc]
    """Which revision of the input the page showed. number: that, as a number."""

    def pre_validate(self, form: object) -> None:  # noqa: ARG002 - WTForms gives it
        said = self.data or ""
        if not (said.isascii() and said.isdigit() and len(said) < 10):  # noqa: PLR2004 - fits the column
            raise ValidationError(N_("Siden har ligget for lenge. Last den på nytt og send igjen."))

    @property
    def number(self) -> int:
        return int(self.data)


class ActForm(DeskForm):
    """Something that is done to an input as the page showed it."""

    revision = Revision()


class UndoForm(ActForm):
    name = "undo"


class AssignForm(ActForm):
    """Who has it: somebody, nobody, or the group of an area. comment: for the one who gets it."""

    name = "assign"
    me = ""
    who = SelectField(_l("Hvem har den?"), validate_choice=False)
    comment = StringField(
        _l("Hilsen til den som får den"), filters=[one_line], validators=[Length(max=COMMENT_LENGTH, message=MOST)]
    )

    def offer(self, people: Sequence[Participant], areas: Sequence[Area], actor: Actor) -> None:
        """Set whom it can be given to, oneself first."""
        mine = sorted(people, key=lambda one: one.id != actor.participant_id)
        names = [
            (str(one.id), gettext("Meg (%(name)s)", name=one.name) if one.id == actor.participant_id else one.name)
            for one in mine
        ]
        self.me = str(actor.participant_id)
        groups = [(GROUP + str(area.id), gettext("Gruppa for %(area)s", area=gettext(area.name))) for area in areas]
        self.who.choices = [("", gettext("Ingen")), *names, *groups]

    def validate_who(self, field: SelectField) -> None:
        if field.data not in {value for value, *_ in self.who.choices}:
            raise ValidationError(_l("Velg noen fra lista."))

    @property
    def group_id(self) -> UUID | None:
        return UUID(self.who.data.removeprefix(GROUP)) if self.who.data.startswith(GROUP) else None

    @property
    def handler_id(self) -> UUID | None:
        return UUID(self.who.data) if self.who.data and self.group_id is None else None


class DueForm(ActForm):
    """Until when it should be answered, the day included; empty: as long as was promised to all."""

    name = "due"
    day = DateField(_l("Svar innen"), validators=[Optional()])

    def validate_day(self, field: DateField) -> None:
        if field.data and not FIRST_DAY <= field.data < LAST_DAY:
            raise ValidationError(_l("Velg en dag i nær framtid."))

    @property
    def due_at(self) -> datetime | None:
        return datetime.combine(self.day.data, time(23, 59, 59), OSLO) if self.day.data else None


class StepForm(ActForm):
    """The next step. reason: everybody reads it; «Ikke nå» must have one."""

    name = "step"
    step = SelectField(_l("Steg"), validate_choice=False)
    reason = StringField(_l("Grunn"), filters=[one_line], validators=[Length(max=1000, message=MOST)])

    def offer(self, present: Step, steps: Sequence[Step]) -> None:
        """Set those of `steps` that lie ahead."""
        ahead = [step for step in steps if ORDER[step] > ORDER[present]]
        self.step.choices = [(step.value, gettext(LABELS[step])) for step in ahead]

    def validate_step(self, field: SelectField) -> None:
        if field.data not in {step.value for step in STEPS}:
            raise ValidationError(_l("Velg et steg."))


class NoteForm(DeskForm):
    """A note for colleagues."""

    name = "note"
    submission_id = SubmissionKey()
    text = TextAreaField(
        _l("Notat"),
        filters=[plain_text],
        validators=[DataRequired(_l("Skriv notatet.")), Length(max=NOTE_LENGTH, message=MOST)],
    )

    def to_draft(self, input_id: UUID) -> NoteDraft:
        said = {"text": self.text.data, "input": str(input_id)}
        return NoteDraft(said["text"], submission(self.submission_id.key, said, []))


class ReplyForm(ActForm):
    """An official answer. template: words to begin with."""

    name = "answer"
    submission_id = SubmissionKey()
    template = SelectField(_l("Begynn med en mal"), validate_choice=False)
    text = TextAreaField(
        _l("Svaret"),
        filters=[plain_text],
        validators=[DataRequired(_l("Skriv svaret.")), Length(max=REPLY_LENGTH, message=MOST)],
    )
    step = RadioField(
        _l("Hva er bestemt?"),
        choices=[SelectChoice(step.value, _l(LABELS[step])) for step in STEPS],
        validators=[DataRequired(_l("Velg hva som er bestemt."))],
    )

    def offer(self, templates: Sequence[AnswerTemplate]) -> None:
        """Set the templates that can be chosen."""
        self.template.choices = [(str(one.id), one.title) for one in templates]
        self._texts = {str(one.id): one.text for one in templates}

    @property
    def reading(self) -> Reading | None:
        """Return how the text reads; None without words."""
        found = read(self.text.data or "")
        return found if found.words else None

    def take_template(self) -> None:
        """Put the words of the chosen template after what is written already."""
        words = self._texts.get(self.template.data or "", "")
        self.text.data = "\n\n".join(part for part in (self.text.data, words) if part)

    def to_draft(self, input_id: UUID) -> AnswerDraft:
        said = {"text": self.text.data, "step": self.step.data, "answers": str(input_id)}
        return AnswerDraft(said["text"], Step(said["step"]), submission(self.submission_id.key, said, []))


class CommentReplyForm(ReplyForm):
    """An official answer to a comment: it stands below the comment, and leaves it at no step."""

    text = TextAreaField(
        _l("Svaret"),
        filters=[plain_text],
        validators=[DataRequired(_l("Skriv svaret.")), Length(max=TEXT_LENGTH, message=MOST)],
    )
    step = None

    def to_draft(self, input_id: UUID) -> AnswerDraft:
        said = {"text": self.text.data, "answers": str(input_id)}
        return AnswerDraft(said["text"], None, submission(self.submission_id.key, said, []))


ANSWER_FORMS = {IDEA: ReplyForm, COMMENT: CommentReplyForm}


class BulkForm(DeskForm):
    """What is done to all that were chosen: who has them, or their step."""

    name = "bulk"
    submission_id = SubmissionKey()
    act = SelectField(_l("Gjør dette med de valgte"), validate_choice=False)
    reason = StringField(_l("Grunn"), filters=[one_line], validators=[Length(max=1000, message=MOST)])

    def offer(self, people: Sequence[Participant], areas: Sequence[Area], *, may_decide: bool) -> None:
        """Set what can be done."""
        give = [(f"assigned:{one.id}", gettext("Gi til %(name)s", name=one.name)) for one in people]
        send = [(f"sent:{area.id}", gettext("Send til gruppa for %(area)s", area=gettext(area.name))) for area in areas]
        move = [(f"step:{one.value}", gettext("Sett steg: %(step)s", step=gettext(LABELS[one]))) for one in STEPS]
        self.act.choices = [*give, ("assigned:", gettext("Ingen har dem")), *send, *(move if may_decide else ())]

    def validate_act(self, field: SelectField) -> None:
        if field.data not in {value for value, *_ in self.act.choices}:
            raise ValidationError(_l("Velg hva som skal gjøres."))
        if field.data == f"step:{Step.NOT_NOW.value}" and not self.reason.data:
            raise ValidationError(_l("Skriv hvorfor det er nei nå."))

    def to_draft(self, ids: Sequence[UUID]) -> BulkDraft:
        what, _, value = self.act.data.partition(":")
        said = {"act": self.act.data, "reason": self.reason.data}
        mark = submission(self.submission_id.key, said, [str(one) for one in ids])
        return BulkDraft(what, value, self.reason.data, mark)


class HideForm(ActForm):
    """Why an input is taken off the public pages."""

    name = "hide"
    reason = StringField(
        _l("Hvorfor skjuler du den?"),
        filters=[one_line],
        validators=[DataRequired(_l("Skriv hvorfor. Alle ser grunnen.")), Length(max=500, message=MOST)],
    )


class SaveFilterForm(DeskForm):
    """A name for the view that is shown."""

    name = "save"
    title = StringField(
        _l("Navn på visningen"),
        filters=[one_line],
        validators=[DataRequired(_l("Gi visningen et navn.")), Length(max=NAME_LENGTH, message=MOST)],
    )


class TemplateForm(DeskForm):
    """An answer template."""

    name = "template"
    title = StringField(
        _l("Navn"),
        filters=[one_line],
        validators=[DataRequired(_l("Gi malen et navn.")), Length(max=NAME_LENGTH, message=MOST)],
    )
    text = TextAreaField(
        _l("Tekst"),
        filters=[plain_text],
        validators=[DataRequired(_l("Skriv teksten.")), Length(max=TEMPLATE_LENGTH, message=MOST)],
    )


class RegisterForm(IdeaForm):
    """An idea that is written down for somebody. given_on: the day they gave it."""

    pictures = None
    channel = RadioField(
        _l("Hvordan kom den?"),
        choices=[SelectChoice(channel.value, _l(label)) for channel, label in WAYS.items()],
        validators=[DataRequired(_l("Velg hvordan den kom."))],
    )
    given_on = DateField(_l("Når kom den?"), validators=[DataRequired(_l("Velg dagen den kom."))])

    def validate_given_on(self, field: DateField) -> None:
        if field.data and field.data < FIRST_DAY:
            raise ValidationError(_l("Velg en dag etter 2020."))

    def given_by(self, now: datetime) -> bool:
        """Refuse a day that has not come yet; return whether it has."""
        if self.given_on.data <= now.astimezone(OSLO).date():
            return True
        self.given_on.errors = [gettext("Den dagen har ikke vært ennå.")]
        return False

    def to_draft_on_behalf(self) -> IdeaDraft:
        draft = self.to_draft((), SOURCE_LANGUAGE)
        said = {"channel": self.channel.data, "given_on": self.given_on.data.isoformat()}
        mark = submission(self.submission_id.key, said, [draft.submission.digest.hex()])
        written_at = datetime.combine(self.given_on.data, time(12), OSLO)
        return replace(draft, submission=mark, channel=said["channel"], written_at=written_at)


class AgainForm(LabForm):
    """«Send igjen». looked: somebody has looked in the archive; asked for when it may have arrived."""

    looked = BooleanField(_l("Jeg har sett i arkivet. Det er ikke der."))

    def __init__(self, delivery: Stopped, **kwargs: object) -> None:
        super().__init__(**kwargs)
        _name(self, "again", delivery.id)
        asked = DataRequired(_l("Har du sett etter i arkivet? Kryss av for det først."))
        self.looked.validators = [asked if delivery.may_have_arrived else Optional()]


class OtherwiseForm(LabForm):
    """«Levert på annen måte». case_number: as the archive writes it."""

    case_number = StringField(
        _l("Saksnummer i arkivet"),
        filters=[one_line],
        validators=[Regexp(r"\A20\d\d/[1-9]\d{0,7}\Z", message=_l("Skriv saksnummeret slik: 2026/211."))],
    )

    def __init__(self, delivery: Stopped, **kwargs: object) -> None:
        super().__init__(**kwargs)
        _name(self, "otherwise", delivery.id)


def _name(form: LabForm, act: str, delivery_id: UUID) -> None:
    for field in form:
        field.id = f"{act}-{field.name}-{delivery_id.hex}"
        field.label.field_id = field.id
