"""The pages for people, the door, and what a start refuses."""

import base64
import http.client
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cases.standin.messages import Reply, call, envelope, new_document, new_entry, send
from tests.support.standin import ROOT, Standin

PAGES = ("/", "/sak/3001", "/kall", "/kall/1", "/skript", "/post", "/finnes-ikke")


@pytest.mark.parametrize("path", PAGES)
def test_every_page_says_it_is_no_real_archive(browse: Callable[..., Reply], standin: Standin, path: str) -> None:
    call(standin, "NyJournalpost", new_entry())

    page = browse("GET", path)

    assert "ØVINGSARKIV – ikke ekte" in page.body.decode()
    assert "default-src 'none'" in page.headers["content-security-policy"]


def test_per_answers_a_letter_with_one_button(browse: Callable[..., Reply], standin: Standin) -> None:
    call(standin, "NyJournalpost", new_entry("INL-A"))

    pressed = browse("POST", "/journalpost/5444/besvart", "maate=TLF&fra=arkiv")

    assert (pressed.status, pressed.headers["location"]) == (303, "/?gjort=besvart#jp-5444")
    incoming, outgoing = standin.state()["entries"]
    assert (incoming["status"], incoming["replies"][0]["code"], outgoing["kind"]) == ("J", "TLF", "U")


def test_a_citizens_words_are_only_words(browse: Callable[..., Reply], standin: Standin) -> None:
    call(standin, "NyJournalpost", new_entry(title="<script>alert(1)</script>"))

    assert b"<script>alert" not in browse("GET", "/").body


def test_the_public_journal_shows_no_shielded_name_and_no_inner_title(
    browse: Callable[..., Reply], standin: Standin
) -> None:
    call(standin, "NyJournalpost", new_entry("INL-A", title="Innspill: Kari sin helse", shielded=True))
    waiting = public_side(browse("GET", "/"))
    standin.advance("journalfor", entry="INL-A")
    shown = public_side(browse("GET", "/"))

    assert "Vises ikke ennå" in waiting
    assert "Innspill til Ideer" in shown
    assert "*****" in shown
    assert "Kari" not in shown


def test_a_document_of_an_unknown_kind_is_downloaded_and_not_shown(
    browse: Callable[..., Reply], standin: Standin
) -> None:
    call(standin, "NyJournalpost", new_entry())
    body = envelope("NyDokument", new_document("5444", content=b"<script>"))
    send(standin, "NyDokument", body.replace(b"application/pdf", b"text/html"))

    page = browse("GET", "/dokument/9001")

    assert (page.headers["content-type"], page.headers["x-content-type-options"]) == (
        "application/octet-stream",
        "nosniff",
    )


def test_closing_a_case_twice_or_an_unknown_button_breaks_nothing(
    browse: Callable[..., Reply], standin: Standin
) -> None:
    call(standin, "NyJournalpost", new_entry())

    assert [browse("POST", "/sak/3001/avslutt").status for _ in range(2)] == [303, 303]
    assert browse("POST", "/journalpost/5444/besvart").status == 409
    assert browse("POST", "/journalpost/5444/tull").status == 404
    assert browse("POST", "/journalpost/1/besvart").status == 404


def test_another_site_cannot_press_the_buttons(browse: Callable[..., Reply], standin: Standin) -> None:
    stranger = {"Origin": "http://ond.example"}

    assert browse("POST", "/nullstill", headers=stranger).status == 403
    assert browse("GET", "/_mails", headers={"Host": "ond.example"}).status == 403
    assert len(standin.state()["cases"]) == 1


def test_the_right_password_opens_and_the_wrong_one_does_not(tmp_path: Path) -> None:
    with Standin(tmp_path, user="lab", password="hemmelig æ") as locked:
        body = envelope("HentKodeliste", "<i:kodelistenavn>Format</i:kodelistenavn>")
        right, wrong = basic("lab:hemmelig æ"), basic("lab:feil")

        statuses = [send(locked, "HentKodeliste", body, headers=given).status for given in ({}, wrong, right)]

    assert statuses == [401, 401, 200]


def test_what_was_filed_is_there_after_a_restart(tmp_path: Path) -> None:
    with Standin(tmp_path) as archive:
        archive.open_case("Smart Narvik, mobilitet", number="2026/211")
        call(archive, "NyJournalpost", new_entry("INL-A"))
        archive.stop()
        archive.start()

        assert archive.state()["entries_per_key"] == {"INL-A": 1}


def test_without_schemas_it_runs_and_says_so(tmp_path: Path) -> None:
    with Standin(tmp_path, strict=False) as archive:
        connection = http.client.HTTPConnection("127.0.0.1", archive.port, timeout=5)
        connection.request("GET", "/")
        page = connection.getresponse().read().decode()
        connection.close()

    assert "Uten skjemakontroll" in page


@pytest.mark.parametrize(
    ("mode", "words", "says"),
    [("production", [], "LAB_MODE=production"), ("demo", ["--schemas", "/finnes-ikke"], "skjema mangler")],
)
def test_it_refuses_to_start_in_one_sentence(tmp_path: Path, mode: str, words: list[str], says: str) -> None:
    start = [sys.executable, "-m", "app.cases.standin", "--port", "0", "--smtp-port", "0"]
    start += ["--state", str(tmp_path / "s.sqlite"), *words]

    ended = subprocess.run(
        start, cwd=ROOT, env={**os.environ, "LAB_MODE": mode}, capture_output=True, text=True, timeout=20, check=False
    )

    assert (ended.returncode, ended.stdout) == (1, "")
    assert says in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


def basic(login: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(login.encode()).decode()}"}


def public_side(page: Reply) -> str:
    return page.body.decode().partition("Offentlig journal</h4>")[2].partition('<div class="buttons"')[0]


@pytest.fixture
def browse(standin: Standin) -> Callable[..., Reply]:
    """Ask for a page as a browser would; redirects are not followed."""

    def ask(method: str, path: str, form: str = "", *, headers: dict[str, str] | None = None) -> Reply:
        connection = http.client.HTTPConnection("127.0.0.1", standin.port, timeout=5)
        usual = {"Content-Type": "application/x-www-form-urlencoded", "Origin": standin.url}
        connection.request(method, path, form.encode(), usual | (headers or {}))
        answer = connection.getresponse()
        reply = Reply(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        connection.close()
        return reply

    return ask
