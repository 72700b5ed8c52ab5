"""The SOAP face: checks the envelope as strictly as the real one, does the work, checks its own answer, keeps a log."""

import base64
import binascii
import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass

from app.cases.standin import writing
from app.cases.standin.behaviour import Call, LateWork, play, typed_fault, untyped_fault
from app.cases.standin.calls import CallLog
from app.cases.standin.names import Service
from app.cases.standin.operations import FaultError, Operations
from app.cases.standin.reading import NotXmlError, operation_element, parse
from app.cases.standin.schemas import Schemas
from app.cases.standin.script import Script
from app.cases.standin.switches import Switches
from app.cases.standin.traffic import Answer, Request, error_page
from app.cases.standin.writing import Element

MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Login:
    """HTTP Basic: the one user that may come in."""

    user: str
    password: str

    def accepts(self, header: str) -> bool:
        kind, _, coded = header.partition(" ")
        if kind.lower() != "basic":
            return False
        try:
            given = base64.b64decode(coded, validate=True)
        except binascii.Error:
            return False
        return hmac.compare_digest(given, f"{self.user}:{self.password}".encode())


@dataclass(frozen=True, slots=True)
class SoapFace:
    """Answers one POST to one of the two services. Safe for several threads."""

    operations: Operations
    schemas: Schemas | None
    login: Login | None
    script: Script
    calls: CallLog
    late: LateWork
    switches: Callable[[], Switches]

    def answer(self, service: Service, request: Request) -> Answer:
        """Return the answer, with what the fault script makes of it, and log the call."""
        started = time.perf_counter()
        action = request.headers.get("soapaction", "").strip().strip('"')
        operation = action.rpartition("#")[2] if action.startswith(service.namespace) else "?"
        behaviour = ""
        answer = self._transport_fault(request)
        if answer is None:
            released = self.script.released
            rule = self.script.take(operation, request.body)
            if rule:
                behaviour = rule.behaviour
                answer = play(rule, Call(service, lambda: self._work(service, operation, request), released, self.late))
            else:
                answer = self._work(service, operation, request)
        took_ms = (time.perf_counter() - started) * 1000
        self.calls.add(service, operation, action, request.body, answer, behaviour=behaviour, took_ms=took_ms)
        return answer

    def _transport_fault(self, request: Request) -> Answer | None:
        """Return the page a web server in front of the archive shows; None when the call may come in."""
        if self.login and not self.login.accepts(request.headers.get("authorization", "")):
            challenge = ("WWW-Authenticate", 'Basic realm="arkiv"')
            return error_page(401, "Unauthorized", "Access is denied due to invalid credentials.", challenge)
        if request.method != "POST":
            return error_page(405, "Method Not Allowed", "The HTTP verb is not allowed.", ("Allow", "POST"))
        media_type, _, parameters = request.headers.get("content-type", "").partition(";")
        charset = parameters.strip().lower().removeprefix("charset=").strip('"')
        if media_type.strip().lower() != "text/xml" or charset not in {"", "utf-8"}:
            words = "The content type was not the expected type 'text/xml; charset=utf-8'."
            return error_page(415, "Unsupported Media Type", words)
        if len(request.body) > self.switches().max_request_mb * MEGABYTE:
            return error_page(413, "Request Entity Too Large", "The request is too large.")
        return None

    def _work(self, service: Service, operation: str, request: Request) -> Answer:
        """Check and do the call. A fault of our own making is a 500 that says so."""
        try:
            message = operation_element(parse(request.body))
        except NotXmlError as error:
            return error_page(400, "Bad Request", str(error))
        if message.tag != f"{{{service.namespace}}}{operation}" or not self.operations.knows(service, operation):
            words = f"SOAPAction og innhold stemmer ikke, eller operasjonen finnes ikke: {operation}, {message.tag}"
            return untyped_fault(words, "s:ActionNotSupported")
        faults = self.schemas.faults(service, message) if self.schemas else []
        if faults:
            return typed_fault(service, "Validation", "Meldingen følger ikke skjemaet", faults, code="SKJEMA")
        try:
            done = self.operations.perform(service, operation, message)
        except FaultError as fault:
            return typed_fault(service, fault.kind, fault.words, [fault.detail])
        return self._checked(service, done)

    def _checked(self, service: Service, answer: Element) -> Answer:
        """Hold our own answer against the schema; a wrong one is our fault and is counted."""
        faults = self.schemas.faults(service, answer) if self.schemas else []
        if faults:
            self.calls.count_invalid_answer(faults)
            return untyped_fault(f"Øvingsarkivets eget svar er ugyldig: {faults[0]}")
        return Answer(200, writing.envelope(answer), outcome="ok")
