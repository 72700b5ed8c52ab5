"""What somebody sends to get their data, or to be erased."""

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField
from wtforms.validators import DataRequired

from app.core.submission import Submission, submission
from app.web.forms import LabForm, SubmissionKey


class OwnFileForm(LabForm):
    """One press of «Hent mine data»."""

    submission_id = SubmissionKey()

    def to_mark(self) -> Submission:
        return submission(self.submission_id.key, {}, [])


class EraseForm(OwnFileForm):
    """«Slett alt». sure: somebody has read what goes and what stays."""

    sure = BooleanField(
        _l("Ja, jeg vil slette mine data."), validators=[DataRequired(_l("Kryss av hvis du vil slette."))]
    )
