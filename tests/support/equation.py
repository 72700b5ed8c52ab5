"""The balance equation of promises.md 2.6, counted against the archive: the stand-in, which shows no mercy."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.balance import LETTERS, Balance, balance
from app.files.models import Picture, PictureState
from app.outbox.models import DeliveryState, OutboxDelivery, OutboxEvent
from app.parcels.models import ReportItem

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Equation:
    """Ours beside theirs. entries: journalposter with a key of ours; main, attached: their documents, H and V."""

    ours: Balance
    filed: int
    entries: int
    main: int
    attached: int
    cases: int
    faults: tuple[str, ...]

    def __str__(self) -> str:
        verdict = "går opp" if not self.faults else "GÅR IKKE OPP"
        return (
            f"{self.ours}. Arkivet: {self.entries} journalposter = {self.filed} arkivert, "
            f"{self.main} H, {self.attached} V, {self.cases} saker ({verdict})"
        )


def count(session: Session, state: Json, *, pictures: bool = False) -> Equation:
    """Count our rows against the archive's `state`. pictures: every ready picture must lie there as a V."""
    rows = session.scalars(select(OutboxDelivery).where(OutboxDelivery.job.in_(LETTERS))).all()
    letters = [row for row in rows if row.held_for is None]
    filed = {row.reference: row for row in letters if row.state == DeliveryState.FILED.value}
    entries = [entry for entry in state["entries"] if entry["key"]]
    documents = [(entry, document["role"]) for entry in entries for document in entry["documents"]]
    ours = balance(session)
    faults = [
        *([] if ours.adds_up else [f"regnskapet går ikke opp: {ours}"]),
        *_ours_and_theirs(filed, {row.reference for row in letters}, state),
        *_in_reports(session, [row for row in rows if row.held_for is not None], filed),
        *_documents(session, filed, entries, pictures=pictures),
    ]
    if sending := ours.by_state[DeliveryState.SENDING.value]:
        faults.append(f"{sending} leveringer sendes fortsatt")
    return Equation(
        ours=ours,
        filed=len(filed),
        entries=len(entries),
        main=sum(role == "H" for _, role in documents),
        attached=sum(role == "V" for _, role in documents),
        cases=len(state["cases"]),
        faults=tuple(faults),
    )


def _ours_and_theirs(filed: Mapping[str, OutboxDelivery], known: set[str], state: Json) -> list[str]:
    """At most one entry per reference, none that we do not know, and one for each that we call filed."""
    per_key: Mapping[str, int] = state["entries_per_key"]
    ids = {entry["key"]["key"]: entry["system_id"] for entry in state["entries"] if entry["key"]}
    twice = [key for key, there in per_key.items() if there > 1]
    lost = [reference for reference in filed if reference not in per_key]
    strangers = [key for key in per_key if key not in known]
    unconfirmed = [key for key in per_key if key in known and key not in filed]
    mistaken = [r for r, row in filed.items() if r in ids and row.external_id != ids[r]]
    cases_twice = [key for key, there in state["cases_per_key"].items() if there > 1]
    sentences = {
        f"{len(twice)} innspill ligger to ganger i arkivet": twice,
        f"{len(lost)} er merket som arkivert, men arkivet har dem ikke": lost,
        f"{len(strangers)} journalposter er ikke våre": strangers,
        f"{len(unconfirmed)} ligger i arkivet uten at vi vet det": unconfirmed,
        f"{len(mistaken)} har en annen id hos oss enn i arkivet": mistaken,
        f"{len(cases_twice)} saksmapper er opprettet to ganger": cases_twice,
        f"{len(state['invalid_answers'])} av øvingsarkivets svar var ugyldige": state["invalid_answers"],
    }
    return [sentence for sentence, found in sentences.items() if found]


def _in_reports(session: Session, held: list[OutboxDelivery], filed: Mapping[str, OutboxDelivery]) -> list[str]:
    """An input in a report is filed when that is, with its id in the archive, and only then."""
    letters = {
        UUID(event.payload["report_id"]): delivery
        for delivery, event in session.execute(
            select(OutboxDelivery, OutboxEvent)
            .join(OutboxEvent, OutboxEvent.id == OutboxDelivery.event_id)
            .where(OutboxDelivery.job == "file_report")
        )
    }
    report_of = {item.input_id: item.report_id for item in session.scalars(select(ReportItem))}
    faults = []
    for row in held:
        letter = letters.get(report_of.get(row.held_for) or row.held_for) if row.held_for else None
        there = letter is not None and letter.reference in filed
        if row.state == DeliveryState.FILED.value and (letter is None or not there):
            faults.append(f"{row.reference} er merket som arkivert, og samlerapporten er ikke det")
        if row.state == DeliveryState.WAITING.value and there:
            faults.append(f"{row.reference} venter, og samlerapporten er arkivert")
        if row.state == DeliveryState.FILED.value and letter is not None and row.external_id != letter.external_id:
            faults.append(f"{row.reference} har en annen id enn samlerapporten")
    return faults


def _documents(
    session: Session, filed: Mapping[str, OutboxDelivery], entries: list[Json], *, pictures: bool
) -> list[str]:
    """One H in every filed entry, no document twice, and all its pictures."""
    wanted = _pictures_by_reference(session, filed) if pictures else {}
    faults = []
    for entry in entries:
        key = entry["key"]["key"]
        if key not in filed:
            continue
        roles = Counter(document["role"] for document in entry["documents"])
        titles = Counter(document["title"] for document in entry["documents"])
        if roles["H"] != 1:
            faults.append(f"{key} har {roles['H']} hoveddokumenter")
        if any(there > 1 for there in titles.values()):
            faults.append(f"{key} har et dokument to ganger")
        if pictures and roles["V"] != wanted.get(key, 0):
            faults.append(f"{key} har {roles['V']} vedlegg og skal ha {wanted.get(key, 0)}")
    return faults


def _pictures_by_reference(session: Session, filed: Mapping[str, OutboxDelivery]) -> dict[str, int]:
    ready = session.execute(
        select(Picture.input_id, func.count())
        .where(Picture.state == PictureState.READY.value)
        .group_by(Picture.input_id)
    )
    by_input = {row[0]: row[1] for row in ready}
    events = {event.id: event for event in session.scalars(select(OutboxEvent))}
    in_report: Counter[UUID] = Counter()
    for item in session.scalars(select(ReportItem).where(ReportItem.report_id.is_not(None))):
        in_report[item.report_id] += by_input.get(item.input_id, 0)
    wanted = {"idea_submitted": ("idea_id", by_input), "report_collected": ("report_id", in_report)}
    found = {}
    for reference, row in filed.items():
        event = events[row.event_id]
        if event.kind in wanted:
            name, counts = wanted[event.kind]
            found[reference] = counts.get(UUID(event.payload[name]), 0)
    return found
