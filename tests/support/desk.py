"""Acting at the desk as its forms do."""

from collections.abc import Mapping
from uuid import UUID

from app.parcels.models import Parcel
from tests.support.visits import Page, Visit


def revision_of(visit: Visit, input_id: UUID) -> str:
    """Return the revision that a page shown now would carry."""
    found = visit.session.get_one(Parcel, input_id, populate_existing=True).revision
    visit.session.commit()
    return str(found)


def act(
    visit: Visit, input_id: UUID, what: str, form: Mapping[str, object] | None = None, *, expect: int = 303
) -> Page:
    """Do `what` to an input with a form that has just been shown; a revision in `form` stands for an older page."""
    fields = {"revision": revision_of(visit, input_id), **(form or {})}
    return visit.post(f"/arbeidsflate/innspill/{input_id}/{what}", fields, expect=expect)
