"""Does it add up? Every input has its delivery, every delivery is somewhere: flask check."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import and_, func, or_, select, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.cases.models import CaseFiling, CaseFolder
from app.comments.models import Comment, CommentCorrection
from app.core import postgresql, sqlite
from app.files.cleaning import draws_unfenced
from app.files.models import Picture, PictureState
from app.files.service import KEPT_AT_MOST
from app.files.store import picture_store
from app.ideas.models import Correction, Idea, Support
from app.outbox import query as outbox
from app.outbox import watermark
from app.outbox.models import DeliveryAttempt, DeliveryState, OutboxDelivery, OutboxEvent
from app.parcels.models import ArchiveReport, Parcel, ReportItem, StepChange
from app.processes.models import Process
from app.settings import Settings
from app.web.extensions import db

# What a citizen sends, with the fact that tells of it, and where that fact names it.
INPUTS: Mapping[str, tuple[InstrumentedAttribute[UUID], str]] = {
    "idea_submitted": (Idea.id, "idea_id"),
    "comment_submitted": (Comment.id, "comment_id"),
    "idea_corrected": (Correction.id, "correction_id"),
    "comment_corrected": (CommentCorrection.id, "correction_id"),
}
# The jobs whose deliveries are letters; other jobs of the channel only ask.
LETTERS = ("forward_case", "file_report")
SLOW_ROUTING = timedelta(minutes=1)
SLOW_REPORT = timedelta(hours=1)
TIDIED_WITHIN = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Balance:
    """The equation of promises.md 2.6. inputs: what has a receipt; deliveries: to the archive, by state.

    held: how many of those that wait do so for a report.
    """

    inputs: int
    first_deliveries: int
    unrouted: int
    by_state: dict[str, int]
    held: int = 0

    @property
    def adds_up(self) -> bool:
        return self.inputs == self.first_deliveries + self.unrouted

    def __str__(self) -> str:
        states = " + ".join(f"{state} {count}" for state, count in self.by_state.items())
        verdict = "går opp" if self.adds_up else "GÅR IKKE OPP"
        return (
            f"Innspill {self.inputs} = leveringer {self.first_deliveries} + underveis {self.unrouted} ({verdict}). "
            f"Alle leveringer til arkivet {sum(self.by_state.values())} = {states}"
            + (f" ({self.held} venter på samlerapport)" if self.held else "")
        )


def balance(session: Session) -> Balance:
    """Count inputs and their deliveries to the archive."""
    submitted = OutboxEvent.kind.in_(INPUTS)
    inputs = sum(_count(session, select(ids)) for ids, _ in INPUTS.values())
    first = session.scalar(
        select(func.count())
        .select_from(OutboxDelivery)
        .join(OutboxEvent, OutboxEvent.id == OutboxDelivery.event_id)
        .where(submitted, OutboxDelivery.channel == "archive")
    )
    unrouted = session.scalar(
        select(func.count()).select_from(OutboxEvent).where(submitted, OutboxEvent.routed_at.is_(None))
    )
    by_state = dict(outbox.counts(session, "archive", jobs=LETTERS))
    return Balance(inputs, first or 0, unrouted or 0, by_state, outbox.held_count(session, by_state["waiting"] or 1))


def faults(session: Session, settings: Settings, now: datetime) -> list[str]:
    """Return a sentence for each thing that is wrong, for the person who runs it; empty when all is well."""
    counted = balance(session)
    found = [] if counted.adds_up else [f"Regnskapet går ikke opp: {counted}"]
    if watermark.is_behind(session, settings.instance):
        found.append("Databasen er eldre enn den var, så ingenting blir sendt. Kjør flask restore --by-hand.")
    found += _unmatched(session)
    found += _lost(session)
    found += _stuck(session, now, settings)
    found += _doubles(session)
    found += _reported(session, now)
    found += _pictures(session, settings)
    found += _left_files(settings, now)
    return found


def _unmatched(session: Session) -> list[str]:
    """Match inputs and deliveries one by one: where one is lost and another doubled, the sums still add up."""
    submitted = session.scalars(select(OutboxEvent).where(OutboxEvent.kind.in_(INPUTS))).all()
    of_event = dict.fromkeys((event.id for event in submitted), 0)
    deliveries = select(OutboxDelivery.event_id).where(OutboxDelivery.channel == "archive")
    for event_id in session.scalars(deliveries):
        if event_id in of_event:
            of_event[event_id] += 1
    of_input: Counter[UUID] = Counter()
    for event in submitted:
        named = UUID(event.payload[INPUTS[event.kind][1]])
        of_input[named] += of_event[event.id] if event.routed_at is not None else 1
    inputs = {input_id for ids, _ in INPUTS.values() for input_id in session.scalars(select(ids))}
    sentences = {
        "%d innspill har ingen levering til arkivet.": sum(of_input[input_id] == 0 for input_id in inputs),
        "%d innspill har mer enn én levering til arkivet.": sum(of_input[input_id] > 1 for input_id in inputs),
        "%d hendelser handler om innspill som ikke finnes.": sum(input_id not in inputs for input_id in of_input),
    }
    return [sentence % count for sentence, count in sentences.items() if count]


def _lost(session: Session) -> list[str]:
    """What should hang together and does not."""
    parcels = select(Parcel.input_id)
    without_parcel = sum(_count(session, select(ids).where(ids.not_in(parcels))) for ids, _ in INPUTS.values())
    without_step = _count(
        session,
        select(Parcel.input_id).where(
            ~select(StepChange.id)
            .where(StepChange.input_id == Parcel.input_id, StepChange.step == Parcel.step)
            .exists()
        ),
    )
    filed_without = _count(
        session,
        select(OutboxDelivery.id).where(
            OutboxDelivery.channel == "archive",
            OutboxDelivery.job == "forward_case",
            OutboxDelivery.state == DeliveryState.FILED.value,
            OutboxDelivery.reference.not_in(select(CaseFiling.reference)),
            OutboxDelivery.external_id.is_(None),
        ),
    )
    attempted = _count(
        session,
        select(OutboxDelivery.id).where(
            OutboxDelivery.attempts > 0,
            ~select(DeliveryAttempt.id).where(DeliveryAttempt.delivery_id == OutboxDelivery.id).exists(),
        ),
    )
    sentences = {
        "%d innspill har ingen pakke: den som sendte, ser ikke hvor det er.": without_parcel,
        "%d pakker står på et steg som ikke er skrevet ned.": without_step,
        "%d leveringer er merket som arkivert uten saksnummer.": filed_without,
        "%d leveringer er prøvd uten at forsøket er skrevet ned.": attempted,
    }
    return [sentence % count for sentence, count in sentences.items() if count]


def _stuck(session: Session, now: datetime, settings: Settings) -> list[str]:
    lease = timedelta(seconds=settings.lease_seconds)
    leased = _count(
        session,
        select(OutboxDelivery.id).where(
            OutboxDelivery.state == DeliveryState.SENDING.value,
            or_(OutboxDelivery.lease_until < now - lease, OutboxDelivery.lease_until > now + 2 * lease),
        ),
    )
    unrouted = _count(
        session,
        select(OutboxEvent.id).where(OutboxEvent.routed_at.is_(None), OutboxEvent.recorded_at < now - SLOW_ROUTING),
    )
    stopped = outbox.counts(session, "archive", jobs=LETTERS)
    waits = stopped[DeliveryState.STOPPED.value] + stopped[DeliveryState.UNCLEAR.value]
    found = []
    if leased:
        found.append(f"{leased} leveringer er lånt ut til en prosess som ikke finnes lenger.")
    if unrouted:
        found.append(f"{unrouted} hendelser har ventet mer enn ett minutt på relay.")
    if outbox.waits_too_long(session, "archive", now):
        found.append("Den eldste leveringen til arkivet har ventet i fire timer.")
    if waits:
        found.append(f"{waits} leveringer til arkivet venter på et menneske: se arbeidsflata.")
    found += [f"{pause.scope} har pause: {pause.reason}" for pause in outbox.pauses(session, now)]
    return found


def _doubles(session: Session) -> list[str]:
    twice = _count(
        session,
        select(CaseFiling.input_id)
        .where(CaseFiling.kind == "incoming")
        .group_by(CaseFiling.input_id)
        .having(func.count() > 1),
    )
    folders = _count(
        session,
        select(CaseFolder.case_number)
        .where(CaseFolder.case_number.is_not(None))
        .group_by(CaseFolder.case_number)
        .having(func.count() > 1),
    )
    support = _count(
        session,
        select(Idea.id)
        .outerjoin(Support, Support.idea_id == Idea.id)
        .group_by(Idea.id, Idea.support_count)
        .having(func.count(Support.id) != Idea.support_count),
    )
    sentences = {
        "%d innspill er arkivert to ganger.": twice,
        "%d saksnummer brukes av to mapper.": folders,
        "%d idéer har et annet tall enn de har støtter.": support,
    }
    return [sentence % count for sentence, count in sentences.items() if count]


def _reported(session: Session, now: datetime) -> list[str]:
    """What goes to the archive in reports: each input in one, and filed when that is."""
    held = OutboxDelivery.held_for == ReportItem.input_id
    waits, filed = (OutboxDelivery.state == state.value for state in (DeliveryState.WAITING, DeliveryState.FILED))
    in_archive = select(CaseFiling.id).where(CaseFiling.input_id == ReportItem.report_id).exists()
    alone = select(CaseFiling.id).where(CaseFiling.input_id == ReportItem.input_id, CaseFiling.kind == "incoming")
    items = select(ReportItem.input_id)
    missing = and_(ReportItem.report_id.is_(None), ReportItem.due_at < now - SLOW_REPORT)
    is_held = OutboxDelivery.held_for.is_not(None)
    lost = select(OutboxDelivery.id).where(is_held, OutboxDelivery.held_for.not_in(items), waits)
    reports = _count(session, select(ArchiveReport.id))
    letters = _count(session, select(OutboxDelivery.id).where(OutboxDelivery.job == "file_report"))
    letters += _count(
        session, select(OutboxEvent.id).where(OutboxEvent.kind == "report_collected", OutboxEvent.routed_at.is_(None))
    )
    sentences = {
        "%d innspill skulle vært i en samlerapport.": _count(session, items.where(missing)),
        "%d innspill venter på en samlerapport som aldri kommer.": _count(session, lost),
        "%d innspill venter, og samlerapporten deres er arkivert.": _count(
            session, items.join(OutboxDelivery, held).where(waits, in_archive)
        ),
        "%d innspill er merket som arkivert, og samlerapporten deres er ikke det.": _count(
            session, items.join(OutboxDelivery, held).where(filed, ~in_archive)
        ),
        "%d innspill er arkivert både alene og i en samlerapport.": _count(session, items.where(alone.exists())),
        "%d samlerapporter har ingen eller flere leveringer.": abs(reports - letters),
    }
    return [sentence % count for sentence, count in sentences.items() if count]


def _pictures(session: Session, settings: Settings) -> list[str]:
    store = picture_store(settings)
    waiting = session.scalars(select(Picture.original_name).where(Picture.state == PictureState.WAITING.value))
    ready = session.scalars(select(Picture.id).where(Picture.state == PictureState.READY.value))
    lost = sum(not store.original(name).exists() for name in waiting)
    lost += sum(not store.redrawn(picture_id, "page.webp").exists() for picture_id in ready)
    owned = union_all(select(Idea.id), select(Process.id))
    orphans = _count(session, select(Picture.id).where(and_(Picture.input_id.not_in(owned), Picture.public)))
    found = [f"{lost} bilder mangler på disken."] if lost else []
    return [*found, f"{orphans} bilder hører ikke til noe."] if orphans else found


def _left_files(settings: Settings, now: datetime) -> list[str]:
    """The reconciler removes what nobody needs after a day, once an hour."""
    oldest = (now - KEPT_AT_MOST - TIDIED_WITHIN).timestamp()
    folder = picture_store(settings).quarantine
    left = sum(_is_older(path, oldest) for path in folder.iterdir()) if folder.is_dir() else 0
    return [f"{left} filer i karantene skulle vært borte."] if left else []


def _is_older(path: Path, moment: float) -> bool:
    try:
        return path.lstat().st_mtime < moment
    except FileNotFoundError:  # it went while we looked
        return False


def _count(session: Session, query) -> int:  # type: ignore[no-untyped-def]  # noqa: ANN001
    return session.scalar(select(func.count()).select_from(query.subquery())) or 0


@click.command("check")
@with_appcontext
def check() -> None:
    """Tell whether all is well; exit 1 when something is not."""
    from app.web.context import now  # noqa: PLC0415

    settings: Settings = current_app.extensions["lab_settings"]
    with Session(db.engine) as session:
        click.echo(str(balance(session)))
        found: Sequence[str] = [
            *sqlite.faults(db.engine),
            *postgresql.faults(db.engine),
            *faults(session, settings, now()),
        ]
    if draws_unfenced(settings.photo_isolation):
        click.echo("OBS   Bilder tegnes på nytt uten sperre mot nettet. I produksjon må noen ha sagt ja til det.")
    for sentence in found:
        click.echo(f"FEIL  {sentence}")
    if found:
        raise SystemExit(1)
    click.echo("OK    Alt er i orden.")
