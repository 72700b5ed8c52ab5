"""The pages for people, in Norwegian. Each says that this is no real archive. They work without script."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from app.cases.standin import life
from app.cases.standin.archive import RefusedError
from app.cases.standin.codes import OPEN_CASE, described
from app.cases.standin.journal import PublicEntry, public_view
from app.cases.standin.post import LINK
from app.cases.standin.records import Document, Entry
from app.cases.standin.script import BEHAVIOURS, BadRuleError
from app.cases.standin.standin import Standin
from app.cases.standin.traffic import HTML, JSON, Answer, Request

HERE = Path(__file__).parent
FILES = {"/standin.css": "text/css; charset=utf-8", "/standin.js": "text/javascript; charset=utf-8"}
POLICY = (
    "default-src 'none'; img-src data:; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self';"
    " base-uri 'none'"
)
HEADERS = (
    ("Content-Security-Policy", POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
    ("Cache-Control", "no-store"),
)
# Only these are shown in the browser; anything else is downloaded.
SHOWN = {"application/pdf", "image/jpeg", "image/png", "text/plain"}
ENTRIES_SHOWN, CALLS_SHOWN, LONGEST_SHOWN = 40, 150, 400
DONE = {
    "journalfor": "Journalført.",
    "fordel": "Fordelt til saksbehandler.",
    "besvart": "Besvart. Svarbrevet ligger i samme sak.",
    "til_orientering": "Tatt til orientering.",
    "utgaar": "Satt til utgår.",
    "tilbake": "Gått ett steg tilbake.",
    "avslutt": "Saken er avsluttet.",
    "gjenapne": "Saken er åpnet igjen.",
    "skript": "Regelen gjelder fra nå av.",
    "toem": "Skriptet er tømt.",
    "nullstill": "Øvingsarkivet er tomt.",
}
SCRIPTED_OPERATIONS = (
    "*",
    "write",
    "read",
    "NySaksmappe",
    "NyJournalpost",
    "NyDokument",
    "FinnSaksmapper",
    "FinnSaksmapperGittNoekkel",
    "FinnJournalposterGittNoekkel",
    "FinnJournalposterGittSaksmappeNoekkel",
    "FinnDokumenterGittJournalpostnoekkel",
    "HentKodeliste",
    "SMTP",
)
T = TypeVar("T")
LONG_TEXT = re.compile(rf"[A-Za-z0-9+/=\s]{{{LONGEST_SHOWN},}}")

templates = Environment(
    loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)


@dataclass(frozen=True, slots=True)
class Row:
    """One letter on the page: both views of it, and what may be pressed."""

    entry: Entry
    documents: list[Document]
    public: PublicEntry
    may_register: bool
    may_answer: bool
    may_expire: bool


class NotHereError(Exception):
    """There is no such page or thing."""


def answer(standin: Standin, request: Request) -> Answer:
    """Answer one request of a browser."""
    for pattern, method, page in ROUTES:
        found = re.fullmatch(pattern, request.path)
        if found and method == request.method:
            try:
                return page(standin, request, *found.groups())
            except NotHereError:
                break
            except (RefusedError, BadRuleError) as refusal:
                return _page(standin, "refused.html", 409, words=str(refusal))
    return _page(standin, "refused.html", 404, words="Denne siden finnes ikke i øvingsarkivet.")


# --- the archive ------------------------------------------------------------------------------------------------------


def _archive(standin: Standin, request: Request) -> Answer:
    entries = standin.archive.entries(newest=ENTRIES_SHOWN)
    cases = standin.archive.cases()
    rows = [_row(standin, entry) for entry in entries]
    return _page(standin, "archive.html", request=request, rows=rows, cases=cases, case=None)


def _case(standin: Standin, request: Request, system_id: str) -> Answer:
    case = _found(standin.archive.case_by_id(system_id))
    entries = reversed(standin.archive.entries_of_case(case))
    rows = [_row(standin, entry) for entry in entries]
    return _page(standin, "archive.html", request=request, rows=rows, cases=[], case=case)


def _press_entry(standin: Standin, request: Request, system_id: str, action: str) -> Answer:
    entry = _found(standin.archive.entry_by_id(system_id))
    form = _form(request)
    details = life.Details(way=form.get("maate", ""), handler=form.get("navn") or life.Details().handler)
    life.advance_entry(standin.archive, entry, action, details)
    place = f"/sak/{entry.case_id}" if form.get("fra") == "sak" else "/"
    return _go(f"{place}?gjort={action}#jp-{system_id}")


def _press_case(standin: Standin, _: Request, system_id: str, action: str) -> Answer:
    life.advance_case(standin.archive, _found(standin.archive.case_by_id(system_id)), action)
    return _go(f"/sak/{system_id}?gjort={action}")


def _document(standin: Standin, _: Request, system_id: str) -> Answer:
    document, content = _found(standin.archive.document_with_content(system_id))
    return _file(document.filename, document.media_type, content)


def _row(standin: Standin, entry: Entry) -> Row:
    documents = standin.archive.documents_of(entry)
    waits = entry.status in life.NOT_YET_REGISTERED
    expired = entry.status == "U"
    return Row(
        entry=entry,
        documents=documents,
        public=public_view(entry, documents),
        may_register=waits,
        may_answer=entry.kind == "I" and not entry.replies and not expired,
        may_expire=not expired,
    )


# --- calls, script, mails ---------------------------------------------------------------------------------------------


def _calls(standin: Standin, request: Request) -> Answer:
    return _page(standin, "calls.html", request=request, calls=standin.calls.newest(CALLS_SHOWN))


def _call(standin: Standin, request: Request, number: str) -> Answer:
    call = _found(standin.calls.one(int(number)))
    sides = {side: _shortened(call[side]) for side in ("request", "answer")}
    return _page(standin, "call.html", request=request, call=call, sides=sides)


def _raw(standin: Standin, _: Request, number: str, side: str) -> Answer:
    call = _found(standin.calls.one(int(number)))
    text: str = call["request" if side == "foresporsel" else "answer"]
    return Answer(200, text.encode(), "text/plain; charset=utf-8", HEADERS)


def _script(standin: Standin, request: Request) -> Answer:
    return _page(
        standin,
        "script.html",
        request=request,
        rules=standin.script.rules(),
        behaviours={name: words for name, (words, _) in BEHAVIOURS.items()},
        operations=SCRIPTED_OPERATIONS,
        switches=standin.switches,
    )


def _add_rule(standin: Standin, request: Request) -> Answer:
    form = _form(request)
    behaviour = form.get("behaviour", "")
    known = BEHAVIOURS.get(behaviour, ("", frozenset()))[1]
    wish: dict[str, Any] = {"behaviour": behaviour, "operation": form.get("operation") or "*"}
    wish["times"] = form.get("times") or None
    wish |= {name: form[name] for name in ("seconds", "status", "fault") if form.get(name) and name in known}
    standin.script.add(wish)
    return _go("/skript?gjort=skript")


def _clear_script(standin: Standin, _: Request) -> Answer:
    standin.script.clear()
    return _go("/skript?gjort=toem")


def _reset(standin: Standin, _: Request) -> Answer:
    standin.reset()
    return _go("/?gjort=nullstill")


def _mails(standin: Standin, request: Request) -> Answer:
    mails = [{**mail, "pieces": _pieces(mail["text"])} for mail in standin.mails.all()]
    return _page(standin, "mails.html", request=request, mails=mails)


def _attachment(standin: Standin, _: Request, mail_id: str, index: str) -> Answer:
    return _file(*_found(standin.mails.attachment(int(mail_id), int(index))))


def _static(_: Standin, request: Request) -> Answer:
    content = (HERE / "static" / request.path.removeprefix("/")).read_bytes()
    return Answer(200, content, FILES[request.path], HEADERS)


def _version(standin: Standin, _: Request) -> Answer:
    return Answer(200, json.dumps({"version": _newest(standin)}).encode(), JSON, HEADERS)


# --- parts ------------------------------------------------------------------------------------------------------------


def _found(thing: T | None) -> T:
    if thing is None:
        raise NotHereError
    return thing


def _newest(standin: Standin) -> str:
    """Return a text that changes whenever a letter, a document or a mail comes."""
    counts = standin.archive.rows(
        "SELECT (SELECT count(*) FROM entries) AS e, (SELECT count(*) FROM documents) AS d,"
        " (SELECT count(*) FROM mails) AS m"
    )[0]
    return f"{counts['e']}-{counts['d']}-{counts['m']}"


def _form(request: Request) -> Mapping[str, str]:
    return {name: values[0].strip() for name, values in parse_qs(request.body.decode(errors="replace")).items()}


def _go(place: str) -> Answer:
    return Answer(303, b"", HTML, (*HEADERS, ("Location", place)))


def _file(name: str, media_type: str, content: bytes) -> Answer:
    kind = "text/plain" if media_type in {"text/csv", "application/geo+json", "application/json"} else media_type
    ascii_name = re.sub(r"[^A-Za-z0-9._-]", "_", name)
    how = "inline" if kind in SHOWN else "attachment"
    shown = f"{kind}; charset=utf-8" if kind == "text/plain" else kind if kind in SHOWN else "application/octet-stream"
    headers = (("X-Content-Type-Options", "nosniff"), ("Content-Disposition", f'{how}; filename="{ascii_name}"'))
    return Answer(200, content, shown, headers)


def _shortened(xml: str) -> str:
    """Return XML for reading: a line for each element, long file contents left out."""
    shorter = LONG_TEXT.sub(lambda found: f"{found[0][:60]}… ({len(found[0])} tegn)", xml)
    return re.sub(r">\s*<(?!/)", ">\n<", shorter)


def _pieces(text: str) -> list[tuple[str, bool]]:
    """Cut a mail's text into (text, is it a link)."""
    pieces, at = [], 0
    for found in LINK.finditer(text):
        pieces += [(text[at : found.start()], False), (found[0], True)]
        at = found.end()
    return [*pieces, (text[at:], False)]


def _page(standin: Standin, name: str, status: int = 200, *, request: Request | None = None, **values: Any) -> Answer:
    done = parse_qs(request.query).get("gjort", [""])[0] if request else ""
    body = templates.get_template(name).render(
        described=described,
        done=DONE.get(done, ""),
        here=request.path if request else "",
        now=standin.clock.now(),
        open_case=OPEN_CASE,
        rules_waiting=sum(rule["times"] is None or rule["times"] > 0 for rule in standin.script.rules()),
        strict=standin.soap.schemas is not None,
        version=_newest(standin),
        **values,
    )
    return Answer(status, body.encode(), HTML, HEADERS)


ENTRY_ACTION = "|".join(life.ENTRY_ACTIONS)
CASE_ACTION = "|".join(life.CASE_ACTIONS)
NUMBER = "([0-9]{1,12})"
ROUTES: list[tuple[str, str, Callable[..., Answer]]] = [
    ("/", "GET", _archive),
    (f"/sak/{NUMBER}", "GET", _case),
    (f"/sak/{NUMBER}/({CASE_ACTION})", "POST", _press_case),
    (f"/journalpost/{NUMBER}/({ENTRY_ACTION})", "POST", _press_entry),
    (f"/dokument/{NUMBER}", "GET", _document),
    ("/kall", "GET", _calls),
    (f"/kall/{NUMBER}", "GET", _call),
    (f"/kall/{NUMBER}/(foresporsel|svar)", "GET", _raw),
    ("/skript", "GET", _script),
    ("/skript", "POST", _add_rule),
    ("/skript/toem", "POST", _clear_script),
    ("/nullstill", "POST", _reset),
    ("/post", "GET", _mails),
    (f"/post/{NUMBER}/{NUMBER}", "GET", _attachment),
    ("/_version", "GET", _version),
    ("/standin\\.(?:css|js)", "GET", _static),
]
