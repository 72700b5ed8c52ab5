"""flask cases: what staff who keep the archive type."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.cases import query
from tests.support.letters import CODES, archive_at, opened


def test_a_code_is_changed_and_shown(session, type_in):
    assert type_in("set", "document_type", "BREV").output == "document_type er nå BREV.\n"

    assert "document_type = BREV   (endret)" in type_in("settings").output


def test_a_name_that_is_no_code_is_refused_in_plain_words(session, type_in):
    answer = type_in("set", "dokumenttype", "BREV")

    assert answer.exit_code == 1
    assert "Innstillingen dokumenttype finnes ikke." in answer.output


def test_a_case_is_chosen_for_an_area(session, type_in):
    type_in("use", "mobilitet", "2026/211")

    state = query.folder_or_none(session, "mobilitet", CODES)
    assert state is not None
    assert (state.folder.case_number, state.ready) == ("2026/211", False)


def test_no_secret_is_shown(session, type_in, tmp_path, app, monkeypatch):
    secret = tmp_path / "secret"
    secret.write_text("hemmelig-passord")
    monkeypatch.setitem(
        app.extensions, "lab_settings", replace(app.extensions["lab_settings"], cases_secret_file=str(secret))
    )

    assert "hemmelig-passord" not in type_in("settings").output


def test_check_ends_well_when_all_is_well(session, type_in, at_standin):
    answer = type_in("check")

    assert answer.output.startswith("OK    Arkivet svarer (geointegrasjon, ")
    assert answer.exit_code == 0, answer.output


def test_check_notices_that_our_clock_is_wrong(session, type_in, at_standin, clock):
    clock["now"] += timedelta(minutes=9)

    assert "FEIL  Klokka vår og arkivets klokke er 9 minutter fra hverandre." in type_in("check").output


def test_check_names_the_twins_and_how_to_choose(session, type_in, at_standin):
    case = opened(archive_at(at_standin), "energi")
    at_standin.open_case("Smart Narvik, energi", number="2026/300")
    at_standin.open_case("Smart Narvik, energi", number="2026/400")
    type_in("use", "energi", case.number)
    type_in("use", "mobilitet", "2019/1")

    answer = type_in("check")

    assert answer.exit_code == 1
    assert f"OK    «Smart Narvik, energi» ligger i sak {case.number}." in answer.output
    assert "FEIL  Saken 2019/1 (mobilitet) finnes ikke i arkivet." in answer.output


def test_check_says_when_nobody_answers(session, type_in):
    assert type_in("check").exit_code == 2


def test_check_writes_only_where_it_is_told(session, type_in):
    assert type_in("check", "--write").exit_code == 2


@pytest.fixture
def type_in(app, monkeypatch):
    """Type `flask cases ...`; the archive is a closed port unless at_standin is asked for."""
    away = "http://127.0.0.1:9/"
    settings = replace(app.extensions["lab_settings"], cases_read_url=away, cases_write_url=away)
    monkeypatch.setitem(app.extensions, "lab_settings", settings)
    return lambda *words: app.test_cli_runner().invoke(args=["cases", *words])


@pytest.fixture
def at_standin(app, type_in, standin, monkeypatch, clock, now):
    clock["now"] = datetime.fromtimestamp(time.time(), UTC)  # the stand-in's HTTP server tells the real time
    settings = replace(
        app.extensions["lab_settings"], cases_read_url=standin.read_url, cases_write_url=standin.write_url
    )
    monkeypatch.setitem(app.extensions, "lab_settings", settings)
    return standin
