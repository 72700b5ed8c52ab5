"""What somebody fills in to sign in."""

from flask_babel import lazy_gettext as _l
from wtforms import EmailField, StringField
from wtforms.validators import DataRequired, Email, Length

from app.core.text import clean_line
from app.web.forms import LabForm


def _line(text: str | None) -> str:
    """A phone that fills in an address puts a blank after it."""
    return clean_line(text or "")


class EmailForm(LabForm):
    """Where the code is to be sent."""

    email = EmailField(
        _l("E-post"),
        filters=[_line],
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
