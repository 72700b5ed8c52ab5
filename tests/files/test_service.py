import errno
import hashlib
import io
import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.core.errors import RuleBroken
from app.files import query, service
from app.files.models import Picture
from app.files.store import PictureStore, make_folder
from tests.files import hostile

ROOT = Path(__file__).resolve().parents[2]


def test_a_photo_lies_in_quarantine_under_a_name_of_ours(store):
    photo = hostile.jpeg()

    (original,) = service.receive([Sent(photo, "kari på hytta.jpg")], store=store)

    assert store.original(original.name).read_bytes() == photo
    assert original.sha256 == hashlib.sha256(photo).digest()
    assert (original.width, original.height) == (400, 300)
    assert [path.name for path in store.quarantine.iterdir()] == [original.name]
    assert "kari" not in original.name


def test_only_the_server_may_read_what_lies_in_quarantine(store):
    (original,) = service.receive([Sent(hostile.jpeg())], store=store)

    assert store.quarantine.stat().st_mode & 0o077 == 0
    assert store.original(original.name).stat().st_mode & 0o077 == 0


def test_a_field_without_a_file_is_no_picture(store):
    assert service.receive([Sent(b"", ""), Sent(b"", None)], store=store) == ()
    assert not store.quarantine.exists()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (hostile.PDF, "Vi kan vise JPG, PNG og WebP."),
        (hostile.zipped(), "Vi kan vise JPG, PNG og WebP."),
        (b"", "Vi kan vise JPG, PNG og WebP."),
        (hostile.saved(hostile.photo(), "GIF"), "Vi kan vise JPG, PNG og WebP."),
        (
            hostile.heic(),
            "Bildet er lagret som HEIC, og det kan vi ikke vise. Ta et skjermbilde av det, og velg skjermbildet.",
        ),
        (hostile.jpeg() + bytes(10 * 2**20), "Bildet er for stort. Prøv et mindre."),
        (hostile.png_of(40_000, 40_000, rows=1), "Bildet er for stort. Prøv et mindre."),
        (hostile.jpeg_that_says(65_500, 65_500), "Bildet er for stort. Prøv et mindre."),
        (hostile.jpeg_that_says(0, 300), "Vi får ikke åpnet bildet. Prøv et annet."),
        (b"\xff\xd8\xff", "Vi får ikke åpnet bildet. Prøv et annet."),
    ],
)
def test_what_we_cannot_show_is_refused_with_a_sentence_and_nothing_is_stored(store, content, sentence):
    with pytest.raises(RuleBroken) as refusal:
        service.receive([Sent(hostile.jpeg()), Sent(content, "bilde.jpg")], store=store)

    assert refusal.value.message == sentence
    assert refusal.value.field == "pictures"
    assert left(store) == []


@pytest.mark.parametrize(
    ("content", "enters"),
    [
        (hostile.png_of(8000, 5000, rows=1), True),
        (hostile.png_of(8000, 5001, rows=1), False),
        (hostile.saved(hostile.photo(5000, 4000), "WEBP", method=0), True),
        (hostile.saved(hostile.photo(5000, 4001), "WEBP", method=0), False),
    ],
)
def test_the_border_is_40_megapixels_and_20_for_webp(store, content, enters):
    try:
        assert service.receive([Sent(content)], store=store)
    except RuleBroken:
        assert not enters
    else:
        assert enters


def test_exactly_ten_megabytes_are_taken(store):
    photo = hostile.jpeg()

    assert service.receive([Sent(photo + bytes(10 * 2**20 - len(photo)))], store=store)


def test_a_fourth_picture_is_refused_and_none_is_stored(store):
    with pytest.raises(RuleBroken, match="Velg høyst tre bilder"):
        service.receive([Sent(hostile.jpeg())] * 4, store=store)

    assert left(store) == []


def test_the_same_file_three_times_is_three_files(store):
    originals = service.receive([Sent(hostile.jpeg())] * 3, store=store)

    assert len({original.name for original in originals}) == 3
    assert len({original.sha256 for original in originals}) == 1


def test_a_full_disk_leaves_nothing_behind(store):
    with pytest.raises(OSError, match="No space"):
        service.receive([Sent(hostile.jpeg()), BreaksWhenRead(hostile.jpeg())], store=store)

    assert left(store) == []


def test_a_replay_leaves_no_second_file(store):
    originals = service.receive([Sent(hostile.jpeg())], store=store)

    service.discard(originals, store=store)
    service.discard(originals, store=store)

    assert left(store) == []


@pytest.mark.parametrize("name", ["../../secret", "a" * 31, "A" * 32, "", "a" * 31 + "/", "a" * 32 + "\n"])
def test_no_name_leads_out_of_quarantine(store, name):
    with pytest.raises(ValueError, match="32 hex"):
        store.original(name)


@pytest.mark.parametrize("point", ["submit.before_file_fsync", "submit.after_file"])
def test_a_crash_while_receiving_leaves_a_file_at_most(store, tmp_path, point):
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(hostile.jpeg())
    program = f"""
from app.core.crash import arm
from app.files import service
from app.files.store import PictureStore
from pathlib import Path
from types import SimpleNamespace
arm({point!r})
with open({str(photo)!r}, "rb") as stream:
    service.receive([SimpleNamespace(filename="x", stream=stream)], store=PictureStore(Path({str(store.folder)!r})))
"""

    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False)

    assert ended.returncode == 137
    assert len(left(store)) == 1


def test_pictures_wait_in_the_order_they_were_chosen(session, store, kari, now):
    originals = service.receive([Sent(hostile.png()), Sent(hostile.jpeg())], store=store)
    idea_id = uuid4()

    service.attach(session, idea_id, originals, actor=kari, now=now, public=True)

    assert [picture.state for picture in query.pictures_of(session, idea_id)] == ["waiting", "waiting"]
    rows = session.scalars(select(Picture).order_by(Picture.position)).all()
    assert [row.original_name for row in rows] == [original.name for original in originals]
    assert [row.position for row in rows] == [1, 2]
    assert {row.device_key for row in rows} == {kari.device_key}


def test_two_pictures_cannot_share_a_place(session, store, kari, now):
    idea_id = uuid4()
    attached(session, store, kari, now, idea_id)

    with pytest.raises(IntegrityError), session.begin_nested():
        attached(session, store, kari, now, idea_id)


def test_hiding_an_idea_hides_its_pictures_and_no_others(session, store, kari, now):
    hers, other = uuid4(), uuid4()
    attached(session, store, kari, now, hers)
    attached(session, store, kari, now, other)

    service.set_public(session, hers, public=False)

    session.expire_all()
    assert [picture.public for picture in query.pictures_of(session, hers)] == [False]
    assert [picture.public for picture in query.pictures_of(session, other)] == [True]


def test_a_picture_that_has_failed_does_not_become_ready_later(session, store, kari, now):
    picture = attached(session, store, kari, now, uuid4())
    service.mark_failed(session, picture.id)

    service.mark_ready(session, picture.id, width=10, height=10, now=now)

    session.expire_all()
    assert session.get_one(Picture, picture.id).state == "failed"


def test_a_file_without_a_row_goes_after_24_hours_and_not_before(session, store, now):
    (original,) = service.receive([Sent(hostile.jpeg())], store=store)
    touch(store.original(original.name), now)

    service.remove_orphans(session, store, now=now + timedelta(hours=23, minutes=59))
    assert left(store) == [original.name]

    assert service.remove_orphans(session, store, now=now + timedelta(hours=24)) == 1
    assert left(store) == []


def test_an_original_still_waiting_after_24_hours_goes_and_its_picture_has_failed(session, store, kari, now):
    picture = attached(session, store, kari, now, uuid4())

    service.remove_orphans(session, store, now=now + timedelta(hours=23))
    assert left(store) == [picture.original_name]
    service.remove_orphans(session, store, now=now + timedelta(hours=24))

    session.expire_all()
    assert left(store) == []
    assert session.get_one(Picture, picture.id).state == "failed"


def test_an_original_left_by_a_crash_after_the_commit_goes_at_once(session, store, kari, now):
    picture = attached(session, store, kari, now, uuid4())
    service.mark_ready(session, picture.id, width=400, height=300, now=now)

    service.remove_orphans(session, store, now=now + timedelta(seconds=15))

    assert left(store) == []


def test_half_made_work_goes_after_24_hours(session, store, now):
    half_made = store.work / "half-made"
    make_folder(half_made)
    (half_made / "page.webp").write_bytes(b"half")
    touch(half_made, now)

    service.remove_orphans(session, store, now=now + timedelta(hours=23))
    assert half_made.exists()
    service.remove_orphans(session, store, now=now + timedelta(hours=25))

    assert not half_made.exists()


def test_there_is_nothing_to_remove_before_the_first_picture(session, store, now):
    assert service.remove_orphans(session, store, now=now) == 0


@dataclass(frozen=True)
class Sent:
    """A file part, as the form brings it."""

    content: bytes
    filename: str | None = "bilde.jpg"

    @property
    def stream(self) -> io.BytesIO:
        return io.BytesIO(self.content)


class BreaksWhenRead(Sent):
    """A file whose copying meets a full disk."""

    @property
    def stream(self) -> io.BytesIO:
        return FullDisk(self.content)


class FullDisk(io.BytesIO):
    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > 1000:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().read(size)


def left(store: PictureStore) -> list[str]:
    return sorted(path.name for path in store.quarantine.iterdir()) if store.quarantine.exists() else []


def touch(path: Path, now) -> None:
    os.utime(path, (now.timestamp(), now.timestamp()))


def attached(session, store, actor, now, input_id: UUID) -> Picture:
    originals = service.receive([Sent(hostile.jpeg())], store=store)
    service.attach(session, input_id, originals, actor=actor, now=now, public=True)
    return session.scalars(select(Picture).where(Picture.original_name == originals[0].name)).one()


@pytest.fixture
def store(tmp_path) -> PictureStore:
    return PictureStore(tmp_path / "bilder")
