"""A PostgreSQL of one test's own, that may be killed: on a unix socket only, and gone afterwards."""

import shutil
import signal
import subprocess
import time
from types import TracebackType
from typing import Self

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from ops.postgres import (
    SOCKET_NAME,
    account_for_postgres,
    address_in,
    find_binaries,
    home_for,
    make_cluster,
    reachable,
    server_words,
)
from tests.support.driver import LOOK_EVERY_S

READY_WITHIN_S = 30.0


class Cluster:
    """with Cluster() as cluster: cluster.address ... cluster.pull_the_plug(); cluster.start()."""

    def __init__(self) -> None:
        found = find_binaries()
        if found is None:
            pytest.skip("no PostgreSQL here; on Debian: sudo apt-get install -y postgresql")
        self.owner = account_for_postgres()
        self.folder = home_for(self.owner)
        self.address = address_in(self.folder)
        self.binaries = reachable(found, self.owner, self.folder)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            make_cluster(self.binaries, self.owner, self.folder)
            self.start()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._end()

    def start(self, **changed: str) -> None:
        """Start the server, after a crash with its recovery, and wait until it answers. changed: its settings."""
        words = server_words(self.binaries, self.owner, self.folder, **changed)
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(words, cwd=self.folder, stdout=log, stderr=log)
        until = time.monotonic() + READY_WITHIN_S
        while not self._answers():
            assert time.monotonic() < until, (self.folder / "server.log").read_text()[-2000:]
            time.sleep(LOOK_EVERY_S)

    def pull_the_plug(self) -> None:
        """Stop as `pg_ctl stop -m immediate` does: every process of the server ends at once, and nothing is saved."""
        self._stop(signal.SIGQUIT)

    def stop(self) -> None:
        self._stop(signal.SIGINT)

    def _stop(self, how: signal.Signals) -> None:
        process = self._process
        if process is None:
            return
        process.send_signal(how)
        process.wait(20)
        self._process = None

    def _answers(self) -> bool:
        if not (self.folder / SOCKET_NAME).exists():
            return False
        engine = create_engine(self.address)
        try:
            with engine.connect() as connection:
                return connection.execute(text("SELECT 1")).scalar() == 1
        except OperationalError:
            return False
        finally:
            engine.dispose()

    def _end(self) -> None:
        self.pull_the_plug()
        shutil.rmtree(self.folder, ignore_errors=True)
