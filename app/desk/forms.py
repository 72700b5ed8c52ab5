"""What staff fill in about a delivery that has stopped: many stand on one page, so each field has an id of its own."""

from uuid import UUID

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, StringField
from wtforms.validators import DataRequired, Optional, Regexp

from app.core.text import clean_line
from app.outbox.query import Stopped
from app.web.forms import LabForm


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
        filters=[lambda text: clean_line(text or "")],
        validators=[Regexp(r"\A20\d\d/[1-9]\d{0,7}\Z", message=_l("Skriv saksnummeret slik: 2026/211."))],
    )

    def __init__(self, delivery: Stopped, **kwargs: object) -> None:
        super().__init__(**kwargs)
        _name(self, "otherwise", delivery.id)


def _name(form: LabForm, act: str, delivery_id: UUID) -> None:
    for field in form:
        field.id = f"{act}-{field.name}-{delivery_id.hex}"
        field.label.field_id = field.id
