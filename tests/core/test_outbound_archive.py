"""Calls to the case system: bound to one host, bounded in time and size, and clear about what may have arrived."""

import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.core.errors import ConfigurationFault, DeliveryFault, Transient, UnknownOutcome
from app.core.outbound.archive import Answer, ArchiveConnection, Credentials

ROOT = Path(__file__).resolve().parents[2]
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 4\r\n\r\n<a/>"


def test_an_answer_comes_whole_with_its_headers() -> None:
    with _server(_saying(OK)) as (url, _):
        answer = _post(url)

    assert (answer.status, answer.body, answer.headers["content-type"]) == (200, b"<a/>", "text/xml")


def test_another_host_is_never_called() -> None:
    with _server(_saying(OK)) as (url, heard), ArchiveConnection(("http://arkiv.example/a",), credentials=NOBODY,
                                                                 timeout=1) as connection:  # fmt: skip
        with pytest.raises(ConfigurationFault):
            connection.post(url, b"x", {}, writes=True)
        assert heard == []


def test_a_redirect_is_shown_and_not_followed() -> None:
    with _server(_saying(OK)) as (other, heard):
        moved = f"HTTP/1.1 302 Found\r\nLocation: {other}\r\nContent-Length: 0\r\n\r\n".encode()
        with _server(_saying(moved)) as (url, _):
            assert _post(url).status == 302
        assert heard == []


def test_a_closed_port_took_nothing() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    with pytest.raises(Transient):
        _post(f"http://127.0.0.1:{port}/")


def test_a_host_name_that_does_not_exist_is_a_matter_of_setup(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_args: object, **_more: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    with pytest.raises(ConfigurationFault):
        _post("http://arkiv.invalid/")


@pytest.mark.parametrize(("writes", "fault"), [(True, UnknownOutcome), (False, Transient)])
@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n<cut", b"tull og toys\r\n\r\n"]
)
def test_a_broken_answer_to_a_write_may_hide_that_it_was_accepted(
    answer: bytes, writes: bool, fault: type[DeliveryFault]
) -> None:
    with _server(_saying(answer)) as (url, _), pytest.raises(fault) as raised:
        _post(url, writes=writes)

    assert raised.type is fault


@pytest.mark.parametrize(("writes", "fault"), [(True, UnknownOutcome), (False, Transient)])
def test_silence_ends_in_time(writes: bool, fault: type[DeliveryFault]) -> None:
    with _server(_silent) as (url, _), pytest.raises(fault):
        _post(url, writes=writes, timeout=0.2)


def test_a_slow_drip_of_bytes_ends_in_time() -> None:
    def drip(peer: socket.socket, stop: threading.Event) -> None:
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n")
        while not stop.wait(0.05):
            peer.sendall(b"x")

    with _server(drip) as (url, _), pytest.raises(UnknownOutcome, match="for lang tid"):
        _post(url, timeout=0.3)


def test_an_answer_that_never_ends_is_cut_off() -> None:
    huge = b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + b"x" * 5000

    with _server(_saying(huge)) as (url, _), pytest.raises(UnknownOutcome, match="for stort"):
        _post(url, max_bytes=1000)


def test_a_worker_can_be_killed_when_the_request_is_out_and_nothing_has_been_read() -> None:
    program = (
        "import sys; from app.core import crash; from app.core.outbound.archive import ArchiveConnection, Credentials\n"
        "crash.arm('send.after_written')\n"
        "with ArchiveConnection((sys.argv[1],), credentials=Credentials(), timeout=5) as connection:\n"
        "    connection.post(sys.argv[1], b'<hei/>', {}, writes=sys.argv[2] == 'writes')\n"
    )
    with _server(_saying(OK)) as (url, heard):
        killed = [subprocess.run([sys.executable, "-c", program, url, word], check=False, cwd=ROOT).returncode
                  for word in ("writes", "reads")]  # fmt: skip

    assert killed == [137, 0]
    assert [b"<hei/>" in request for request in heard] == [True, True]


def test_a_password_goes_in_the_header_it_belongs_to() -> None:
    with _server(_saying(OK)) as (url, heard):
        _post(url, credentials=Credentials("basic", "lab", "hemmelig"))
        _post(url, credentials=Credentials("apikey", "", "n0kkel"))
        _post(url, credentials=Credentials("wss", "lab", "hemmelig"))

    basic, key, wss = (request.lower() for request in heard)
    assert b"authorization: basic bgfiomhlbw1lbgln" in basic
    assert b"apikey: n0kkel" in key
    assert b"authorization" not in wss


def test_a_secret_is_not_shown_when_credentials_are_printed() -> None:
    assert "hemmelig" not in repr(Credentials("basic", "lab", "hemmelig"))


NOBODY = Credentials()
Reply = Callable[[socket.socket, threading.Event], None]


def _post(
    url: str, *, writes: bool = True, timeout: float = 2, credentials: Credentials = NOBODY, max_bytes: int = 10_000
) -> Answer:
    with ArchiveConnection((url,), credentials=credentials, timeout=timeout, max_bytes=max_bytes) as connection:
        return connection.post(url, b"<hei/>", {"Content-Type": "text/xml"}, writes=writes)


def _saying(answer: bytes) -> Reply:
    def reply(peer: socket.socket, _stop: threading.Event) -> None:
        peer.sendall(answer)

    return reply


def _silent(_peer: socket.socket, stop: threading.Event) -> None:
    stop.wait(5)


@contextmanager
def _server(reply: Reply) -> Iterator[tuple[str, list[bytes]]]:
    """A server of raw bytes on loopback: reads a request, gives it to the list, replies, hangs up."""
    heard: list[bytes] = []
    stop = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.05)

    def serve() -> None:
        while not stop.is_set():
            try:
                peer, _ = listener.accept()
            except TimeoutError:
                continue
            with peer:
                peer.settimeout(2)
                text = b""
                while b"<hei/>" not in text:
                    text += peer.recv(65536)
                heard.append(text)
                try:
                    reply(peer, stop)
                except OSError:
                    continue

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/", heard
    finally:
        stop.set()
        thread.join()
        listener.close()
