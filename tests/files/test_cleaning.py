import json

import pytest
from PIL import Image

from app.core.errors import ConfigurationFault, Permanent, Transient
from app.files import cleaning
from app.files.cleaning import redraw
from app.files.store import PictureStore, make_folder
from tests.files import hostile
from tests.files.seen import drawn, laid, only_pixels


def test_a_photo_comes_back_in_three_sizes(store):
    redrawn = redraw(store, *laid(store, hostile.saved(hostile.photo(4000, 3000), "JPEG")))

    sizes = {name: drawn(store, name).size for name in ("page.webp", "thumb.webp", "archive.jpg")}
    assert (redrawn.width, redrawn.height) == (1600, 1200)
    assert sizes == {"page.webp": (1600, 1200), "thumb.webp": (480, 360), "archive.jpg": (1600, 1200)}


def test_a_small_picture_is_not_blown_up(store):
    redrawn = redraw(store, *laid(store, hostile.png()))

    assert (redrawn.width, redrawn.height) == (400, 300)


@pytest.mark.parametrize(
    ("orientation", "size", "red_corner"),
    [
        (1, (400, 300), (10, 10)),
        (2, (400, 300), (390, 10)),
        (3, (400, 300), (390, 290)),
        (4, (400, 300), (10, 290)),
        (5, (300, 400), (10, 10)),
        (6, (300, 400), (290, 10)),
        (7, (300, 400), (290, 390)),
        (8, (300, 400), (10, 390)),
    ],
)
def test_a_photo_taken_sideways_stands_upright(store, orientation, size, red_corner):
    redraw(store, *laid(store, hostile.turned(orientation)))

    page = drawn(store, "page.webp")
    assert page.size == size
    assert is_red(page.getpixel(red_corner))


def test_what_is_transparent_becomes_white(store):
    see_through = Image.new("RGBA", (40, 40), (0, 0, 0, 0))

    redraw(store, *laid(store, hostile.saved(see_through, "PNG")))

    assert drawn(store, "archive.jpg").getpixel((20, 20)) == (255, 255, 255)


def test_sixteen_bits_of_grey_become_eight(store):
    whole = b"\x40\x9c" * (40 * 30)

    redraw(store, *laid(store, hostile.saved(Image.frombytes("I;16", (40, 30), whole), "PNG")))

    grey = drawn(store, "page.webp").getpixel((20, 15))
    assert all(abs(value - 156) <= 2 for value in grey)


def test_a_photo_for_printers_keeps_its_colours(store):
    redraw(store, *laid(store, hostile.saved(hostile.photo(mode="CMYK"), "JPEG", quality=95)))

    assert is_red(drawn(store, "page.webp").getpixel((10, 10)))


def test_no_words_follow_a_picture(store):
    for words in (hostile.jpeg_full_of_words(), hostile.png_full_of_words(), hostile.webp_full_of_words()):
        assert hostile.SECRET in words
        redraw(store, *laid(store, words))

        assert only_pixels(store.ready) == []


def test_what_was_drawn_lies_alone_and_no_half_made_work_is_left(store):
    redraw(store, *laid(store, hostile.jpeg()))

    names = sorted(path.name for path in store.ready.rglob("*") if path.is_file())
    assert names == ["archive.jpg", "page.webp", "thumb.webp"]
    assert list(store.work.iterdir()) == []


def test_drawing_twice_gives_the_same_three_files(store):
    names = laid(store, hostile.jpeg())
    redraw(store, *names)
    first = {path: path.read_bytes() for path in store.ready.rglob("*.*")}

    redraw(store, *names)

    assert {path: path.read_bytes() for path in store.ready.rglob("*.*")} == first


def test_an_original_that_is_gone_will_never_be_drawn(store):
    picture_id, name = laid(store, hostile.jpeg())
    store.original(name).unlink()

    with pytest.raises(Permanent):
        redraw(store, picture_id, name)


def test_a_picture_that_cannot_be_drawn_leaves_no_file(store):
    with pytest.raises(Permanent):
        redraw(store, *laid(store, hostile.png()[:300]))

    assert not store.ready.exists()
    assert list(store.work.iterdir()) == []


@pytest.mark.parametrize(
    ("code", "fault"),
    [(65, Permanent), (-24, Permanent), (-11, Permanent), (75, Transient), (-9, Transient), (78, ConfigurationFault)],
)
def test_how_the_child_ended_says_whether_another_try_helps(code, fault):
    with pytest.raises(fault):
        cleaning._judge_end(code)


@pytest.mark.parametrize("content", [b"", b"<script>", hostile.png()])
def test_a_child_that_was_taken_over_cannot_hand_us_a_page(store, content):
    make_folder(store.work)
    for name, picture in (("page.webp", hostile.webp()), ("thumb.webp", hostile.webp()), ("archive.jpg", content)):
        (store.work / name).write_bytes(picture)

    with pytest.raises(Permanent):
        cleaning._judge(store.work)


def test_a_child_that_was_taken_over_cannot_hand_us_a_link_to_another_file(store, tmp_path):
    make_folder(store.work)
    (tmp_path / "secret.jpg").write_bytes(hostile.jpeg())
    (store.work / "page.webp").write_bytes(hostile.webp())
    (store.work / "thumb.webp").write_bytes(hostile.webp())
    (store.work / "archive.jpg").symlink_to(tmp_path / "secret.jpg")

    with pytest.raises(Permanent):
        cleaning._judge(store.work)


def test_the_child_sees_nothing_of_our_environment_and_has_no_network(store, tmp_path, child_that):
    child_that(
        "import json, os, pathlib\n"
        "seen = [sorted(os.environ), pathlib.Path('/proc/net/dev').read_text()]\n"
        f"pathlib.Path({str(tmp_path / 'seen')!r}).write_text(json.dumps(seen))"
    )

    with pytest.raises(Permanent):
        redraw(store, *laid(store, hostile.jpeg()))

    environment, network = json.loads((tmp_path / "seen").read_text())
    assert environment == ["LC_ALL", "MALLOC_ARENA_MAX"]
    if cleaning.can_isolate():
        assert [line.split(":")[0].strip() for line in network.splitlines()[2:]] == ["lo"]


def test_a_program_that_cannot_start_blames_no_picture(store, child_that):
    child_that("raise SystemExit(78)")

    with pytest.raises(ConfigurationFault):
        redraw(store, *laid(store, hostile.jpeg()))


def is_red(pixel) -> bool:
    return pixel[0] > 180 and pixel[1] < 90 and pixel[2] < 90


@pytest.fixture
def store(tmp_path) -> PictureStore:
    return PictureStore(tmp_path / "bilder")


@pytest.fixture
def child_that(tmp_path, monkeypatch):
    """Put another program in the child's place: an enemy who has taken it over, or a broken machine."""

    def replace(program: str) -> None:
        path = tmp_path / "child.py"
        path.write_text(program)
        monkeypatch.setattr(cleaning, "_CHILD", path)

    return replace
