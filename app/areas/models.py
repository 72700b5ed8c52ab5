"""Focus areas."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped

from app.core.db import Identified, Model, column
from app.core.text import N_

# Words of the start values, marked here so that they can be translated; a row that is renamed shows its own words.
START_NAMES = (
    N_("Energi"),
    N_("Bygg og hjem"),
    N_("Helse og offentlige tjenester"),
    N_("Mobilitet"),
    N_("Reiseliv"),
    N_("Samhandling"),
    N_("Annet"),
)


class FocusArea(Identified, Model):
    """An area of work. place: order on screen; closed: old inputs keep it, new ones cannot choose it."""

    __tablename__ = "focus_areas"

    slug: Mapped[str] = column("technical", String(40), unique=True)
    name: Mapped[str] = column("content", String(80))
    icon: Mapped[str] = column("technical", String(40))
    place: Mapped[int] = column("technical")
    closed: Mapped[bool] = column("technical", default=False)
    # Inputs of this area lie in the case "Smart Narvik, <folder_title>"; outside all areas in "innbyggerlab".
    folder_title: Mapped[str] = column("content", String(80))
