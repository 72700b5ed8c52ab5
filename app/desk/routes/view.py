"""Which part of the inbox somebody looks at, as it stands in the address; and the page that shows it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from flask import request
from flask.typing import ResponseReturnValue

from app.accounts import query as accounts
from app.areas.query import areas
from app.core.oslo import OSLO
from app.core.text import clean_line
from app.desk import query
from app.desk.forms import (
    ANSWER_FORMS,
    AssignForm,
    BulkForm,
    DeskForm,
    DueForm,
    HideForm,
    NoteForm,
    ReplyForm,
    SaveFilterForm,
    StepForm,
)
from app.desk.kinds import KINDS
from app.desk.policy import READERS, may_answer, may_decide, may_place
from app.desk.query import PILES, Cursor, Deed, Handling, Inbox, Item, Pile, Wanted
from app.moderation import query as moderation
from app.moderation.policy.access import may_moderate
from app.outbox import query as outbox
from app.outbox.models import DeliveryState
from app.outbox.query import WAITS_FOR_A_PERSON
from app.parcels.models import Step
from app.parcels.query import LABELS
from app.web.context import current_actor, now
from app.web.extensions import session, settings
from app.web.htmx import respond
from app.web.language import gettext, number_text
from app.web.moments import day_text

CHANNEL = "archive"
LONGEST_SEARCH = 200
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
E = TypeVar("E", Pile, Step)
ON_ITS_WAY = (DeliveryState.WAITING.value, DeliveryState.SENDING.value)


def wanted() -> Wanted:
    """Return what the address asks for; what cannot be read of it is as if it were not there."""
    given = request.args
    slugs = {area.slug: area.id for area in areas(session(), with_closed=True)}
    back, after = _cursor(given.get("for", "")), _cursor(given.get("etter", ""))
    return Wanted(
        pile=_one_of(Pile, given.get("bunke", "")) or Pile.NEW,
        area_id=slugs.get(given.get("omrade", "")),
        kind=given.get("type", "") if given.get("type") in KINDS else "",
        step=_one_of(Step, given.get("steg", "")),
        handler_id=read_uuid(given.get("hos", "")),
        words=clean_line(given.get("sok", "")[:LONGEST_SEARCH]),
        cursor=replace(back, back=True) if back else after,
    )


def address_of(asked: Wanted, **changed: object) -> dict[str, Any]:
    """Return the arguments that lead to `asked`, with some of it changed; only what is not the usual is said."""
    asked = replace(asked, **changed)  # type: ignore[arg-type]
    slugs = {area.id: area.slug for area in areas(session(), with_closed=True)}
    said = {
        "bunke": "" if asked.pile is Pile.NEW else asked.pile.value,
        "omrade": slugs.get(asked.area_id, "") if asked.area_id else "",
        "type": asked.kind,
        "steg": asked.step.value if asked.step else "",
        "hos": str(asked.handler_id or ""),
        "sok": asked.words,
    }
    if asked.cursor is not None:
        said["for" if asked.cursor.back else "etter"] = cursor_text(asked.cursor)
    return {name: value for name, value in said.items() if value}


def cursor_text(cursor: Cursor) -> str:
    return f"{(cursor.at - _EPOCH) // _MICROSECOND}-{cursor.input_id.hex}"


def _cursor(text: str) -> Cursor | None:
    micros, _, hexed = text.partition("-")
    input_id = read_uuid(hexed)
    if input_id is None or not (micros.isascii() and micros.isdigit() and len(micros) < 18):  # noqa: PLR2004 - year 5138
        return None
    return Cursor(_EPOCH + int(micros) * _MICROSECOND, input_id)


def read_uuid(text: str) -> UUID | None:
    """Return the id that a text holds, or None."""
    try:
        return UUID(text)
    except ValueError:
        return None


def _one_of(kind: type[E], text: str) -> E | None:
    return next((one for one in kind if one.value == text), None)


def page(
    *,
    input_id: UUID | None = None,
    filled: DeskForm | None = None,
    found: Inbox | None = None,
    searched: str = "",
    email: str | None = None,
    changed: bool = False,
    say: str | None = None,
    status: int = 200,
) -> ResponseReturnValue:
    """Return the inbox, with one input beside it if `input_id` is given.

    filled: a form that goes back as it was typed; found: what a search gave, in place of what the address asks for, and
    searched: its words; email: the sender's, when it was asked for; changed: somebody else was faster.
    """
    asked, actor, moment, days = wanted(), current_actor(), now(), settings().answer_days
    box = found or query.inbox(session(), asked, actor=actor, now=moment, answer_days=days)
    item = None
    if input_id is not None:
        undo = settings().undo_seconds
        item = query.get_item(session(), input_id, actor=actor, now=moment, answer_days=days, undo_seconds=undo)
    return respond(
        "desk/inbox.html",
        status=status,
        say=say,
        asked=asked,
        args=address_of(asked),
        address_of=address_of,
        piles=PILES,
        counts=query.counters(session(), actor=actor, now=moment, answer_days=days),
        count_text=count_text,
        archive=_archive(),
        moderated=moderation.waiting_count(session(), actor=actor) if may_moderate(actor) else 0,
        box=box,
        kinds=KINDS,
        steps=LABELS,
        areas=areas(session(), with_closed=True),
        people=accounts.staff_at_work(session(), READERS),
        searched=searched or asked.words,
        is_found=found is not None,
        saved=query.saved_filters(session(), actor),
        many=_many(filled, may_decide=may_decide(actor)),
        bulks=query.unseen_bulks(session(), actor),
        save=filled if isinstance(filled, SaveFilterForm) else SaveFilterForm(formdata=None),
        pauses=outbox.pauses(session(), moment),
        late=outbox.waits_too_long(session(), CHANNEL, moment),
        item=item,
        forms=_forms(item, filled) if item else {},
        wrong=filled.name if filled is not None and filled.errors else "",
        around=_around(box, input_id),
        email=email,
        changed=changed,
        may_place=may_place(actor),
        may_decide=may_decide(actor),
        may_answer=may_answer(actor),
        said=said,
        now=moment,
    )


def _archive() -> Mapping[str, int]:
    """Return how many letters have not arrived, and how many of them wait for a person; counted to 101."""
    most = query.COUNTED_AT_MOST + 1
    waits = outbox.at_most(session(), CHANNEL, (*ON_ITS_WAY, *WAITS_FOR_A_PERSON), most)
    return {"waits": waits, "stopped": outbox.at_most(session(), CHANNEL, WAITS_FOR_A_PERSON, most)}


def count_text(count: int) -> str:
    """Return a count as it is shown: what lies beyond a hundred is not counted, «100+»."""
    return number_text(count) if count <= query.COUNTED_AT_MOST else f"{query.COUNTED_AT_MOST}+"


def _forms(item: Item, filled: DeskForm | None) -> Mapping[str, DeskForm]:
    """Return the forms for one input, filled with how it stands; the one that was typed in goes back as it is."""
    handling = item.handling
    due = handling.due_at.astimezone(OSLO).date() if handling.due_at and handling.due_by_hand else None
    has_it = f"gruppe:{handling.group_id}" if handling.group_id else str(handling.handler_id or "")
    made: dict[str, DeskForm] = {
        "assign": AssignForm(formdata=None, data={"who": has_it}),
        "due": DueForm(formdata=None, data={"day": due}),
        "step": StepForm(formdata=None),
        "note": NoteForm(formdata=None),
        "answer": ANSWER_FORMS[handling.kind.name](formdata=None),
        "hide": HideForm(formdata=None),
    }
    if filled is not None and filled.name in made:
        made[filled.name] = filled
    for form in made.values():
        offer(form, handling)
    return made


def offer(form: DeskForm, handling: Handling) -> None:
    """Set what can be chosen in a form."""
    if isinstance(form, AssignForm):
        form.offer(accounts.staff_at_work(session(), READERS), areas(session()), current_actor())
    elif isinstance(form, StepForm):
        form.offer(handling.step, handling.kind.steps)
    elif isinstance(form, ReplyForm):
        form.offer(query.templates(session()))


def _many(filled: DeskForm | None, *, may_decide: bool) -> BulkForm:
    form = filled if isinstance(filled, BulkForm) else BulkForm(formdata=None)
    offer_bulk(form, may_decide)
    return form


def offer_bulk(form: BulkForm, may_decide: bool) -> None:
    """Set what can be done to many."""
    form.offer(accounts.staff_at_work(session(), READERS), areas(session()), may_decide=may_decide)


def _around(box: Inbox, input_id: UUID | None) -> Mapping[str, UUID]:
    """Return the inputs before and after this one in the list; after one that has left it comes the first."""
    ids = [line.id for line in box.lines]
    if input_id not in ids:
        return {"next": ids[0]} if ids and input_id else {}
    place = ids.index(input_id)
    found = {"previous": ids[place - 1]} if place else {}
    return found | ({"next": ids[place + 1]} if place + 1 < len(ids) else {})


def said(deed: Deed) -> str:
    """Return what happened as a sentence in the page's language."""
    values = {name: day_text(one, now()) if isinstance(one, datetime) else gettext(one) for name, one in
              deed.values.items() if one != ""}  # fmt: skip
    return gettext(deed.said, **{**dict.fromkeys(deed.values, ""), **values})
