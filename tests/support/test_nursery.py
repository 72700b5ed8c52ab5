"""The checks of promises.md stand on this: what they start can be killed, whenever that is."""

import os
import signal
from pathlib import Path

from tests.support.nursery import Nursery

TIMES = 50


def test_whoever_pulls_the_plug_in_the_moment_of_the_start_finds_a_process(tmp_path: Path) -> None:
    with Nursery() as nursery:
        for _ in range(TIMES):
            pid = nursery.start("workers.relay", environment={}, log=tmp_path / "relay.log")

            os.killpg(pid, signal.SIGKILL)
