"""What somebody fills in to sign in."""

from flask_babel import lazy_gettext as _l
from wtforms import EmailField, HiddenField, StringField
from wtforms.validators import DataRequired, Email, Length

from app.web.forms import LabForm, one_line


class EmailForm(LabForm):
    """Where the code is to be sent."""

    email = EmailField(
        _l("E-post"),
        filters=[one_line],
        validators=[
            DataRequired(_l("Skriv e-posten din.")),
            Length(max=254, message=_l("Skriv en kortere e-post.")),
            Email(_l("Sjekk e-posten. Den skal se slik ut: navn@sted.no")),
        ],
    )


class CodeForm(LabForm):
    """The six digits from the mail."""

    code = StringField(
        _l("Koden fra e-posten"),
        validators=[
            DataRequired(_l("Skriv de seks tallene fra e-posten.")),
            Length(max=20, message=_l("Koden har seks tall.")),
        ],
    )


class PasskeyForm(LabForm):
    """What the browser answers about a passkey, as JSON; static/js/passkey.js fills it in."""

    credential = HiddenField(
        validators=[
            DataRequired(_l("Nettleseren ga oss ingen passnøkkel. Prøv igjen.")),
            Length(max=20_000, message=_l("Nettleseren ga oss ingen passnøkkel. Prøv igjen.")),
        ]
    )


class NewPasskeyForm(PasskeyForm):
    """A new passkey, and what its owner calls it."""

    name = StringField(
        _l("Hva vil du kalle den?"),
        filters=[one_line],
        validators=[
            DataRequired(_l("Gi passnøkkelen et navn.")),
            Length(max=40, message=_l("Skriv et kortere navn.")),
        ],
    )
