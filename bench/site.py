"""Starts the app's own processes for a measurement, as `make run` does, in a folder and on ports of their own."""

import dataclasses
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Engine, create_engine, text

from app.core import sqlite
from ops.keys import make_keys
from ops.ports import LOOPBACK, answers, free_port
from ops.postgres import find_binaries, postgres
from ops.processes import ARCHIVE_PATHS, Places, application, migration, standin
from ops.redis_server import find_redis_server, plan_redis, redis_answers
from ops.supervisor import Program, Supervisor
from ops.terminal import ROOT, Stop, last_lines

OUT = ROOT / "bench" / "out"
FIRST_PORT = 8510
WITHIN_S = 90.0


@dataclass(slots=True)
class Bench:
    """One run of `make bench`. only: measured is what begins so. taken: ports given away already."""

    supervisor: Supervisor
    only: str
    taken: set[int] = field(default_factory=set)
    redis_url: str = ""

    def wants(self, *prefixes: str) -> bool:
        """Tell whether rows whose ids begin with one of `prefixes` are asked for."""
        return any(prefix.startswith(self.only) or self.only.startswith(prefix) for prefix in prefixes)

    def port(self) -> int:
        port = free_port(FIRST_PORT + len(self.taken), self.taken)
        self.taken.add(port)
        return port

    def wait_for(self, name: str, port: int, path: str | None = None) -> None:
        if not self.supervisor.wait_until(lambda: answers(LOOPBACK, port, path), WITHIN_S):
            raise Stop(f"{name} did not answer. Its log ends with:\n{last_lines(self.supervisor.log_of(name))}")

    def leaders(self, *names: str) -> dict[str, int]:
        """Return the first process of each of these programs."""
        return {name: self.supervisor.running[name].process.pid for name in names}


@dataclass(frozen=True, slots=True)
class Site:
    """An app with its own database. environment: what its processes are told."""

    bench: Bench
    places: Places
    environment: Mapping[str, str]

    @property
    def database_url(self) -> str:
        return self.environment["LAB_DATABASE_URL"]

    def engine(self) -> Engine:
        engine = create_engine(self.database_url)
        sqlite.prepare(engine)
        return engine

    def start(self, *names: str) -> None:
        """Start those of the app's processes; for web and live, wait until they answer."""
        for program in (standin(self.places), *application(self.places, with_redis=True)):
            if program.name in names:
                self.bench.supervisor.start(dataclasses.replace(program, environment=self.environment))
        for name, port, path in (
            ("standin", self.places.standin_port, None),
            ("live", self.places.live_port, None),
            ("web", self.places.port, "/readyz"),
        ):
            if name in names:
                self.bench.wait_for(name, port, path)

    def stop(self, *names: str) -> None:
        for name in names:
            self.bench.supervisor.stop_one(name)


def site(bench: Bench, name: str, *, database_url: str = "", **settings: str) -> Site:
    """Return a site with migrated, empty tables in bench/out/<name>. settings: as in app/settings.py."""
    instance = OUT / name
    shutil.rmtree(instance, ignore_errors=True)
    instance.mkdir(parents=True)
    secret, vapid = make_keys(instance)
    places = Places(instance, LOOPBACK, LOOPBACK, bench.port(), bench.port(), bench.port(), bench.port(), None)
    environment = {
        "LAB_MODE": "demo",
        "LAB_INSTANCE": str(instance),
        "LAB_DATABASE_URL": database_url or f"sqlite:///{instance / 'innbyggerlab.sqlite'}",
        "LAB_REDIS_URL": bench.redis_url,
        "LAB_PUBLIC_URL": places.public_url,
        "LAB_LIVE_URL": places.live_url,
        "LAB_SECRET_KEY_FILE": str(secret),
        "LAB_VAPID_KEY_FILE": str(vapid),
        "LAB_SMTP_URL": f"smtp://{LOOPBACK}:{places.smtp_port}",
        **{variable: places.standin_url + path for variable, path in ARCHIVE_PATHS.items()},
        **{f"LAB_{key.upper()}": value for key, value in settings.items()},
    }
    program = dataclasses.replace(migration(), environment=environment)
    if bench.supervisor.run_to_end(program) != 0:
        raise Stop(f"No tables: {last_lines(bench.supervisor.log_of(program.name))}")
    return Site(bench, places, environment)


def start_hello(bench: Bench) -> int:
    """Start the bare WSGI answer with the words that start our web process; return its port."""
    port = bench.port()
    places = Places(OUT, LOOPBACK, LOOPBACK, port, port, port, port, None)
    web = application(places, with_redis=False)[0]
    bench.supervisor.start(Program("hello", (*web.argv[:-1], "bench.hello:wsgi")))
    bench.wait_for("hello", port, "/")
    return port


@contextmanager
def with_redis(bench: Bench) -> Iterator[None]:
    """Run a Redis of our own, as `make run` does, for all sites in the block."""
    server = find_redis_server()
    if server is None:
        raise Stop("make bench measures with Redis, as production runs. Install valkey-server or redis-server.")
    folder = OUT / "redis"
    folder.mkdir(parents=True, exist_ok=True)
    plan = plan_redis(server, folder)
    bench.supervisor.start(Program("redis", plan.argv, last=True))
    if not bench.supervisor.wait_until(lambda: redis_answers(plan.socket_path), WITHIN_S):
        raise Stop("Redis did not start.")
    bench.redis_url = plan.url
    try:
        yield
    finally:
        bench.supervisor.stop_one("redis")


@contextmanager
def with_postgres(bench: Bench) -> Iterator[str]:
    """Run a PostgreSQL of our own, which waits for its disk as in production; yield the address of its superuser."""
    binaries = find_binaries()
    if binaries is None:
        raise Stop("No PostgreSQL to measure on. Run this line once:  sudo apt-get install -y postgresql")
    with postgres(bench.supervisor, binaries) as address:
        yield address


def new_database(address: str, name: str) -> str:
    """Make an empty database on the server at `address` and return its address."""
    engine = create_engine(address, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return address.replace("/postgres?", f"/{name}?")


def environment_of_bench() -> dict[str, str]:
    """Return the environment of all processes: none of a real deployment's settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LAB_", "PG"))}
    path = f"{Path(sys.executable).parent}{os.pathsep}{kept.get('PATH', os.defpath)}"
    return kept | {"PATH": path, "PYTHONUNBUFFERED": "1"}
