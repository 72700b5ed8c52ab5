"""Posters and slips on paper: the code can be read, every word fits, and what somebody wrote is words and no more."""

from dataclasses import replace

import pikepdf
import pytest
import segno

from app.core.errors import RuleBroken
from app.settings import SettingsError, read_settings
from app.web.poster import SIZES, Poster, poster_answer, poster_pdf
from tests.support.pdf import codes_of, fonts_of, opened, words_of

POSTER = Poster(
    title="Ny lekeplass på Ankenes",
    kind="Bli med",
    call="Skann og si hva du mener.",
    lines=("Kommunen leser det du skriver.", "Kommunestyret bestemmer."),
    address="https://innbyggerlab.example/prosesser/ny-lekeplass-pa-ankenes",
    talk=("Vil du heller snakke med noen?", "Ring 76 91 20 00."),
    language="nb",
)
TITLES = {
    "long": "Fylkesveivedlikeholdskontraktsforhandlinger og bedre brøyting på Bjerkvik, Håkvik, Kjøpsvik og alle veier "
    "langs fjorden",
    "without a blank": "x" * 120,
    "Arabic": "مرحبا بكم في نارفيك، ملعب جديد للأطفال",
    "emoji": "🎉😀👨‍👩‍👧",
    "nothing that is seen": "\u200f\uffff",
    "code of typst": '#read("/etc/passwd") $x$ \\ ] " = * _',
}
# How many points a page is wide and high.
PAPER = {"a4": (595, 842), "a5": (420, 595), "lapper": (595, 842)}


@pytest.mark.parametrize("size", SIZES)
def test_a_phone_reads_the_address_from_the_modules_on_paper(size):
    wanted = {(x, y) for y, row in enumerate(_code(POSTER.address)) for x, dark in enumerate(row) if dark}

    codes = codes_of(poster_pdf(POSTER, size))

    assert len(codes) == (8 if size == "lapper" else 1)
    assert all(code.dark == wanted for code in codes)


@pytest.mark.parametrize("size", SIZES)
def test_the_code_has_its_quiet_zone_and_modules_that_a_cheap_camera_sees(size):
    for code in codes_of(poster_pdf(POSTER, size)):
        columns, rows = ({module[axis] for module in code.dark} for axis in (0, 1))

        assert min(columns) == min(rows) == 4
        assert code.side - 1 - max(columns) == code.side - 1 - max(rows) == 4
        assert code.module_mm > 0.5


def test_a_fourth_of_the_code_may_be_torn_off():
    assert segno.make(POSTER.address, error="q", micro=False).error == "Q"
    assert len(codes_of(poster_pdf(POSTER, "a4"))[0].dark) == sum(map(sum, _code(POSTER.address)))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("title", TITLES.values(), ids=TITLES)
def test_no_title_breaks_the_page(size, title):
    made = poster_pdf(replace(POSTER, title=title, lines=("y" * 200, "Ord " * 50)), size)

    with opened(made) as pdf:
        assert len(pdf.pages) == 1
        assert tuple(round(float(side)) for side in pdf.pages[0].MediaBox[2:]) == PAPER[size]
    words = words_of(made)
    assert "76912000" in words
    assert "ny-lekeplass-pa-ankenes" in words


@pytest.mark.parametrize("name", ["code of typst", "without a blank", "long"])
def test_what_somebody_wrote_stands_there_as_they_wrote_it(name):
    words = words_of(poster_pdf(replace(POSTER, title=TITLES[name]), "a4"))

    assert "".join(TITLES[name].split()) in words


def test_a_title_of_pictures_alone_gives_its_place_to_what_it_is():
    assert words_of(poster_pdf(replace(POSTER, title=TITLES["emoji"]), "a4")).count("Blimed") == 2


def test_without_a_telephone_number_the_line_is_left_out():
    assert "Vilduheller" not in words_of(poster_pdf(replace(POSTER, talk=()), "a4"))


def test_a_screen_reader_gets_title_language_and_what_the_code_leads_to():
    with opened(poster_pdf(replace(POSTER, language="nn"), "a4")) as pdf, pdf.open_metadata() as metadata:
        assert metadata["pdfuaid:part"] == "1"
        assert str(pdf.Root.Lang).lower().startswith("nn")
        assert str(pdf.docinfo.Title) == POSTER.title
        alts = [str(thing.Alt) for thing in pdf.objects if isinstance(thing, pikepdf.Dictionary) and "/Alt" in thing]
    assert POSTER.address in alts


def test_every_font_lies_in_the_poster():
    assert all(embedded for _, embedded in fonts_of(poster_pdf(replace(POSTER, title=TITLES["Arabic"]), "a4")))


def test_a_school_that_prints_costs_one_drawing():
    poster_pdf.cache_clear()

    assert len({poster_pdf(POSTER, "a4") for _ in range(100)}) == 1
    assert poster_pdf.cache_info().misses == 1


@pytest.mark.parametrize("size", ["a3", "", "A4 ", "../a4", "lapper\x00"])
def test_a_size_that_is_none_is_refused(app, size):
    with app.test_request_context(), pytest.raises(RuleBroken):
        poster_answer("Lys", "Idé", "Skann.", (), path="/ideer", size=size)


@pytest.mark.parametrize("number", ["ring meg", "+", "1" * 30, "76\n91"])
def test_a_telephone_number_is_one(number):
    with pytest.raises(SettingsError, match="LAB_CONTACT_PHONE"):
        read_settings({"LAB_CONTACT_PHONE": number})


def _code(address):
    """The code with its quiet zone, as rows of 0 and 1."""
    return [list(row) for row in segno.make(address, error="q", micro=False).matrix_iter(border=4)]
