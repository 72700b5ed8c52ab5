"""The JSON addresses, for tests and for the demo's own tools.

GET    /_state            cases, entries with their documents, entries_per_key, cases_per_key, invalid_answers, late
GET    /_calls?since=ID   the SOAP calls after ID, oldest first, with raw XML of both sides
GET    /_mails            the mails, newest first
GET    /_document/<id>    the bytes of one document
GET    /_script           the rules; POST adds one (script.py), DELETE clears and lets go what hangs
GET    /_settings         the switches (switches.py); POST changes some
POST   /_clock            {"now": "2026-03-02T10:00:00+01:00"} or {"advance_s": 60}
POST   /_case             {"title", "status", "number", "key"}: a case as staff would open it
POST   /_advance          {"entry": key or systemID, "action"} or {"case": number, systemID or key, "action"} (life.py)
POST   /_reset            empty archive, start switches, real time
A wish that cannot be met is answered with 400 and {"error": "..."}.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

from app.cases.standin import life
from app.cases.standin.archive import RefusedError
from app.cases.standin.codes import CODE_LISTS
from app.cases.standin.records import Case, CaseNumber, Document, Entry, Key, NewCase
from app.cases.standin.script import BadRuleError
from app.cases.standin.standin import Standin
from app.cases.standin.traffic import JSON, Answer, Request

Json = dict[str, Any]


class BadWishError(Exception):
    """A body or value that cannot be read."""


def answer(standin: Standin, request: Request) -> Answer | None:
    """Answer a JSON address; None when the path is not one of ours."""
    if request.path.startswith("/_document/"):
        return _document(standin, request.path.removeprefix("/_document/"))
    play = ROUTES.get((request.method, request.path))
    if play is None:
        return None
    try:
        return _json(200, play(standin, request))
    except (BadWishError, BadRuleError, RefusedError, ValueError, KeyError) as error:
        return _json(400, {"error": str(error)})


def case_json(case: Case) -> Json:
    return {
        "system_id": case.system_id,
        "number": str(case.number),
        "title": case.title,
        "public_title": case.public_title,
        "status": case.status,
        "unit": case.unit,
        "arkivdel": case.arkivdel,
        "opened_at": case.opened_at.isoformat(),
        "key": asdict(case.key) if case.key else None,
    }


def entry_json(entry: Entry, documents: Iterable[Document] = ()) -> Json:
    handler = entry.handler
    return {
        "system_id": entry.system_id,
        "case": str(entry.case_number),
        "case_id": entry.case_id,
        "number_in_case": entry.number_in_case,
        "journal_number": f"{entry.journal.sequence}/{entry.journal.year}" if entry.journal else None,
        "kind": entry.kind,
        "status": entry.status,
        "title": entry.title,
        "public_title": entry.public_title,
        "shielded_title": entry.shielded_title,
        "shielding": asdict(entry.shielding) if entry.shielding else None,
        "document_date": entry.document_date.isoformat(),
        "registered_at": entry.registered_at.isoformat(),
        "key": asdict(entry.key) if entry.key else None,
        "parts": [asdict(part) for part in entry.parts],
        "handler": handler.handler if handler and handler.handler else None,
        "replies": [{"code": reply.code, "at": reply.at.isoformat()} for reply in entry.replies],
        "documents": [document_json(document) for document in documents],
    }


def document_json(document: Document) -> Json:
    return {**asdict(document), "stored_at": document.stored_at.isoformat()}


def _state(standin: Standin, _: Request) -> Json:
    archive = standin.archive
    cases, entries = archive.cases(), archive.entries()
    documents: dict[str, list[Document]] = {}
    for document in archive.documents():
        documents.setdefault(document.entry_id, []).append(document)
    return {
        "now": standin.clock.now().isoformat(),
        "strict": standin.soap.schemas is not None,
        "cases": [case_json(case) for case in cases],
        "entries": [entry_json(entry, documents.get(entry.system_id, ())) for entry in entries],
        "cases_per_key": Counter(case.key.key for case in cases if case.key),
        "entries_per_key": Counter(entry.key.key for entry in entries if entry.key),
        "invalid_answers": standin.calls.invalid_answers(),
        "late": standin.late.waiting(),
    }


def _calls(standin: Standin, request: Request) -> Json:
    since = parse_qs(request.query).get("since", ["0"])[0]
    return {"calls": standin.calls.after(int(since))}


def _mails(standin: Standin, _: Request) -> Json:
    return {"mails": standin.mails.all()}


def _rules(standin: Standin, _: Request) -> Json:
    return {"rules": standin.script.rules()}


def _add_rule(standin: Standin, request: Request) -> Json:
    return standin.script.add(_body(request)).as_json()


def _clear_script(standin: Standin, _: Request) -> Json:
    standin.script.clear()
    return {"rules": []}


def _switches(standin: Standin, _: Request) -> Json:
    return asdict(standin.switches)


def _change_switches(standin: Standin, request: Request) -> Json:
    return asdict(standin.change_switches(_body(request)))


def _clock(standin: Standin, request: Request) -> Json:
    wish = _body(request)
    if "now" in wish:
        standin.clock.set(datetime.fromisoformat(str(wish["now"])))
    standin.clock.advance(float(wish.get("advance_s", 0)))
    standin.late.settle()
    return {"now": standin.clock.now().isoformat()}


def _open_case(standin: Standin, request: Request) -> Json:
    wish = _body(request)
    status = str(wish.get("status") or "R")
    number = CaseNumber.parse(str(wish["number"])) if wish.get("number") else None
    if not wish.get("title") or status not in CODE_LISTS["Saksstatus"]:
        raise BadWishError("title og en kjent status må være med")
    if wish.get("number") and number is None:
        raise BadWishError("number skrives som 2026/211")
    key = Key("INNBYGGERLAB", str(wish["key"])) if wish.get("key") else None
    new = NewCase(title=str(wish["title"]), status=status, arkivdel="SAK", unit="AREAL", key=key, number=number)
    return case_json(standin.archive.open_case(new))


def _advance(standin: Standin, request: Request) -> Json:
    wish, archive = _body(request), standin.archive
    action = str(wish.get("action", ""))
    if wish.get("case"):
        return case_json(life.advance_case(archive, life.find_case(archive, str(wish["case"])), action))
    start = life.Details()
    details = life.Details(
        way=str(wish.get("maate", "")),
        handler=str(wish.get("navn", start.handler)),
        handler_init=str(wish.get("init", start.handler_init)),
        unit=str(wish.get("enhet", "")),
    )
    entry = life.find_entry(archive, str(wish.get("entry", "")))
    entry = life.advance_entry(archive, entry, action, details)
    return entry_json(entry, archive.documents_of(entry))


def _reset(standin: Standin, _: Request) -> Json:
    standin.reset()
    return {}


def _document(standin: Standin, system_id: str) -> Answer:
    found = standin.archive.document_with_content(system_id)
    if found is None:
        return _json(404, {"error": "Dokumentet finnes ikke"})
    return Answer(200, found[1], "application/octet-stream")


def _body(request: Request) -> Json:
    try:
        body = json.loads(request.body or b"{}")
    except ValueError as error:
        raise BadWishError("Innholdet er ikke JSON") from error
    if not isinstance(body, dict):
        raise BadWishError("Innholdet skal være et JSON-objekt")
    return body


def _json(status: int, value: Json) -> Answer:
    return Answer(status, json.dumps(value, ensure_ascii=False).encode(), JSON)


ROUTES: dict[tuple[str, str], Callable[[Standin, Request], Json]] = {
    ("GET", "/_state"): _state,
    ("GET", "/_calls"): _calls,
    ("GET", "/_mails"): _mails,
    ("GET", "/_script"): _rules,
    ("POST", "/_script"): _add_rule,
    ("DELETE", "/_script"): _clear_script,
    ("GET", "/_settings"): _switches,
    ("POST", "/_settings"): _change_switches,
    ("POST", "/_clock"): _clock,
    ("POST", "/_case"): _open_case,
    ("POST", "/_advance"): _advance,
    ("POST", "/_reset"): _reset,
}
