"""How this archive is set up: what real archives do differently from each other."""

from dataclasses import dataclass, fields, replace
from typing import Any, Literal, get_args, get_origin


@dataclass(frozen=True, slots=True)
class Switches:
    """Start values fit the program's own start values; a test turns one at a time.

    long_titles: what happens to a title over 255 letters. no_hit: how a search without hits ends. echo_key: whether
    answers hold our external key. journal_number_at_once: otherwise it comes when somebody presses Journalfør.
    both_case_references: NyJournalpost must name the case by number and by systemID. calls_kept: older log rows go.
    """

    long_titles: Literal["refuse", "cut"] = "refuse"
    no_hit: Literal["empty", "fault"] = "empty"
    demand_pdfa: bool = False
    demand_internal_part: bool = True
    demand_shielding_for_shielded_sender: bool = False
    echo_key: bool = True
    journal_number_at_once: bool = True
    both_case_references: bool = False
    max_request_mb: int = 40
    calls_kept: int = 5000

    def changed(self, wishes: dict[str, Any]) -> "Switches":
        """Return a copy with `wishes`. Raises ValueError, in words, for an unknown name or a wrong value."""
        for name, value in wishes.items():
            field = next((f for f in fields(self) if f.name == name), None)
            if field is None:
                raise ValueError(f"{name} is no switch; there are {', '.join(f.name for f in fields(self))}")
            if not _fits(field.type, value):
                raise ValueError(f"{name} cannot be {value!r}; it is {field.type}")
        return replace(self, **wishes)


def _fits(kind: object, value: object) -> bool:
    if get_origin(kind) is Literal:
        return value in get_args(kind)
    return isinstance(kind, type) and type(value) is kind
