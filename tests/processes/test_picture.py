"""The picture of a process: chosen by staff, described in words, and seen by everybody once it is published."""

import io
import shutil
import struct
from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from app.balance import faults
from app.core.actor import Role
from app.files.models import Picture
from app.files.store import picture_store
from app.processes.models import Process, WorkingCopy
from tests.files import hostile
from tests.files.seen import only_pixels
from tests.support.accounts import staff
from tests.support.background import Background
from tests.support.processes import begin, process_form, publish

DESK = "/arbeidsflate/prosesser"
ALT = "Barn på ei huske i snø"


def test_everybody_sees_the_picture_when_arne_has_published_it(session, visit, as_arne, process, workers, settings):
    as_arne.post(process.desk, photo())
    workers()
    (picture,) = session.scalars(select(Picture)).all()
    assert not visit.get(process.page).tree.xpath(f"//img[@alt='{ALT}']")
    visit.get(f"/bilder/{picture.id}/liten.webp", expect=404)
    assert as_arne.get(f"{process.editor}/forhandsvis").tree.xpath(f"//img[@alt='{ALT}']")

    as_arne.post(f"{process.editor}/publiser", process.form)

    (image,) = visit.get(process.page).tree.xpath(f"//img[@alt='{ALT}']")
    assert (image.get("src"), image.get("width"), image.get("height")) == (
        f"/bilder/{picture.id}/liten.webp",
        "400",
        "300",
    )
    assert "public" in fetched(visit, image.get("src")).headers["Cache-Control"]
    for url, loading in (("/", "lazy"), ("/prosesser", None)):
        (card,) = visit.get(url).tree.xpath(f"//img[@alt='{ALT}']")
        assert card.get("loading") == loading
        assert card.get("width")
    (shared,) = visit.get(process.page).tree.xpath("//meta[@property='og:image']/@content")
    assert shared == f"{settings.public_url}/bilder/{picture.id}/side.webp"


def test_the_nightly_check_finds_it_where_it_belongs(session, as_arne, process, workers, settings, now):
    as_arne.post(process.desk, photo())
    as_arne.post(f"{process.editor}/publiser", process.form)
    workers()

    assert not [sentence for sentence in faults(session, settings, now) if "bilder" in sentence]


def test_what_the_camera_wrote_into_it_is_gone(as_arne, process, workers, settings):
    as_arne.post(process.desk, photo(hostile.jpeg_full_of_words()))

    workers()

    store = picture_store(settings)
    assert list(store.ready.glob("*/page.webp"))
    assert only_pixels(store.ready) == []
    assert list(store.quarantine.iterdir()) == []


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"alt": " "}, "Skriv hva bildet viser."),
        ({"alt": "x" * 201}, "Bruk høyst 200 tegn."),
        ({"picture": (io.BytesIO(b""), "")}, "Velg et bilde."),
        ({"content": b"\x00\x00\x00\x18ftypheic" + bytes(50)}, "Bildet er lagret som HEIC"),
        ({"content": b"%PDF-1.7"}, "Vi kan vise JPG, PNG og WebP."),
        ({"content": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + struct.pack(">II", 9000, 9000)}, "Bildet er for stort."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_beside_the_field_and_nothing_is_stored(
    session, as_arne, process, settings, sent, sentence
):
    form = photo(sent.pop("content", None)) | sent

    page = as_arne.post(process.desk, form, expect=422)

    assert sentence in page.words
    assert page.value("alt") == form["alt"].strip()
    assert session.scalars(select(Picture)).all() == []
    assert not [*picture_store(settings).quarantine.glob("*")]


def test_arne_mends_the_words_alone(session, as_arne, process, workers):
    as_arne.post(process.desk, photo())
    workers()

    as_arne.post(process.desk, {"alt": "To barn i snøen"})

    assert as_arne.get(f"{process.editor}/forhandsvis").tree.xpath("//img[@alt='To barn i snøen']")
    assert len(session.scalars(select(Picture)).all()) == 1


def test_a_picture_that_is_taken_away_is_shown_until_it_is_published_and_then_removed(
    session, visit, as_arne, process, workers, settings
):
    as_arne.post(process.desk, photo())
    as_arne.post(f"{process.editor}/publiser", process.form)
    workers()
    files = files_of_the_picture(session, settings)
    assert files.exists()

    as_arne.post(f"{process.desk}/ta-bort")
    workers()
    assert visit.get(process.page).tree.xpath(f"//img[@alt='{ALT}']")
    as_arne.post(f"{process.editor}/publiser", process.form)
    assert not visit.get(process.page).tree.xpath("//article//img")

    workers()
    assert session.scalars(select(Picture)).all() == []
    assert not files.exists()


def files_of_the_picture(session, settings):
    picture_id = session.scalars(select(Picture.id)).one()
    session.commit()
    return picture_store(settings).ready / str(picture_id)


def test_the_old_picture_goes_when_another_has_taken_its_place(session, visit, as_arne, process, workers):
    as_arne.post(process.desk, photo())
    as_arne.post(f"{process.editor}/publiser", process.form)
    workers()
    old = session.scalars(select(Picture.id)).one()

    as_arne.post(process.desk, photo(hostile.png()) | {"alt": "Ei ny huske"})
    workers()
    fetched(visit, f"/bilder/{old}/liten.webp")
    as_arne.post(f"{process.editor}/publiser", process.form)
    visit.get(f"/bilder/{old}/liten.webp", expect=404)

    workers()
    assert session.scalars(select(Picture.id)).all() == [session.get_one(Process, process.id).picture_id]
    assert visit.get(process.page).tree.xpath("//img[@alt='Ei ny huske']")


def test_what_arne_is_typing_is_not_disturbed_by_a_picture(session, as_arne, process):
    form = process.form | {"title": "Halvferdig"}
    as_arne.post(f"{process.editor}/utkast", form)

    as_arne.post(process.desk, photo())

    assert as_arne.get(process.editor).value("title") == "Halvferdig"
    as_arne.post(f"{process.editor}/utkast", form | {"title": "Halvferdig til"})
    copy = session.get_one(WorkingCopy, process.id)
    assert copy.typed["title"] == ["Halvferdig til"]
    assert copy.picture_alt == ALT


def test_a_copy_of_a_process_begins_without_its_picture(session, as_arne, process):
    as_arne.post(process.desk, photo())
    as_arne.post(f"{process.editor}/publiser", process.form)

    copy = as_arne.post(f"{process.editor}/kopier", {"submission_id": str(uuid4())}).location

    assert session.get_one(WorkingCopy, _id(copy)).picture_id is None


def test_a_draft_that_is_thrown_away_takes_its_picture_along(session, as_arne, arne, workers, settings):
    draft = begin(session, arne)
    as_arne.post(f"{DESK}/{draft.id}/bilde", photo())
    workers()
    files = files_of_the_picture(session, settings)

    as_arne.post(f"{DESK}/{draft.id}/slett")
    workers()

    assert session.scalars(select(Picture)).all() == []
    assert not files.exists()


def test_a_process_that_has_ended_gets_no_picture(session, as_arne, process, settings):
    as_arne.post(f"{process.editor}/avslutt", {"outcome": "Huska kom."})

    as_arne.post(process.desk, photo(), expect=409)

    assert not [*picture_store(settings).quarantine.glob("*")]


def test_who_may_not_change_the_process_may_not_give_it_a_picture(session, visit_as, process, settings):
    visit_as("fatima").get(process.desk, expect=404)
    visit_as("fatima").post(process.desk, photo(), expect=404)
    visit_as("fatima").post(f"{process.desk}/ta-bort", expect=404)

    assert not [*picture_store(settings).quarantine.glob("*")]


def fetched(visit, url):
    answer = visit.get(url).response
    answer.close()
    return answer


def photo(content=None):
    return {"alt": ALT, "picture": (io.BytesIO(content or hostile.jpeg()), "IMG_1234.jpg")}


def _id(address):
    return UUID(address.rpartition("/")[2])


@dataclass(frozen=True)
class Made:
    """A process that everybody sees, and its addresses."""

    id: object
    page: str
    editor: str
    form: dict

    @property
    def desk(self):
        return f"{self.editor}/bilde"


@pytest.fixture
def arne(session, now):
    return staff(session, "working_group", Role.WORKING_GROUP, now)


@pytest.fixture
def as_arne(visit_as, arne):
    return visit_as("working_group")


@pytest.fixture
def process(session, arne):
    made = publish(session, arne)
    form = process_form(arne, revision="2")
    return Made(made.id, f"/prosesser/{made.slug}", f"{DESK}/{made.id}", form)


@pytest.fixture
def workers(session, engine, settings, now):
    """Let the background do all that waits."""

    def work():
        session.commit()
        background = Background(engine, settings, now)
        for job in ("make_thumbnails", "remove_pictures"):
            background.work(job)
        session.expire_all()

    return work


@pytest.fixture(autouse=True)
def _own_folder(settings):
    """Each test begins and ends without pictures on disk: other rooms' tests leave theirs in the same folder."""
    pictures = picture_store(settings).folder
    shutil.rmtree(pictures, ignore_errors=True)
    yield
    shutil.rmtree(pictures, ignore_errors=True)
