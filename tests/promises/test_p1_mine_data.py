"""P1: «Hent mine data» holds every mark of who asks, and none of anybody else's. Four people, each twice at once."""

import io
import json
import zipfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid4

import pytest
from PIL import Image
from sqlalchemy.orm import Session

from app.accounts.service import add_participant
from app.cases.models import SealedDocument, SealedLetter
from app.core.actor import Actor, Role
from app.core.submission import submission
from app.files.models import Picture
from app.files.store import PAGE, picture_store
from app.ideas.models import Idea
from app.ideas.service import support_idea
from app.parcels import service as parcels
from app.parcels.models import Step
from app.personal import pack, service
from app.personal.models import OwnFile
from app.push.models import PushSubscription
from app.settings import Settings
from tests.support.background import Background
from tests.support.ideas import make_idea

# Two by their phones alone, one signed in on no phone of her own, one signed in on hers.
PEOPLE = [pytest.param(("kari", "ola", "lise", "siv"), id="small")]
MANY = tuple(f"person{number:02}" for number in range(20))
SIZES = [*PEOPLE, pytest.param(MANY, id="full", marks=pytest.mark.slow)]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody, their idea, and the marks that stand in what they have sent and in nothing else."""

    name: str
    actor: Actor
    idea: Idea
    picture: UUID
    colour: tuple[int, int, int]

    @property
    def marks(self) -> list[str]:
        words = ["tittel", "grunn", "sted", "mottaker", "brev", "vedlegg", "telefon"]
        marks = [f"kanari-{self.name}-{word}" for word in words] + [f"kanari-{self.name}@post.example"]
        return marks + ([self.actor.device_key.hex()] if self.actor.device_key else [])


@pytest.mark.parametrize("names", SIZES)
def test_p1_everybody_gets_all_that_is_theirs_and_nothing_else(session, engine, settings, now, names):
    people = [a_person(session, settings, now, number, name) for number, name in enumerate(names)]
    each_with_all_others(session, people, now)
    asked = {person.name: [ask(session, person.actor, now) for _ in range(2)] for person in people}
    Background(engine, settings, now).route()
    session.rollback()

    pack_at_once(engine, settings, now)

    for person in people:
        for file_id in asked[person.name]:
            found = unpacked(session, settings, file_id)
            for mark in person.marks:
                assert mark in found.text, f"P1: {person.name} did not get {mark}"
            assert found.pictures == {f"bilder/{person.picture}.webp": person.colour}, f"P1: {person.name}: pictures"
            for other in people:
                leaked = [mark for mark in other.marks if other is not person and mark in found.text]
                assert not leaked, f"P1: {person.name} got what is {other.name}'s: {leaked}"
    session.rollback()


def test_p1_a_person_who_signed_in_elsewhere_gets_what_the_account_sent(session, engine, settings, now):
    lise = a_person(session, settings, now, 2, "lise")
    on_a_new_phone = replace(lise.actor, device_key=bytes([77]) * 32)

    file_id = ask(session, on_a_new_phone, now)
    Background(engine, settings, now).work("pack_own_data")

    text = unpacked(session, settings, file_id).text
    assert all(mark in text for mark in lise.marks), "P1: an account's data are not all there on another phone"
    session.rollback()


def test_p1_the_file_is_sealed_on_disk(session, engine, settings, kari, now):
    make_idea(session, settings, actor=kari, now=now, title="kanari-tittel")
    file_id = ask(session, kari, now)
    Background(engine, settings, now).work("pack_own_data")

    written = pack.file_path(settings.instance, file_id).read_bytes()

    assert written.startswith(b"age-encryption.org/v1"), "P1: the file lies open on the disk"
    assert b"mine-data" not in written, "P1: the file lies open on the disk"


@dataclass(frozen=True, slots=True)
class Unpacked:
    """What is in the file. text: of all its pages and letters. pictures: name and colour."""

    text: str
    pictures: Mapping[str, tuple[int, int, int]]


def unpacked(session: Session, settings: Settings, file_id: UUID) -> Unpacked:
    session.expire_all()
    row = session.get_one(OwnFile, file_id)
    assert row.ready_at is not None, "P1: the file was never made"
    content = pack.opened(pack.file_path(settings.instance, file_id), row.key)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    assert json.loads(files["mine-data.json"])["rader"], "P1: the JSON part is empty"
    pictures = {name: colour_of(data) for name, data in files.items() if name.startswith("bilder/")}
    text = "\n".join(data.decode(errors="replace") for name, data in files.items() if name not in pictures)
    return Unpacked(text, pictures)


def pack_at_once(engine, settings: Settings, now: datetime) -> None:
    """Let several workers make all the files at the same time."""
    background = Background(engine, settings, now)
    ids = [delivery.id for delivery in background.deliveries("pack_own_data")]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(background.run, ids))


def ask(session: Session, actor: Actor, now: datetime) -> UUID:
    mark = submission(uuid4(), {}, [])
    file_id = service.ask_for_file(session, mark, actor=actor, language="nb", now=now)
    session.commit()
    return file_id


def each_with_all_others(session: Session, people: list[Person], now: datetime) -> None:
    """Everybody supports and follows everybody's idea, so that all marks lie beside each other."""
    for person in people:
        for other in people:
            support_idea(session, session.get_one(Idea, other.idea.id), actor=person.actor, now=now)
    session.commit()


def a_person(session: Session, settings: Settings, now: datetime, number: int, name: str) -> Person:
    actor = who(session, now, number, name)
    say = f"kanari-{name}"
    idea = make_idea(
        session, settings, actor=actor, now=now, title=f"{say}-tittel", body=f"{say}-grunn", place=f"{say}-sted",
        email=f"{say}@post.example",
    )  # fmt: skip
    letter = SealedLetter(
        id=uuid4(), reference=f"INL-{name}", key_system="lab", input_id=idea.id, kind="incoming",
        title=f"{say}-brev", public_title="Innspill", document_date=now.date(), received_at=now,
        sender_kind="person", sender_name="Anonym", sender_email=f"{say}-mottaker", sealed_at=now,
    )  # fmt: skip
    document = SealedDocument(
        id=uuid4(), letter_id=letter.id, number=1, is_main=True, title="Innspill", filename="a.pdf",
        media_type="application/pdf", sha256="0" * 64, size=9, content=b"%PDF" + bytes(90) + f"{say}-vedlegg".encode(),
    )  # fmt: skip
    session.add(letter)
    session.flush()
    phone = PushSubscription(
        id=uuid4(), endpoint_hash=uuid4().bytes * 2, endpoint=f"https://push.example/{say}-telefon",
        origin="https://push.example", p256dh="p", auth="a", device_key=actor.device_key,
        participant_id=actor.participant_id, created_at=now,
    )  # fmt: skip
    picture = Picture(
        id=uuid4(), input_id=idea.id, position=1, original_name=uuid4().hex, width=8, height=8, sha256=bytes(32),
        public=True, device_key=actor.device_key, created_at=now, state="ready", cleaned_at=now,
    )  # fmt: skip
    session.add_all([document, phone, picture])
    parcels.move(session, idea.id, Step.READ, now=now)
    session.commit()
    colour = (10 * number, 200, 255 - 10 * number)
    draw(settings, picture.id, colour)
    return Person(name, actor, idea, picture.id, colour)


def who(session: Session, now: datetime, number: int, name: str) -> Actor:
    phone = bytes([number + 1]) * 32
    if number % 4 < 2:
        return Actor(device_key=phone)
    made = add_participant(session, email=f"{name}@konto.example", name=name, title="", role=Role.CITIZEN, now=now)
    session.commit()
    return Actor(participant_id=made.id, device_key=phone if number % 4 == 3 else None)


def draw(settings: Settings, picture_id: UUID, colour: tuple[int, int, int]) -> None:
    path = picture_store(settings).redrawn(picture_id, PAGE)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (8, 8), colour).save(path, "WEBP", lossless=True)


def colour_of(data: bytes) -> tuple[int, int, int]:
    with Image.open(io.BytesIO(data)) as image:
        return image.convert("RGB").getpixel((4, 4))
