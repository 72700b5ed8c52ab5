import io

import pytest

from app.files.headers import UnreadableHeaderError, kind_of, read_header
from tests.files import hostile


@pytest.mark.parametrize(
    ("picture", "kind"),
    [
        (hostile.jpeg(), "jpeg"),
        (hostile.jpeg(progressive=True), "jpeg"),
        (hostile.jpeg_full_of_words(), "jpeg"),
        (hostile.mpo(), "jpeg"),
        (hostile.png(), "png"),
        (hostile.webp(), "webp"),
        (hostile.webp(lossless=True), "webp"),
        (hostile.webp_full_of_words(), "webp"),
    ],
)
def test_the_size_of_a_picture_is_read_without_decoding_it(picture, kind):
    header = read_header(io.BytesIO(picture))

    assert (header.kind, header.width, header.height) == (kind, 400, 300)


@pytest.mark.parametrize("length", [3, 4, 8, 11, 12, 20, 24, 30, 160])
@pytest.mark.parametrize("make", [hostile.jpeg, hostile.png, hostile.webp])
def test_a_header_that_ends_too_soon_is_told_from_a_whole_one(make, length):
    part = make()[:length]

    try:
        header = read_header(io.BytesIO(part))
    except UnreadableHeaderError:
        return
    assert (header.width, header.height) == (400, 300)


@pytest.mark.parametrize("brand", [b"heic", b"heix", b"mif1"])
def test_a_heic_is_known_by_its_bytes(brand):
    assert kind_of(io.BytesIO(b"\x00\x00\x00\x18ftyp" + brand + bytes(20))) == "heic"


def test_a_jpeg_of_filling_alone_is_given_up_soon():
    with pytest.raises(UnreadableHeaderError):
        read_header(io.BytesIO(b"\xff\xd8" + b"\xff" * 5_000_000))


def test_the_stream_is_left_at_its_start():
    stream = io.BytesIO(hostile.jpeg())

    read_header(stream)

    assert stream.tell() == 0
