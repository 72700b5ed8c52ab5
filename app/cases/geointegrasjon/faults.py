"""Telling failed answers apart: whose fault it is, and whether a write may have been accepted all the same."""

import re
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime

from app.cases.client import CASE_SCOPE
from app.cases.geointegrasjon.answers import Fault, looks_like_html
from app.core.errors import ConfigurationFault, DeliveryFault, Permanent, Transient, UnknownOutcome
from app.core.outbound.archive import Answer
from app.core.text import clean_line, cut, personal_data

SERVER_SIDE = frozenset({"SystemFault", "ImplementationFault", "OperationalFault"})
REDIRECT, BAD_REQUEST, REQUEST_TIMEOUT, TOO_MANY, SERVER_ERROR = 300, 400, 408, 429, 500
_WRONG_LOGIN = "Arkivet tar ikke imot brukernavnet og passordet vårt."
_MOVED = "Arkivet sender oss videre til en annen adresse. Adressen må rettes."
_SURELY_REFUSED = {401: _WRONG_LOGIN, 403: _WRONG_LOGIN}
_THIS_ONE_REFUSED = {400: "Arkivet forstår ikke meldingen.", 413: "Brevet er for stort for arkivet."}
_LONGEST_QUOTE = 160
_CASE = re.compile(r"saksnr|saksmappe|\bsak(?:en)?\b|\bcase\b")
_CLOSED_OR_MISSING = re.compile(
    r"avslutt|lukket|stengt|sperret|closed|no case exists|finnes ikke|ikke funnet|not found|does ?n[o']t exist|må åpnes"
)
_UNKNOWN = re.compile(
    r"ukjent|ugyldig|unknown|invalid|finnes ikke|ikke registrert|not registered|does ?n[o']t exist|not found|no such"
)
_CODE = re.compile(
    r"kode|code|fagsystem|referanseoppsett|noekkel|nøkkel|type|status|format|enhet|arkivdel|klass|hjemmel"
)
_LOGIN = re.compile(r"failedauthentication|invalidsecurity|securitytoken|failedcheck|access ?denied|unauthorized")
_WRONG_CALL = re.compile(r"actionnotsupported|mustunderstand|versionmismatch|contractfilter")


class CaseRefusedError(Exception):
    """The archive says that the case is closed or not there: read it again before anybody is blamed."""


class NoHitError(Exception):
    """A FinderFault: nothing found, if this archive means that by it."""


def fault_of_answer(answer: Answer, *, writes: bool) -> DeliveryFault | None:
    """Return what is wrong with an answer that holds no SOAP fault, or None when its status is fine."""
    status = answer.status
    if status == TOO_MANY:
        return Transient("Arkivet ber oss vente.", retry_after=_retry_after(answer.headers))
    if status >= SERVER_ERROR or status == REQUEST_TIMEOUT:
        return no_outcome(f"Arkivet svarte med feil {status}.", writes=writes)
    if status in _SURELY_REFUSED or REDIRECT <= status < BAD_REQUEST:
        return ConfigurationFault(_SURELY_REFUSED.get(status, _MOVED))
    if status in _THIS_ONE_REFUSED:
        return Permanent(_THIS_ONE_REFUSED[status]) if writes else Transient(_THIS_ONE_REFUSED[status])
    if looks_like_html(answer.body, answer.headers.get("content-type", "")):
        return ConfigurationFault(
            f"Arkivet svarte med en nettside ({status}). Adressen eller innloggingen er feil.", may_have_arrived=writes
        )
    sentence = f"Arkivet svarte {status}. Adressen eller oppsettet er feil."
    return ConfigurationFault(sentence, may_have_arrived=writes) if status >= BAD_REQUEST else None


def raise_soap_fault(fault: Fault, status: int, *, writes: bool) -> None:
    """Raise what a SOAP fault means; its type is read before the HTTP status, which is 500 for all of them.

    Raises NoHitError for a FinderFault, CaseRefusedError when a write was refused for the sake of its case,
    else a DeliveryFault.
    """
    words = fault.words
    said = f"Arkivet sier: «{quoted(fault.sentence or fault.code)}»"
    if status in _SURELY_REFUSED or _LOGIN.search(words):
        raise ConfigurationFault(_WRONG_LOGIN)
    if fault.kind == "FinderFault":
        raise NoHitError(said)
    if fault.kind in {"ValidationFault", "ApplicationFault"}:
        _raise_refusal(words, said, writes=writes)
    if fault.kind not in SERVER_SIDE:
        if _WRONG_CALL.search(words):
            raise ConfigurationFault(f"Arkivet kjenner ikke kallet vårt. {said}")
        if fault.code.rpartition(":")[2].split(".")[0] in {"Client", "Sender"} and writes:
            raise Permanent(said)
    raise no_outcome(said, writes=writes)


def _raise_refusal(words: str, said: str, *, writes: bool) -> None:
    if writes and _CASE.search(words) and _CLOSED_OR_MISSING.search(words):
        raise CaseRefusedError(said)
    if _UNKNOWN.search(words) and _CODE.search(words):
        raise ConfigurationFault(f"Arkivet kjenner ikke en av kodene våre. {said}. Se `flask cases check`.")
    if writes:
        raise Permanent(said)
    raise Transient(said)


def no_outcome(sentence: str, *, writes: bool) -> DeliveryFault:
    """A write that may have been accepted, or a read that simply failed."""
    return UnknownOutcome(sentence) if writes else Transient(sentence)


def case_fault(sentence: str) -> ConfigurationFault:
    """All letters of one case would fail; the caller knows which folder that is."""
    return ConfigurationFault(sentence, scope=CASE_SCOPE)


def quoted(text: str) -> str:
    """The archive's own words for staff: one line, short, without what looks like personal data."""
    line = cut(clean_line(text), _LONGEST_QUOTE)
    for found in reversed(personal_data(line)):
        line = f"{line[: found.start]}[…]{line[found.end :]}"
    return line


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds the archive asks for; a date is compared with the answer's own Date."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        wanted: datetime = parsedate_to_datetime(value)
        return max(0.0, (wanted - parsedate_to_datetime(headers.get("date", ""))).total_seconds())
    except (TypeError, ValueError):
        return None
