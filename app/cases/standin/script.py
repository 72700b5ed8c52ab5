"""The fault script: which coming calls shall go wrong, and how. `POST /_script` adds a rule, `DELETE /_script` clears.

A rule: {"operation": "NyJournalpost", "behaviour": "store_then_reset", "times": 1, ...}
operation   an operation's name, "*" (any SOAP call, the start value), "read", "write", or "SMTP"
behaviour   a name in BEHAVIOURS
times       how many calls; null or left out = for ever
after       so many matching calls go through first
contains    only calls whose raw text holds this (a key, a title)
chance      0-1: how likely a matching call is hit; seed makes it repeatable
The other parameters belong to the behaviour and stand beside its name in BEHAVIOURS.
The first rule that matches is used. Rules live in memory: a restart clears them.
"""

import random
import threading
from dataclasses import dataclass, field
from typing import Any

READS = ("Finn", "Hent")
SMTP = "SMTP"

SELECTION = frozenset({"operation", "behaviour", "times", "after", "contains", "chance", "seed"})
# name -> (what it does, parameters it knows)
BEHAVIOURS: dict[str, tuple[str, frozenset[str]]] = {
    "slow": ("svarer riktig, men tregt (seconds: 5)", frozenset({"seconds"})),
    "error_before": ("feilside før noe er lagret (status: 500)", frozenset({"status"})),
    "store_then_error": ("lagrer, så feilside (status: 500)", frozenset({"status"})),
    "store_then_hang": ("lagrer, så kommer svaret aldri (seconds: 600)", frozenset({"seconds"})),
    "store_then_reset": ("lagrer, så brytes forbindelsen", frozenset()),
    "hang_before": ("lagrer ikke, svarer aldri (seconds: 600)", frozenset({"seconds"})),
    "reset_before": ("lagrer ikke, bryter forbindelsen", frozenset()),
    "late": (
        "intet svar (answer: reset, hang, 502), men lagrer senere, på arkivets klokke (seconds: 60)",
        frozenset({"seconds", "answer"}),
    ),
    "fault": (
        "SOAP-feil (fault: System, Operational, … eller untyped; store: true lagrer først)",
        frozenset({"fault", "words", "code", "detail", "store"}),
    ),
    "broken_xml": ("lagrer, men svaret er ødelagt XML (store: false lar være)", frozenset({"store"})),
    "cut_xml": ("lagrer, og linjen brytes midt i svaret", frozenset({"store"})),
    "login_page": ("innloggingsside med status 200 (store: true lagrer først)", frozenset({"store"})),
    "html": ("feilside fra nettjeneren (status: 405; store: true lagrer først)", frozenset({"status", "store"})),
    "empty_id": ("lagrer, men svaret har tom systemID", frozenset({"store"})),
    "wrong_id": ("lagrer, men svaret har feil systemID (value: IKKE-EN-ID)", frozenset({"store", "value"})),
    "status": ("sier nei (status: 429, eller 401, 403, 413; retry_after)", frozenset({"status", "retry_after"})),
    "redirect": ("sender videre (status: 302, location: /innlogging)", frozenset({"location", "status"})),
    "entity_bomb": ("lagrer, men svaret er en XML-bombe", frozenset({"store"})),
    "other_prefixes": ("riktig svar med andre navneromsprefikser", frozenset()),
    "extra_elements": ("riktig svar med ukjente elementer i tillegg", frozenset()),
    "smtp_4xx": ("SMTP: midlertidig nei (code: 451)", frozenset({"code"})),
    "smtp_5xx": ("SMTP: varig nei (code: 554)", frozenset({"code"})),
    "smtp_drop": ("SMTP: tar imot e-posten, men bryter etter DATA uten svar (store: true)", frozenset({"store"})),
    "smtp_slow": ("SMTP: svarer etter seconds (5)", frozenset({"seconds"})),
}


class BadRuleError(Exception):
    """A rule nobody would understand; says what is wrong with it."""


@dataclass(slots=True)
class Rule:
    """One line of the script, with how often it has matched and what is left of it."""

    id: int
    operation: str
    behaviour: str
    times: int | None
    after: int
    contains: bytes
    chance: float
    parameters: dict[str, Any]
    dice: random.Random = field(repr=False)
    used: int = 0

    def number(self, name: str, default: float) -> float:
        return float(self.parameters.get(name, default))

    def status(self, default: int) -> int:
        return int(self.parameters.get("status", default))

    def text(self, name: str, default: str) -> str:
        return str(self.parameters.get(name, default))

    def stores(self, *, default: bool) -> bool:
        return bool(self.parameters.get("store", default))

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "operation": self.operation,
            "behaviour": self.behaviour,
            "times": self.times,
            "after": self.after,
            "contains": self.contains.decode(),
            "chance": self.chance,
            "used": self.used,
            **self.parameters,
        }


class Script:
    """The rules, in order. take() is safe from any thread and uses a rule up."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: list[Rule] = []
        self._made = 0
        self._released = threading.Event()

    @property
    def released(self) -> threading.Event:
        """The event that calls which wait or hang now shall watch; the next clear() sets it."""
        with self._lock:
            return self._released

    def add(self, wish: dict[str, Any]) -> Rule:
        """Append a rule. Raises BadRuleError."""
        behaviour = str(wish.get("behaviour", ""))
        if behaviour not in BEHAVIOURS:
            raise BadRuleError(f"behaviour {behaviour!r} finnes ikke; velg {', '.join(BEHAVIOURS)}")
        unknown = set(wish) - SELECTION - BEHAVIOURS[behaviour][1]
        if unknown:
            raise BadRuleError(f"{behaviour} kjenner ikke {', '.join(sorted(unknown))}")
        with self._lock:
            self._made += 1
            rule = _rule(self._made, behaviour, wish)
            self._rules.append(rule)
        return rule

    def take(self, operation: str, raw: bytes) -> Rule | None:
        """Return the rule for this call, and count it; None = all goes well."""
        with self._lock:
            for rule in self._rules:
                if _matches(rule, operation, raw) and rule.dice.random() < rule.chance:
                    if rule.after > 0:
                        rule.after -= 1
                        continue
                    rule.used += 1
                    if rule.times is not None:
                        rule.times -= 1
                    return rule
        return None

    def clear(self) -> None:
        """Forget all rules and let go whatever waits or hangs."""
        with self._lock:
            self._rules.clear()
            self._released.set()
            self._released = threading.Event()

    def rules(self) -> list[dict[str, Any]]:
        with self._lock:
            return [rule.as_json() for rule in self._rules]


def _rule(number: int, behaviour: str, wish: dict[str, Any]) -> Rule:
    operation = wish.get("operation") or (SMTP if behaviour.startswith("smtp_") else "*")
    times = wish.get("times")
    try:
        return Rule(
            id=number,
            operation=str(operation),
            behaviour=behaviour,
            times=None if times is None else int(times),
            after=int(wish.get("after") or 0),
            contains=str(wish.get("contains") or "").encode(),
            chance=float(wish.get("chance", 1.0)),
            parameters={name: value for name, value in wish.items() if name not in SELECTION},
            dice=random.Random(wish.get("seed", number)),  # noqa: S311 - it plays, it guards nothing
        )
    except (TypeError, ValueError) as error:
        raise BadRuleError(str(error)) from error


def _matches(rule: Rule, operation: str, raw: bytes) -> bool:
    if rule.times is not None and rule.times <= 0:
        return False
    if SMTP in {rule.operation, operation}:
        wanted = rule.operation == operation
    elif rule.operation in {"read", "write"}:
        wanted = operation.startswith(READS) == (rule.operation == "read")
    else:
        wanted = rule.operation in {"*", operation}
    return wanted and rule.contains in raw
