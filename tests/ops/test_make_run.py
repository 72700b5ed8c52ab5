"""`make run` refuses in one sentence, and never with a traceback."""

import fcntl
import os
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ops.keys import make_keys
from ops.ports import free_port, is_free
from ops.redis_server import SOCKET_PATH_BYTES, find_redis_server, plan_redis, redis_answers
from ops.terminal import Stop, in_sentences

ROOT = Path(__file__).resolve().parents[2]
Start = Callable[..., "subprocess.CompletedProcess[str]"]


def test_a_port_that_is_taken_gives_one_sentence(start: Start, taken_port: int) -> None:
    ended = start("--port", str(taken_port))

    assert ended.returncode == 1
    assert ended.stdout == ""
    assert ended.stderr.strip() == (
        f"Port {taken_port} is taken by another program. Choose another one: make run PORT={taken_port + 10}"
    )


@pytest.mark.parametrize("port", ["abc", "80", "70000", "-1"])
def test_a_port_that_is_none_gives_one_sentence(start: Start, port: str) -> None:
    ended = start(f"--port={port}")

    assert ended.returncode == 1
    assert ended.stderr.strip() == f"PORT={port} is not a port to use here: take a number from 1024 to 65000."


def test_a_second_run_in_the_same_folder_is_told_of_the_first(start: Start, instance: Path) -> None:
    with (instance / "run.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        held.write("4711")
        held.flush()

        ended = start("--port", "18000")

    assert ended.returncode == 1
    assert ended.stderr.strip() == "make run is already running here (process 4711). Stop it with Ctrl-C there first."


def test_a_full_disk_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    def fill() -> int:
        with Path("/dev/full").open("w") as full:
            full.write("more than there is room for")
        return 0

    assert in_sentences(fill) == 1
    assert capsys.readouterr().err.strip() == "The disk is full: make room and run the same command again."


def test_what_stops_the_work_is_said_and_nothing_more(capsys: pytest.CaptureFixture[str]) -> None:
    def stop() -> int:
        raise Stop("There is no wind today.")

    assert in_sentences(stop) == 1
    assert capsys.readouterr().err.strip() == "There is no wind today."


def test_an_old_python_is_named(tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text('#!/bin/sh\nif [ "$1" = --version ]; then echo "Python 3.9.2"; else exit 1; fi\n')
    old.chmod(0o755)

    ended = subprocess.run(
        ["/bin/sh", str(ROOT / "ops" / "python.sh"), "-m", "ops.setup"],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 1
    assert ended.stderr.startswith("Innbyggerlab needs Python 3.11, 3.12 or 3.13, and found: Python 3.9.2.")
    assert ended.stderr.count("\n") == 1


def test_the_keys_are_ours_alone_marked_dev_and_made_once(instance: Path) -> None:
    secret, vapid = make_keys(instance)
    first = secret.read_bytes(), vapid.read_bytes()

    make_keys(instance)

    assert (secret.read_bytes(), vapid.read_bytes()) == first
    assert secret.read_text().startswith("DEV-")
    assert vapid.read_text().startswith("DEV ")
    assert {stat.S_IMODE(path.stat().st_mode) for path in (secret, vapid)} == {0o600}


def test_redis_rings_on_a_socket_that_is_short_enough_wherever_the_folder_lies(tmp_path: Path) -> None:
    deep = tmp_path / ("a" * 60) / ("b" * 60)
    deep.mkdir(parents=True)
    server = find_redis_server()
    assert server is not None

    plan = plan_redis(server, deep)

    assert len(str(plan.socket_path).encode()) <= SOCKET_PATH_BYTES
    with subprocess.Popen(plan.argv, stdout=subprocess.DEVNULL) as redis:
        while not redis_answers(plan.socket_path):
            assert redis.poll() is None
        redis.terminate()
    assert (deep / "redis" / "appendonlydir").is_dir()


def test_a_wished_port_is_given_when_it_is_free_and_another_when_it_is_not(taken_port: int) -> None:
    assert not is_free(taken_port)
    other = free_port(taken_port, ())
    assert other != taken_port
    assert is_free(other)
    assert free_port(other, (other,)) != other


@pytest.fixture
def instance(tmp_path: Path) -> Path:
    folder = tmp_path / "instance"
    folder.mkdir()
    return folder


@pytest.fixture
def start(instance: Path) -> Start:
    """Start the launcher of `make run` with these words, in an instance folder of the test's own."""

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "ops.run", *words],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "LAB_INSTANCE": str(instance)},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    return run


@pytest.fixture
def taken_port() -> Iterator[int]:
    with closing(socket.create_server(("127.0.0.1", 0))) as somebody:
        yield somebody.getsockname()[1]
