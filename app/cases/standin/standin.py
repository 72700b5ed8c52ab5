"""All parts of one running stand-in, put together."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.cases.standin.archive import Archive
from app.cases.standin.behaviour import LateWork
from app.cases.standin.calls import CallLog
from app.cases.standin.clock import Clock
from app.cases.standin.operations import Operations
from app.cases.standin.post import MailBox, MailSink
from app.cases.standin.schemas import Schemas
from app.cases.standin.script import Script
from app.cases.standin.soap import Login, SoapFace
from app.cases.standin.switches import Switches


@dataclass(slots=True)
class Standin:
    """What every face and page reaches. switches is replaced as a whole, never changed."""

    clock: Clock
    archive: Archive
    script: Script
    calls: CallLog
    late: LateWork
    mails: MailBox
    sink: MailSink
    soap: SoapFace
    switches: Switches

    def change_switches(self, wishes: dict[str, Any]) -> Switches:
        """Raises ValueError, in words, for a switch or value that does not exist."""
        self.switches = self.switches.changed(wishes)
        self.calls.kept = self.switches.calls_kept
        return self.switches

    def close(self) -> None:
        """Let go of the file, and of the mail server, which must not be listening."""
        self.archive.close()
        self.sink.close()

    def reset(self) -> None:
        """Everything as in a new archive, and real time."""
        self.late.drop()
        self.script.clear()
        self.archive.reset()
        self.calls.reset()
        self.clock.reset()
        self.switches = Switches()


def build(state: Path | str, schemas: Schemas | None, login: Login | None) -> Standin:
    """Open the archive in the file `state` and put all parts together; nothing listens yet."""
    clock, script = Clock(), Script()
    archive = Archive(state, clock)
    calls, late, mails = CallLog(archive), LateWork(clock), MailBox(archive)
    # The operations read the switches of the finished object, which does not exist yet.
    here: list[Standin] = []
    face = SoapFace(
        operations=Operations(archive, lambda: here[0].switches),
        schemas=schemas,
        login=login,
        script=script,
        calls=calls,
        late=late,
        switches=lambda: here[0].switches,
    )
    standin = Standin(clock, archive, script, calls, late, mails, MailSink(mails, script), face, Switches())
    here.append(standin)
    return standin
