"""What a form says when the field library, and not we, refuses what came."""

import gc
import io

import pytest
from flask import Flask
from wtforms import RadioField

from app.web.forms import LabForm
from tests.support.ideas import idea_form

WORDS = {
    "nb": "Ikke et gyldig valg",
    "nn": "Ikke et gyldig valg",
    "se": "Ikke et gyldig valg",
    "en": "Not a valid choice.",
}


@pytest.mark.parametrize("language", WORDS)
def test_a_forged_choice_is_refused_in_norwegian_to_all_who_do_not_read_english(language: str, app: Flask) -> None:
    with app.test_request_context("/", method="POST", data={"step": "x"}, headers={"Accept-Language": language}):
        form = Choice(meta={"csrf": False})

        assert not form.validate()
        assert form.step.errors == [WORDS[language]]


@pytest.mark.parametrize("name", ["title", "body", "place", "email"])
def test_a_file_where_words_are_asked_for_is_as_if_nothing_was_sent(name, visit):
    file = (io.BytesIO(b"Lys"), "lys.txt")
    optional = name in {"place", "email"}

    page = visit.post("/ideer/ny", idea_form(**{name: file}), expect=303 if optional else 422)

    assert optional or page.value("body" if name != "body" else "title")


def test_a_form_that_is_cut_off_in_a_big_file_is_refused_and_leaves_no_file_open(visit):
    head = b'--x\r\nContent-Disposition: form-data; name="pictures"; filename="a.jpg"\r\n\r\n'

    answer = visit.client.post(
        "/ideer/ny", data=head + b"a" * 1_000_000, content_type="multipart/form-data; boundary=x"
    )
    gc.collect()  # what is still open is told of here, and fails the test

    assert 400 <= answer.status_code < 500


def test_a_form_without_its_key_is_refused_and_comes_back_with_one(visit):
    form = idea_form()
    del form["submission_id"]

    page = visit.post("/ideer/ny", form, expect=422)

    assert "Siden har ligget for lenge." in page.words
    visit.post("/ideer/ny", form | {"submission_id": page.value("submission_id")}, expect=303)


class Choice(LabForm):
    step = RadioField(choices=["read"])
