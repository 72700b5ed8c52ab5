"""The processes of `make run`, as a table: what runs, with which words."""

import sys
from dataclasses import dataclass
from pathlib import Path

from ops.ports import LOOPBACK
from ops.supervisor import Program

ARCHIVE_PATHS = {
    "LAB_CASES_READ_URL": "/ArkivInnsynService.svc/ArkivInnsynService",
    "LAB_CASES_WRITE_URL": "/ArkivOppdateringService.svc/ArkivOppdateringService",
}
GRANIAN = (sys.executable, "-m", "granian", "--factory", "--log-level", "warning")
# Two threads in one process hand the lock of the interpreter to and fro at each row: a page costs half as much again.
TWO_PROCESSES = ("--workers", "2", "--blocking-threads", "1")
FLASK = (sys.executable, "-m", "flask", "--app", "app.factory")


@dataclass(frozen=True, slots=True)
class Places:
    """Where everything of one `make run` is met. host: what web and live listen on; public_host: what people type."""

    instance: Path
    host: str
    public_host: str
    port: int
    live_port: int
    standin_port: int
    smtp_port: int
    schemas: Path | None

    @property
    def public_url(self) -> str:
        return f"http://{self.public_host}:{self.port}"

    @property
    def live_url(self) -> str:
        return f"http://{self.public_host}:{self.live_port}"

    @property
    def standin_url(self) -> str:
        return f"http://{LOOPBACK}:{self.standin_port}"


def migration() -> Program:
    return Program("migrate", (*FLASK, "db", "upgrade"))


def demo_data() -> Program:
    return Program("demo", (*FLASK, "demo"))


def standin(places: Places) -> Program:
    """The archive's stand-in and the demo's post office. Always on 127.0.0.1: it shows everybody's mail."""
    words = ["--port", str(places.standin_port), "--smtp-port", str(places.smtp_port)]
    words += ["--state", str(places.instance / "standin.sqlite")]
    if places.schemas is not None:
        words += ["--schemas", str(places.schemas)]
    return Program("standin", (sys.executable, "-m", "app.cases.standin", *words))


def application(places: Places, *, with_redis: bool) -> tuple[Program, ...]:
    """Return the application's own processes. Without Redis nothing rings a worker: the reconciler does their work."""
    web = ("--interface", "wsgi", "--host", places.host, "--port", str(places.port), *TWO_PROCESSES)
    live = ("--interface", "asgi", "--host", places.host, "--port", str(places.live_port))
    always = (
        Program("web", (*GRANIAN, *web, "app.factory:wsgi")),
        Program("live", (*GRANIAN, *live, "app.live:asgi")),
        Program("relay", (sys.executable, "-m", "workers.relay")),
        Program("reconciler", (sys.executable, "-m", "workers.reconciler")),
    )
    rung = tuple(
        Program(f"worker_{queue}", (sys.executable, "-m", "workers.process", queue))
        for queue in ("send", "push", "heavy")
    )
    return (*always, *rung) if with_redis else always
