"""A line to the archive's stand-in without a socket: the real adapter at one end, the real stand-in at the other.

What a net and a busy archive do to a call is done here, on the test's own clock: no answer, an answer that is lost,
and work that the archive does long after we gave up.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from app.cases.codes import codes_in_force
from app.cases.geointegrasjon.adapter import Geointegrasjon
from app.cases.standin import control
from app.cases.standin.application import application
from app.cases.standin.standin import Standin, build
from app.cases.standin.traffic import Answer as Answered
from app.cases.standin.traffic import Fate, Request
from app.core.errors import Transient, UnknownOutcome
from app.core.outbound.archive import Answer, Credentials
from app.settings import Settings

# What the archive may do to a call that writes: its script's own behaviours, and what only a line can do.
SCRIPTED: Mapping[str, Mapping[str, Any]] = {
    "error_before": {},
    "store_then_error": {"status": 502},
    "store_then_hang": {},
    "store_then_reset": {},
    "login_page": {},
    "status": {"status": 413},
}
AWAY, LATE, SLOW, WELL = "away", "late", "slow", "well"


@dataclass
class ArchiveLine:
    """One line. mode: a key of SCRIPTED, or one of AWAY, LATE, SLOW and WELL.

    before, after: called around each call that reaches the archive.
    wait: lets so many seconds pass here, while others go on. late_s: how long the archive works on what nobody waits
    for any more.
    """

    settings: Settings
    clock: Callable[[], datetime]
    wait: Callable[[float], None]
    before: Callable[[], None]
    after: Callable[[], None]
    standin: Standin = field(default_factory=lambda: build(":memory:", None, None))
    mode: str = WELL
    late_s: float = 100.0
    unfinished: list[tuple[datetime, Request]] = field(default_factory=list)

    def set_mode(self, mode: str) -> None:
        self.mode = mode
        self.standin.script.clear()
        if mode in SCRIPTED:
            self.standin.script.add({"operation": "write", "behaviour": mode, "times": None, **SCRIPTED[mode]})

    def post(self, url: str, body: bytes, headers: Mapping[str, str], *, writes: bool) -> Answer:
        """As ArchiveConnection.post, with the same three ways to fail."""
        if self.mode == AWAY:
            raise Transient("Arkivet er borte.")
        request = Request("POST", urlsplit(url).path, "", {name.lower(): text for name, text in headers.items()}, body)
        self.before()
        if writes and self.mode == LATE:
            self.unfinished.append((self.clock() + timedelta(seconds=self.late_s), request))
            self.wait(self.settings.cases_timeout)
            raise UnknownOutcome("Arkivet svarte ikke i tide.")
        if writes and self.mode == SLOW:
            self.wait(self.settings.cases_timeout - 1)
        answered = application(self.standin, request)
        self.after()
        return self._heard(answered, writes=writes)

    def _heard(self, answered: Answered, *, writes: bool) -> Answer:
        if answered.fate is Fate.HANG:
            self.wait(self.settings.cases_timeout)
        if answered.fate is not Fate.SEND:
            raise UnknownOutcome("Linjen ble brutt.") if writes else Transient("Linjen ble brutt.")
        told = {"content-type": answered.content_type, **{name.lower(): text for name, text in answered.headers}}
        return Answer(answered.status, told, answered.body)

    def do_what_is_late(self) -> None:
        """Let the archive finish what is due by now."""
        due = [request for at, request in self.unfinished if at <= self.clock()]
        self.unfinished = [(at, request) for at, request in self.unfinished if at > self.clock()]
        mode = self.mode
        self.set_mode(WELL)
        for request in due:
            application(self.standin, request)
        self.set_mode(mode)

    def close(self) -> None:
        self.standin.close()

    def reset(self) -> None:
        self.unfinished.clear()
        self.set_mode(WELL)
        self.standin.reset()

    def state(self) -> dict[str, Any]:
        """Return what the stand-in's own address `/_state` says."""
        state: dict[str, Any] = control.ROUTES["GET", "/_state"](self.standin, Request("GET", "/_state", "", {}, b""))
        return state


def adapter_on(line: ArchiveLine) -> Geointegrasjon:
    """Return the adapter of production on this line."""
    codes = codes_in_force({}, standin=True)
    return Geointegrasjon(
        line,  # type: ignore[arg-type]
        read_url=line.settings.cases_read_url,
        write_url=line.settings.cases_write_url,
        credentials=Credentials(),
        codes=lambda: codes,
        clock=line.clock,
    )
