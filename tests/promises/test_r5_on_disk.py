"""R5: before an answer says "mottatt", what was sent is on the disk: seen from outside, in the system calls."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.promises.test_r4_crash_points import a_picture
from tests.support.driver import Driver, interpreter_words

pytestmark = pytest.mark.sqlite_only
CREATED = 201
TRACED = "fsync,fdatasync,write,writev,sendto,sendmsg"
# "1234  fdatasync(7</tmp/x.sqlite-wal>) = 0", or in two lines when another thread came between:
# "1234  fdatasync(7</tmp/x.sqlite-wal> <unfinished ...>" and later "1234  <... fdatasync resumed>) = 0"
WHOLE = re.compile(r"^(\d+) +(f(?:data)?sync)\(\d+<([^>]*)>\) += 0")
BEGUN = re.compile(r"^(\d+) +(f(?:data)?sync)\(\d+<([^>]*)> <unfinished")
ENDED = re.compile(r"^(\d+) +<\.\.\. f(?:data)?sync resumed>\) += 0")
ANSWER = re.compile(r'"HTTP/1\.1 (\d{3})')
SIZES = [pytest.param(10, id="small"), pytest.param(100, id="full", marks=pytest.mark.slow)]


@pytest.mark.parametrize("posts", SIZES)
def test_what_is_acknowledged_is_on_disk_before_the_answer_leaves(drive: Callable[..., Driver], posts: int) -> None:
    if not shutil.which("strace"):
        pytest.skip("R5 looks from outside with strace, which is not here; on Debian: sudo apt-get install -y strace")
    with drive("R5") as driver:
        trace = driver.folder / "trace"
        start_traced_web(driver, trace)
        with driver.citizen() as citizen:
            citizen.fetch_token()
            for number in range(posts):
                pictures = [a_picture()] if number == 0 else []
                answer = citizen.send_idea(f"R5 idé {number}", pictures=pictures)
                assert answer.status_code == CREATED, f"R5: post {number} got {answer.status_code}"
        driver.wait(lambda: len(created(trace)) == posts, 20, "the trace does not show every answer")

        for number, synced in enumerate(created(trace)):
            assert any(name.endswith(".sqlite-wal") for name in synced), (
                f"R5: answer {number} left before the database was on disk; synced before it: {synced}"
            )
        first = created(trace)[0]
        assert sum("/quarantine" in name for name in first) >= 2, (
            f"R5: the picture and its name were not synced: {first}"
        )
        driver.start_redis()
        driver.start("relay", "reconciler", "send", "heavy")
        driver.rest(within_s=60)
        counted = driver.equation(pictures=True)
        assert counted.entries == posts, f"R5: {counted.entries} of {posts} were forwarded"


def start_traced_web(driver: Driver, trace: Path) -> None:
    module, *words = driver.web_words()
    # seccomp-bpf: only these calls stop the program, and not each of the million others
    strace = ["strace", "-f", "--seccomp-bpf", "-y", "-s", "16", "-e", f"trace={TRACED}", "-o", str(trace)]
    driver.start_outside("web", [*strace, *interpreter_words(module, *words)])
    driver.wait_for_web()


def created(trace: Path) -> list[list[str]]:
    """Return, for each answer 201 in order, the files that were synced since the answer before it."""
    answers: list[list[str]] = []
    synced: list[str] = []
    begun: dict[str, str] = {}
    for line in trace.read_text(errors="replace").splitlines():
        if whole := WHOLE.match(line):
            synced.append(whole[3])
        elif half := BEGUN.match(line):
            begun[half[1]] = half[3]
        elif (end := ENDED.match(line)) and end[1] in begun:
            synced.append(begun.pop(end[1]))
        elif answer := ANSWER.search(line):
            if answer[1] == str(CREATED):
                answers.append(synced)
            synced = []
    return answers
