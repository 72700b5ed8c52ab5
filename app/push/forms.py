"""What a browser sends when notices are switched on or off."""

from uuid import UUID

from flask import Request
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict
from wtforms import HiddenField, ValidationError
from wtforms.validators import DataRequired, Length

from app.push.models import AUTH_LENGTH, ENDPOINT_LENGTH, P256DH_LENGTH
from app.push.service import SubscriptionWish
from app.web.forms import LabForm

_INCOMPLETE = _l("Nettleseren ga oss ikke alt vi trenger. Prøv igjen.")


def sent_fields(request: Request) -> MultiDict[str, str]:
    """Return the fields of a form, or of a JSON object: its texts only, so that no other shape reaches the checks."""
    if not request.is_json:
        return request.form
    body = request.get_json(silent=True)
    fields = body.items() if isinstance(body, dict) else ()
    return MultiDict({name: value for name, value in fields if isinstance(value, str)})


class SubscriptionForm(LabForm):
    """A subscription as push.js sends it. input_id: what is to be followed as well.

    key: the key of ours that it was made with; a browser that does not say so has just been given the newest.
    """

    endpoint = HiddenField(validators=[DataRequired(_INCOMPLETE), Length(max=ENDPOINT_LENGTH, message=_INCOMPLETE)])
    p256dh = HiddenField(validators=[DataRequired(_INCOMPLETE), Length(max=P256DH_LENGTH, message=_INCOMPLETE)])
    auth = HiddenField(validators=[DataRequired(_INCOMPLETE), Length(max=AUTH_LENGTH, message=_INCOMPLETE)])
    input_id = HiddenField()
    key = HiddenField(validators=[Length(max=P256DH_LENGTH, message=_INCOMPLETE)])

    def validate_input_id(self, field: HiddenField) -> None:
        try:
            self.followed = UUID(field.data) if field.data else None
        except ValueError:
            raise ValidationError(_l("Vi fant ikke dette innspillet.")) from None

    def to_wish(self, language: str, *, vapid_key: str | None) -> SubscriptionWish:
        return SubscriptionWish(self.endpoint.data, self.p256dh.data, self.auth.data, language, vapid_key)
