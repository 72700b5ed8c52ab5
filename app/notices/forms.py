"""What somebody wants to be told of on the phone."""

from collections.abc import Mapping

from flask_babel import lazy_gettext as _l
from wtforms import RadioField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired

from app.notices.models import Topic, Way
from app.web.forms import LabForm

_WAYS = [SelectChoice(Way.PUSH.value, _l("På mobilen")), SelectChoice(Way.HERE.value, _l("Bare her i lista"))]
_NEEDED = DataRequired(_l("Velg én."))


class ChoiceForm(LabForm):
    """One way for each topic."""

    own = RadioField(_l("Svar på det du har sendt"), choices=_WAYS, validators=[_NEEDED])
    follow = RadioField(_l("Nytt om idéer du følger"), choices=_WAYS, validators=[_NEEDED])
    news = RadioField(_l("Nytt i prosesser du følger"), choices=_WAYS, validators=[_NEEDED])

    def to_ways(self) -> Mapping[Topic, Way]:
        return {topic: Way(self[topic.value].data) for topic in Topic}
