"""R20: `flask check` finds what is wrong. Each fault is planted in a house where all was well, and must be told."""

import os
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.cases.models import CaseFiling
from app.core.actor import Actor
from app.files.models import Picture, PictureState
from app.files.store import make_folder, picture_store
from app.ideas.models import Idea, Support
from app.outbox import watermark
from app.outbox.models import DeliveryAttempt, DeliveryState, OutboxDelivery, OutboxEvent
from app.outbox.service import new_reference
from app.parcels import service as parcels
from app.parcels.models import Follow, Parcel, ReportItem, StepChange
from app.settings import Settings
from tests.support.background import Background
from tests.support.comments import make_comment
from tests.support.ideas import make_idea

LONG_AGO = timedelta(days=2)


class House:
    """Three ideas on their way: one filed, one waiting, one without its deliveries yet; and a comment. All adds up."""

    def __init__(self, session: Session, settings: Settings, actor: Actor, now: datetime) -> None:
        self.session, self.settings, self.now = session, settings, now
        self.filed = make_idea(session, settings, actor=actor, now=now, title="Arkivert").id
        self.waiting = make_idea(session, settings, actor=actor, now=now, title="På vei").id
        Background(session.get_bind(), settings, now).route()
        self.fresh = make_idea(session, settings, actor=actor, now=now, title="Ny").id
        self._file(self.filed)
        make_comment(session, session.get_one(Idea, self.filed), actor=actor, now=now)
        session.commit()

    def delivery(self, idea_id: UUID) -> OutboxDelivery:
        """Return the delivery of an idea to the archive."""
        events = [e.id for e in self.session.scalars(select(OutboxEvent)) if e.payload.get("idea_id") == str(idea_id)]
        query = select(OutboxDelivery).where(OutboxDelivery.event_id.in_(events), OutboxDelivery.channel == "archive")
        return self.session.scalars(query).one()

    def event(self, idea_id: UUID) -> OutboxEvent:
        return next(e for e in self.session.scalars(select(OutboxEvent)) if e.payload.get("idea_id") == str(idea_id))

    def _file(self, idea_id: UUID) -> None:
        delivery = self.delivery(idea_id)
        delivery.state, delivery.attempts, delivery.external_id = DeliveryState.FILED.value, 1, "5001"
        delivery.ended_at = self.now
        self.session.add(DeliveryAttempt(delivery_id=delivery.id, attempt=1, at=self.now, outcome="filed"))
        self.session.add(self.filing(idea_id, delivery.reference))

    def filing(self, idea_id: UUID, reference: str) -> CaseFiling:
        return CaseFiling(
            id=uuid4(), input_id=idea_id, reference=reference, kind="incoming", case_number="2026/211",
            system_id="5001", filed_at=self.now, as_of=self.now, news_at=self.now, next_poll_at=self.now + LONG_AGO,
        )  # fmt: skip


def lost_row(house: House) -> None:
    house.session.execute(delete(OutboxEvent).where(OutboxEvent.id == house.event(house.fresh).id))


def lost_delivery(house: House) -> None:
    house.session.delete(house.delivery(house.waiting))


def lost_and_doubled(house: House) -> None:
    """One input has no delivery and another has two: a mere count would not see it."""
    lost, kept = house.delivery(house.waiting), house.delivery(house.filed)
    lost.event_id, lost.recipient = kept.event_id, "archive-2"


def double_case(house: House) -> None:
    house.session.add(house.filing(house.filed, new_reference()))


def filed_without_number(house: House) -> None:
    house.session.execute(delete(CaseFiling))
    house.delivery(house.filed).external_id = None


def stuck_lease(house: House) -> None:
    delivery = house.delivery(house.waiting)
    delivery.state, delivery.lease_until, delivery.lease_owner = "sending", house.now - LONG_AGO, "somebody-1-x"


def forgotten_event(house: House) -> None:
    house.event(house.fresh).recorded_at = house.now - timedelta(minutes=5)


def missing_attempt(house: House) -> None:
    house.session.execute(delete(DeliveryAttempt))


def missing_step(house: House) -> None:
    house.session.execute(delete(StepChange).where(StepChange.input_id == house.waiting))


def missing_parcel(house: House) -> None:
    house.session.execute(delete(StepChange).where(StepChange.input_id == house.waiting))
    house.session.execute(delete(Follow).where(Follow.input_id == house.waiting))
    house.session.execute(delete(Parcel).where(Parcel.input_id == house.waiting))


def picture(house: House, input_id: UUID, **more: object) -> Picture:
    return Picture(
        id=uuid4(), input_id=input_id, position=1, original_name=uuid4().hex, width=8, height=8, sha256=bytes(32),
        public=True, created_at=house.now, **more,
    )  # fmt: skip


def orphan_photo(house: House) -> None:
    """A picture whose input is gone; its own file is there."""
    store = picture_store(house.settings)
    made = picture(house, uuid4())
    make_folder(store.quarantine)
    store.original(made.original_name).write_bytes(b"x")
    house.session.add(made)


def lost_photo(house: House) -> None:
    house.session.add(picture(house, house.filed, state=PictureState.READY.value, cleaned_at=house.now))


def orphan_file(house: House) -> None:
    """A file in quarantine that nobody has asked for in two days."""
    store = picture_store(house.settings)
    make_folder(store.quarantine)
    path = store.original(uuid4().hex)
    path.write_bytes(b"x")
    old = (house.now - LONG_AGO).timestamp()
    os.utime(path, (old, old))


def wrong_count(house: House) -> None:
    house.session.execute(update(Idea).where(Idea.id == house.filed).values(support_count=3))
    house.session.add(Support(id=uuid4(), idea_id=house.filed, device_key=bytes(32), at=house.now))


def dead_letter(house: House) -> None:
    delivery = house.delivery(house.waiting)
    delivery.state, delivery.stop_reason, delivery.ended_at = "stoppet", "Brevet er for stort.", house.now


def lost_comment(house: House) -> None:
    """A comment that has its receipt, and whose fact is gone."""
    house.session.execute(delete(OutboxEvent).where(OutboxEvent.kind == "comment_submitted"))


def put_back_by_hand(house: House) -> None:
    """Somebody has laid an older copy in the place of the database."""
    (house.settings.instance / watermark.FILE).write_text("1000000\n")


def hold(house: House, idea_id: UUID, *, late: timedelta = -LONG_AGO) -> ReportItem:
    """Let an idea go to the archive in a report that should have been made so long ago."""
    process_id = house.session.get_one(Idea, idea_id).process_id
    item = ReportItem(input_id=idea_id, process_id=process_id, due_at=house.now - late)
    house.session.add(item)
    house.delivery(idea_id).held_for = idea_id
    house.session.flush()
    return item


def late_report(house: House) -> None:
    hold(house, house.waiting, late=timedelta(hours=2))


def held_for_nothing(house: House) -> None:
    house.delivery(house.waiting).held_for = house.waiting


def alone_and_in_a_report(house: House) -> None:
    hold(house, house.filed)


def waits_for_a_filed_report(house: House) -> None:
    item = hold(house, house.waiting)
    report_id = parcels.make_report(house.session, item.process_id, [house.waiting], part=1, parts=1, now=house.now)
    filing = house.filing(report_id, new_reference())
    filing.kind = "internal"
    house.session.add(filing)


def report_without_delivery(house: House) -> None:
    item = hold(house, house.waiting)
    parcels.make_report(house.session, item.process_id, [house.waiting], part=1, parts=1, now=house.now)
    house.session.execute(delete(OutboxEvent).where(OutboxEvent.kind == "report_collected"))


FAULTS: dict[Callable[[House], None], str] = {
    lost_comment: "innspill har ingen levering",
    lost_row: "går ikke opp",
    lost_delivery: "går ikke opp",
    lost_and_doubled: "innspill har ingen levering",
    double_case: "arkivert to ganger",
    filed_without_number: "uten saksnummer",
    stuck_lease: "lånt ut",
    forgotten_event: "ventet mer enn ett minutt",
    missing_attempt: "uten at forsøket er skrevet ned",
    missing_step: "ikke er skrevet ned",
    missing_parcel: "ingen pakke",
    orphan_photo: "hører ikke til noe",
    lost_photo: "mangler på disken",
    orphan_file: "filer i karantene",
    wrong_count: "annet tall enn de har støtter",
    dead_letter: "venter på et menneske",
    put_back_by_hand: "eldre enn den var",
    late_report: "skulle vært i en samlerapport",
    held_for_nothing: "samlerapport som aldri kommer",
    alone_and_in_a_report: "både alene og i en samlerapport",
    waits_for_a_filed_report: "samlerapporten deres er arkivert",
    report_without_delivery: "samlerapporter har ingen eller flere leveringer",
}


@pytest.mark.parametrize("plant", FAULTS, ids=lambda plant: plant.__name__)
def test_flask_check_tells_what_is_wrong(
    app: Flask, house: House, plant: Callable[[House], None], record_property: Callable[[str, object], None]
) -> None:
    plant(house)
    house.session.commit()

    ended, said = check(app)

    assert ended == 1, f"R20: {plant.__name__} was not found: {said}"
    assert FAULTS[plant] in said, f"R20: {plant.__name__} is not told: {said}"
    assert said.startswith("Innspill 4 = "), f"R20: the equation is not printed: {said}"
    record_property("equation", f"R20: {plant.__name__}: {said.splitlines()[-1]}")


def test_flask_check_says_that_all_is_well_when_it_is(app: Flask, house: House) -> None:
    ended, said = check(app)

    assert (ended, "Alt er i orden" in said) == (0, True), f"R20: {said}"


def check(app: Flask) -> tuple[int, str]:
    result = app.test_cli_runner().invoke(args=["check"])
    return result.exit_code, result.output


@pytest.fixture
def house(session: Session, settings: Settings, kari: Actor, now: datetime) -> House:
    for left in picture_store(settings).quarantine.glob("*"):
        left.unlink()
    return House(session, settings, kari, now)
