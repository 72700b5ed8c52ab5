"""The map of what is somebody's: for how long each class is kept, and what is left of a row afterwards.

It is read from the tags of the columns (`app.core.db.column`). A new table with a "person" column needs a line in
RULES; until it has one, tests/architecture/test_personal_data.py fails.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any
from uuid import uuid4

from sqlalchemy import Column, ColumnElement, LargeBinary, String, Table, and_, func, not_, or_, select, true

from app.core.actor import Actor
from app.core.db import Model
from app.outbox.models import DeliveryState, OutboxDelivery
from app.personal.models import OwnFile

# Stands where a name or a key had to stand: random, the same for nobody, and told apart from a real one by its length.
NOBODY_BYTES = 16
NOBODY_TEXT = "slettet-"
# Stands where somebody had to write something, and has it erased.
ERASED_TEXT = "Slettet"
# One device or one account has to stand in each row, since each is counted once: nobody's random mark takes its place.
COUNTED = frozenset({"supports"})

# Columns that say whose a row is. A participant in any other column is only mentioned there.
OWNERS = frozenset({"device_key", "participant_id", "author_id"})
# Columns that say on which input a row hangs, where no foreign key does.
BELONGS = frozenset({"input_id"})
# Names of other people that stand in somebody's rows: they are not in the file with one's own data.
OTHERS = frozenset({"decided_name"})
# Parts of an input, whichever phone they came from.
PARTS = frozenset({"pictures"})


class End(Enum):
    """What becomes of a row: it goes, or it stays without who, or without who and without their words."""

    GONE = "gone"
    NAMELESS = "nameless"
    EMPTIED = "emptied"


@dataclass(frozen=True, slots=True)
class Rule:
    """How long rows of one table are kept as they are.

    name: the class, as in the log. since: from when the days are counted; NULL there means that they are not yet. days:
    the name of the setting. only: which rows it is about.
    """

    name: str
    table: str
    since: Callable[[Table], ColumnElement[Any]]
    days: str
    end: End
    only: Callable[[Table], ColumnElement[bool]] = lambda _table: true()


# What becomes of a row when its owner asks to be erased, where that is another end than its rule's. None: it stays as
# it is. What the municipality has answered is its own; supports stay counted; the wish itself is ended by who does it.
ERASED: Mapping[str, End | None] = {
    "pictures": End.GONE,
    "sealed_letters": End.GONE,
    "supports": End.NAMELESS,
    "replies": End.NAMELESS,
    "status_changes": None,
    "erasures": None,
}


def _at(name: str) -> Callable[[Table], ColumnElement[Any]]:
    return lambda table: table.c[name]


def _settled_at(table: Table) -> ColumnElement[Any]:
    """When the delivery of a sealed letter ended; what still waits, also for a person, has not."""
    ended = (DeliveryState.FILED.value, DeliveryState.ACCEPTED.value, DeliveryState.NEVER.value)
    delivery = select(func.max(OutboxDelivery.ended_at)).where(
        OutboxDelivery.reference == table.c.reference, OutboxDelivery.state.in_(ended)
    )
    return delivery.scalar_subquery()


def _account_closed_at(table: Table) -> ColumnElement[Any]:
    """When the account was closed that this leads to; NULL while it is open."""
    accounts = table_named("participants")
    return select(accounts.c.closed_at).where(accounts.c.id == table.c.participant_id).scalar_subquery()


def _last_heard(table: Table) -> ColumnElement[Any]:
    return func.coalesce(table.c.last_accepted_at, table.c.created_at)


RULES: Sequence[Rule] = (
    Rule("codes", "sign_in_codes", _at("made_at"), "keep_codes_days", End.GONE),
    Rule("sign_ins", "sign_ins", _at("ends_at"), "keep_codes_days", End.GONE),
    Rule("identities", "provider_identities", _account_closed_at, "keep_accounts_days", End.GONE),
    Rule("passkeys", "passkeys", _account_closed_at, "keep_accounts_days", End.GONE),
    Rule("accounts", "participants", _at("closed_at"), "keep_accounts_days", End.NAMELESS),
    Rule("inputs", "ideas", _at("submitted_at"), "keep_inputs_days", End.NAMELESS),
    Rule("comments", "comments", _at("submitted_at"), "keep_inputs_days", End.NAMELESS),
    Rule("reports", "reports", _at("handled_at"), "keep_letters_days", End.GONE),
    Rule("pictures", "pictures", _at("created_at"), "keep_inputs_days", End.NAMELESS),
    Rule("supports", "supports", _at("at"), "keep_inputs_days", End.NAMELESS),
    Rule("follows", "follows", _at("since"), "keep_inputs_days", End.GONE),
    Rule("replies", "replies", _at("answered_at"), "keep_inputs_days", End.NAMELESS),
    Rule("letters", "sealed_letters", _settled_at, "keep_letters_days", End.EMPTIED),
    Rule("dead_phones", "push_subscriptions", _at("gone_at"), "keep_push_days", End.GONE),
    Rule("silent_phones", "push_subscriptions", _last_heard, "keep_inputs_days", End.GONE),
    Rule("push_log", "push_log", _at("at"), "keep_push_days", End.GONE),
    Rule("own_files", "own_files", _at("asked_at"), "keep_files_days", End.GONE),
    Rule("erasures", "erasures", _at("done_at"), "keep_letters_days", End.GONE),
    Rule("process_follows", "process_follows", _at("since"), "keep_inputs_days", End.GONE),
    Rule("notice_choices", "notice_choices", _at("chosen_at"), "keep_inputs_days", End.GONE),
    Rule("notices_read", "notices_read", _at("read_at"), "keep_inputs_days", End.GONE),
    Rule("moderation", "moderation_items", _at("decided_at"), "keep_inputs_days", End.NAMELESS),
)


def may_fetch(actor: Actor, file: OwnFile) -> bool:
    """Open what was asked for while signed in: only the same account, signed in. Else: the device that asked."""
    if file.participant_id is not None:
        return actor.participant_id == file.participant_id
    return actor.device_key is not None and actor.device_key == file.device_key


def tagged(table: Table, *tags: str) -> Sequence[Column[Any]]:
    """Return the columns of these classes of data, in the order of the table."""
    return [column for column in table.columns if column.info.get("data") in tags]


def table_named(name: str) -> Table:
    return Model.metadata.tables[name]


def without_a_rule() -> Sequence[str]:
    """Return the "person" columns that would be kept for ever, as table.column.

    One that only points at an account says nothing of its own: when the account is emptied, it points at nobody.
    """
    ruled = {rule.table for rule in RULES}
    tables = [table for table in Model.metadata.sorted_tables if table.name not in ruled]
    found = [(table, column) for table in tables for column in tagged(table, "person")]
    return [f"{table.name}.{column.name}" for table, column in found if not _is_account(column)]


def _is_account(column: Column[Any]) -> bool:
    return any(key.column.table.name == "participants" for key in column.foreign_keys)


def end_when_erased(table: Table) -> End | None:
    """Return what becomes of the owner's rows when they ask to be erased: by default their words go too."""
    if table.name in ERASED:
        return ERASED[table.name]
    ends = {rule.end for rule in RULES if rule.table == table.name}
    return End.GONE if End.GONE in ends else End.EMPTIED


def may_erase(actor: Actor) -> bool:
    """Ask to be erased: citizens. Staff cannot wipe out who did what for the municipality; their account is closed."""
    return not actor.is_staff


def emptied_columns(table: Table, end: End) -> Sequence[Column[Any]]:
    """Return what is emptied. Who wrote a row that must have a writer stays: that account is emptied itself."""
    tags = ("person",) if end is End.NAMELESS else ("person", "content")
    return [column for column in tagged(table, *tags) if column.nullable or not column.foreign_keys]


def empty_value(column: Column[Any]) -> object:
    """Return what stands in a column when nobody does: nothing, or a random mark where something must."""
    if isinstance(column.type, LargeBinary):
        return secrets.token_bytes(NOBODY_BYTES) if _must_differ(column) else None if column.nullable else b""
    if column.nullable:
        return None
    if isinstance(column.type, String):
        return f"{NOBODY_TEXT}{uuid4().hex}" if column.unique else "" if column.default is not None else ERASED_TEXT
    raise TypeError(f"{column} is tagged as somebody's, and nothing can stand in its place")


def still_says(column: Column[Any]) -> ColumnElement[bool]:
    """Tell of a row whether it still says something there."""
    if isinstance(column.type, LargeBinary) and _must_differ(column):
        return and_(column.is_not(None), func.length(column) != NOBODY_BYTES)
    if column.nullable:
        return column.is_not(None)
    if isinstance(column.type, LargeBinary):
        return func.length(column) > 0
    if column.unique:
        return not_(column.startswith(NOBODY_TEXT))
    return column.not_in(["", ERASED_TEXT])


def something_left(table: Table, end: End) -> ColumnElement[bool]:
    """Tell of a row whether there is anything to empty."""
    return or_(*(still_says(column) for column in emptied_columns(table, end)))


def empty_row(table: Table, end: End) -> Mapping[str, object]:
    """Return the values of one emptied row; random marks are new each time."""
    return {column.name: empty_value(column) for column in emptied_columns(table, end)}


def _must_differ(column: Column[Any]) -> bool:
    counted = column.table.name in COUNTED and column.name == "device_key"
    return counted or (bool(column.unique) and not column.nullable)
