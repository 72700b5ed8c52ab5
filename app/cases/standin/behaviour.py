"""How a rule of the fault script changes one SOAP call. The names are those of script.BEHAVIOURS."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from http import HTTPStatus

from app.cases.standin import tampering, writing
from app.cases.standin.clock import Clock
from app.cases.standin.names import Service
from app.cases.standin.script import Rule
from app.cases.standin.traffic import Answer, Fate, error_page, login_page

FAULT_KINDS = ("System", "Operational", "Implementation", "Application", "Validation", "Finder")
CLIENT_FAULTS = ("Application", "Validation", "Finder")
FAULT_CODES = {"Validation": "VALIDERING", "Finder": "IKKEFUNNET", "System": "SYSTEM"}


@dataclass(frozen=True, slots=True)
class Call:
    """One call that a rule has hit. perform does the real work, once, and returns the real answer."""

    service: Service
    perform: Callable[[], Answer]
    released: threading.Event
    late: "LateWork"


class LateWork:
    """Work that is done when the archive's clock says so, long after its client gave up."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._dropped = threading.Event()
        self._waiting: list[tuple[float, threading.Event]] = []

    def do_after(self, seconds: float, work: Callable[[], Answer]) -> None:
        due, done = self._clock.timestamp() + seconds, threading.Event()
        with self._lock:
            self._waiting.append((due, done))
            dropped = self._dropped
        threading.Thread(target=self._run, args=(due, done, dropped, work), daemon=True).start()

    def settle(self) -> None:
        """Return when everything that is due by now has been done."""
        now = self._clock.timestamp()
        with self._lock:
            due = [done for at, done in self._waiting if at <= now]
        for done in due:
            done.wait(10)

    def drop(self) -> None:
        """Forget what has not been done."""
        with self._lock:
            self._dropped.set()
            self._dropped = threading.Event()
            self._waiting.clear()

    def waiting(self) -> int:
        with self._lock:
            return sum(not done.is_set() for _, done in self._waiting)

    def _run(self, due: float, done: threading.Event, dropped: threading.Event, work: Callable[[], Answer]) -> None:
        try:
            if self._clock.wait_until(due, dropped):
                work()
        finally:
            done.set()


def typed_fault(
    service: Service, kind: str, words: str, details: list[str] | None = None, *, code: str | None = None
) -> Answer:
    """Return a fault as in the official examples: HTTP 500, detail/<kind>FaultInfo in the service's namespace."""
    detail = writing.fault_info(service, kind, code or FAULT_CODES.get(kind, kind.upper()), words, details or [])
    side = "soap:Client" if kind in CLIENT_FAULTS else "soap:Server"
    return Answer(500, writing.fault(side, words, detail), outcome=f"{kind}Fault: {words}")


def untyped_fault(words: str, faultcode: str = "s:System.Exception") -> Answer:
    """Return a fault without detail, as .NET archives do when something inside them breaks."""
    nsmap = {"s": "http://schemas.microsoft.com/net/2005/12/windowscommunicationfoundation/dispatcher"}
    return Answer(500, writing.fault(faultcode, words, nsmap=nsmap), outcome=f"{faultcode}: {words}")


def play(rule: Rule, call: Call) -> Answer:
    """Return what the rule makes of the call."""
    return PLAYS[rule.behaviour](rule, call)


def _slow(rule: Rule, call: Call) -> Answer:
    call.released.wait(rule.number("seconds", 5))
    return call.perform()


def _error_before(rule: Rule, call: Call) -> Answer:
    del call
    return _server_page(rule.status(500))


def _store_then_error(rule: Rule, call: Call) -> Answer:
    call.perform()
    return _server_page(rule.status(500))


def _store_then_hang(rule: Rule, call: Call) -> Answer:
    return replace(call.perform(), fate=Fate.HANG, hang_s=rule.number("seconds", 600))


def _store_then_reset(_: Rule, call: Call) -> Answer:
    return replace(call.perform(), fate=Fate.RESET)


def _hang_before(rule: Rule, call: Call) -> Answer:
    del call
    return Answer(200, b"", fate=Fate.HANG, hang_s=rule.number("seconds", 600), outcome="intet svar")


def _reset_before(rule: Rule, call: Call) -> Answer:
    del rule, call
    return Answer(200, b"", fate=Fate.RESET, outcome="brutt")


def _late(rule: Rule, call: Call) -> Answer:
    seconds = rule.number("seconds", 60)
    call.late.do_after(seconds, call.perform)
    answer = rule.text("answer", "reset")
    if answer == "502":
        return _server_page(502)
    fate = Fate.HANG if answer == "hang" else Fate.RESET
    return Answer(200, b"", fate=fate, outcome=f"lagres om {seconds:g} s")


def _fault(rule: Rule, call: Call) -> Answer:
    if rule.stores(default=False):
        call.perform()
    kind = rule.text("fault", "System")
    words = rule.text("words", "Databasen svarer ikke")
    if kind == "untyped":
        return untyped_fault(words)
    code = rule.text("code", "") or None
    return typed_fault(call.service, kind, words, [rule.text("detail", "prøv igjen")], code=code)


def _broken_xml(rule: Rule, call: Call) -> Answer:
    return tampering.broken(_real_or_empty(rule, call))


def _cut_xml(rule: Rule, call: Call) -> Answer:
    return replace(_real_or_empty(rule, call), fate=Fate.CUT)


def _login_page(rule: Rule, call: Call) -> Answer:
    if rule.stores(default=False):
        call.perform()
    return login_page()


def _html(rule: Rule, call: Call) -> Answer:
    if rule.stores(default=False):
        call.perform()
    return _server_page(rule.status(405))


def _empty_id(rule: Rule, call: Call) -> Answer:
    return tampering.with_id(_real_or_empty(rule, call), "")


def _wrong_id(rule: Rule, call: Call) -> Answer:
    return tampering.with_id(_real_or_empty(rule, call), rule.text("value", "IKKE-EN-ID"))


def _status(rule: Rule, call: Call) -> Answer:
    del call
    status = rule.status(429)
    headers: list[tuple[str, str]] = []
    if status == HTTPStatus.UNAUTHORIZED:
        headers.append(("WWW-Authenticate", 'Basic realm="arkiv"'))
    if "retry_after" in rule.parameters:
        headers.append(("Retry-After", rule.text("retry_after", "")))
    return _server_page(status, *headers)


def _redirect(rule: Rule, call: Call) -> Answer:
    del call
    return _server_page(rule.status(302), ("Location", rule.text("location", "/innlogging")))


def _entity_bomb(rule: Rule, call: Call) -> Answer:
    return tampering.bomb(_real_or_empty(rule, call))


def _other_prefixes(_: Rule, call: Call) -> Answer:
    return tampering.with_other_prefixes(call.perform())


def _extra_elements(_: Rule, call: Call) -> Answer:
    return tampering.with_extra_elements(call.perform())


def _real_or_empty(rule: Rule, call: Call) -> Answer:
    """Return the real answer; with store: false a made-up one about nothing, and nothing is stored."""
    if rule.stores(default=True):
        return call.perform()
    root, filled = writing.answer_to(call.service, "Ukjent")
    filled.text = "intet er lagret"
    return Answer(200, writing.envelope(root))


def _server_page(status: int, *headers: tuple[str, str]) -> Answer:
    known = {s.value for s in HTTPStatus}
    title = HTTPStatus(status).phrase if status in known else "Error"
    return error_page(status, title, "The page cannot be displayed.", *headers)


PLAYS: dict[str, Callable[[Rule, Call], Answer]] = {
    "slow": _slow,
    "error_before": _error_before,
    "store_then_error": _store_then_error,
    "store_then_hang": _store_then_hang,
    "store_then_reset": _store_then_reset,
    "hang_before": _hang_before,
    "reset_before": _reset_before,
    "late": _late,
    "fault": _fault,
    "broken_xml": _broken_xml,
    "cut_xml": _cut_xml,
    "login_page": _login_page,
    "html": _html,
    "empty_id": _empty_id,
    "wrong_id": _wrong_id,
    "status": _status,
    "redirect": _redirect,
    "entity_bomb": _entity_bomb,
    "other_prefixes": _other_prefixes,
    "extra_elements": _extra_elements,
}
