"""The letters, word by word. After a wanted change: LAB_TEST_GOLDEN=write, and read what changed."""

import os
from pathlib import Path

import pytest

from app.core.language import LANGUAGES
from app.mail import service

GOLDEN = Path(__file__).parent / "golden"
URL = "https://lab.example/kvittering/abc.def"
LETTERS = {
    "receipt": lambda language: service.receipt_letter("kari@example.invalid", language, url=URL),
    "news_decided": lambda language: service.news_letter("kari@example.invalid", language, step="decided", url=URL),
    "news_done": lambda language: service.news_letter("kari@example.invalid", language, step="done", url=URL),
    "news_not_now": lambda language: service.news_letter("kari@example.invalid", language, step="not_now", url=URL),
    "news_answer": lambda language: service.news_letter("kari@example.invalid", language, step="", url=URL),
    "news_shown": lambda language: service.news_letter("kari@example.invalid", language, step="shown", url=URL),
    "news_not_shown": lambda language: service.news_letter("kari@example.invalid", language, step="not_shown", url=URL),
    "sign_in_code": lambda language: service.sign_in_letter("kari@example.invalid", language, code="012345", url=URL),
}


@pytest.mark.parametrize("name", LETTERS)
def test_a_letter_reads_as_it_was_agreed(name):
    letter = LETTERS[name]("nb")

    assert f"{letter.subject}\n\n{letter.text}" == agreed(f"{name}.nb.txt", f"{letter.subject}\n\n{letter.text}")
    assert letter.html == agreed(f"{name}.nb.html", letter.html)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", LETTERS)
def test_a_letter_is_whole_in_every_language(name, language):
    letter = LETTERS[name](language)

    assert letter.language == language
    assert f'<html lang="{language}">' in letter.html
    assert "\n" not in letter.subject
    for needed in ("012345", URL) if name == "sign_in_code" else (URL,):
        assert needed in letter.text
        assert needed in letter.html


def test_a_code_is_not_shown_on_a_locked_screen():
    assert "012345" not in service.sign_in_letter("kari@example.invalid", "nb", code="012345", url=URL).subject


def test_a_letter_loads_nothing_and_leads_only_to_us():
    for make in LETTERS.values():
        html = make("nb").html
        assert "<img" not in html
        assert "<script" not in html
        assert html.count("http") in (0, 2)


def test_an_unknown_language_is_bokmal():
    assert service.receipt_letter("kari@example.invalid", "xx", url=URL).language == "nb"


def agreed(name: str, now: str) -> str:
    """Return the golden file; written anew when LAB_TEST_GOLDEN=write."""
    path = GOLDEN / name
    if os.environ.get("LAB_TEST_GOLDEN") == "write":
        path.write_text(now, encoding="utf-8")
    return path.read_text(encoding="utf-8")
