"""What somebody sends to get their data, or to be erased."""

from app.core.submission import Submission, submission
from app.web.forms import LabForm, SubmissionKey


class OwnFileForm(LabForm):
    """One press of «Hent mine data»."""

    submission_id = SubmissionKey()

    def to_mark(self) -> Submission:
        return submission(self.submission_id.key, {}, [])
