"""What is announced about cases."""

from typing import ClassVar
from uuid import UUID

from app.outbox.events import Event


class FolderWanted(Event):
    """Letters wait for a case folder that has no number yet, or whose number nobody has checked."""

    name: ClassVar[str] = "folder_wanted"

    folder_id: UUID


class InputFiled(Event):
    """The archive has an input and has given it a case number."""

    name: ClassVar[str] = "input_filed"

    input_id: UUID


class StatusDue(Event):
    """It is time to ask the archive how the inputs of one case are doing."""

    name: ClassVar[str] = "status_due"

    case_number: str
