"""`make run`: the whole app on this machine, asking nothing. Usage: python -m ops.run [--port 8000] [--lan]."""

import argparse
import fcntl
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from ops.ports import LOOPBACK, answers, free_port, lan_address, require_free
from ops.processes import ARCHIVE_PATHS, Places, application, demo_data, migration, standin
from ops.redis_server import RedisPlan, find_redis_server, plan_redis, redis_answers
from ops.setup import digest_of, read_stamp
from ops.supervisor import Program, StoppedBySignal, Supervisor, environment_without_ours
from ops.terminal import ROOT, Stop, already, in_sentences, last_lines, relative, say, step

READY_WITHIN_S = 60.0
SERVICE_WITHIN_S = 20.0
EVERYWHERE = "0.0.0.0"  # noqa: S104 - only with LAN=1, which the person asked for
STAFF_ADDRESS = "per@demo.narvik.example"
FIRST = ("web", "live")
VERSIONS = ROOT / "migrations" / "versions"
SCHEMAS = ROOT.parent / "shared" / "data"

PRINT_QR = "import segno, sys; segno.make(sys.argv[1]).terminal(compact=True, border=2)"
LAN_TEXT = """
  The phone must be in the same network. Over plain http, pages, forms and signing in work there.
  Installing the app, push messages and working offline do not: browsers allow those over https only.
  Everybody in this network can open the address. Stop with Ctrl-C when you have shown it.
"""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the person asked for on the command line."""

    port: int
    lan: bool


def main() -> int:
    wish = parse(sys.argv[1:])
    instance = make_instance(Path(os.environ.get("LAB_INSTANCE") or ROOT / "instance").resolve())
    with only_one(instance):
        places = find_places(wish, instance)
        redis = None if os.environ.get("LAB_REDIS_URL") else redis_plan(instance)
        try:
            return run(places, redis, environment_of(places, redis, keys_in(instance)))
        finally:
            if redis is not None and redis.socket_path.parent != instance:
                remove_folder(redis.socket_path.parent)


def run(places: Places, redis: RedisPlan | None, environment: Mapping[str, str]) -> int:
    """Start everything, stay until somebody asks to stop, and stop everything. Returns the exit status."""
    with Supervisor(environment=environment, logs=places.instance / "log") as supervisor:
        try:
            start(supervisor, places, redis)
            greet(places)
            supervisor.tend_for_ever()
        except StoppedBySignal as wish:
            say("\nStopping ...")
            supervisor.stop()
            say("Everything that was started is stopped.")
            return 0 if wish.number == signal.SIGINT else 128 + wish.number
    return 0


def start(supervisor: Supervisor, places: Places, redis: RedisPlan | None) -> None:
    """Start in this order: what the others need, the tables, the demo data, the pages, the background work.

    The pages do not wait for the background work: it is there long before an idea's 10 s of «Angre» are over.
    """
    if redis is not None:
        supervisor.start(Program("redis", redis.argv, last=True))
    supervisor.start(standin(places))
    fill_database(supervisor, places.instance)
    with_redis = redis is not None or bool(os.environ.get("LAB_REDIS_URL"))
    if not with_redis:
        already("Redis", "none here: goes on without, and work is taken within 15 s instead of at once")
    with step("Processes") as note:
        if redis is not None:
            wait_for(supervisor, "redis", lambda: redis_answers(redis.socket_path), SERVICE_WITHIN_S)
        programs = application(places, with_redis=with_redis)
        for program in programs:
            if program.name in FIRST:
                supervisor.start(program)
        wait_for(supervisor, "standin", lambda: answers(LOOPBACK, places.standin_port), SERVICE_WITHIN_S)
        wait_for(supervisor, "live", lambda: answers(LOOPBACK, places.live_port), READY_WITHIN_S)
        wait_for(supervisor, "web", lambda: answers(LOOPBACK, places.port, "/readyz"), READY_WITHIN_S)
        for program in programs:
            if program.name not in FIRST:
                supervisor.start(program)
        note.text = f"{len(supervisor.running)} started"


def fill_database(supervisor: Supervisor, instance: Path) -> None:
    """Bring the tables to head and fill in the demo. What a look at the file shows to be done is not done again."""
    made_from = instance / "demo-made-from"
    demo = digest_of([ROOT / "app" / "demo.py"])
    if at_head(instance):
        already("Database", "up to date")
    else:
        made_from.unlink(missing_ok=True)
        with step("Database"):
            once(supervisor, migration(), "The database could not be brought up to date.")
    if read_stamp(made_from) == demo:
        already("Demo data")
        return
    with step("Demo data"):
        once(supervisor, demo_data(), "The demo data could not be stored.")
    made_from.write_text(demo)


def at_head(instance: Path) -> bool:
    """Whether the SQLite in `instance` says it has the newest migration; False when another database is used."""
    database = instance / "innbyggerlab.sqlite"
    if os.environ.get("LAB_DATABASE_URL") or not database.exists():
        return False
    newest = max((path.name[:4] for path in VERSIONS.glob("[0-9][0-9][0-9][0-9]_*.py")), default="")
    try:
        with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
            return connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(newest,)]
    except sqlite3.Error:  # no such table yet, or not readable: the migration will say what is wrong
        return False


def once(supervisor: Supervisor, program: Program, complaint: str) -> None:
    status = supervisor.run_to_end(program)
    if status != 0:
        log = supervisor.log_of(program.name)
        raise Stop(f"{complaint} {relative(log)} ends with:\n{last_lines(log)}")


def wait_for(supervisor: Supervisor, name: str, ready: Callable[[], bool], within_s: float) -> None:
    if not supervisor.wait_until(ready, within_s):
        log = supervisor.log_of(name)
        raise Stop(f"{name} did not answer within {within_s:.0f} s. {relative(log)} ends with:\n{last_lines(log)}")


def parse(words: list[str]) -> Wish:
    parser = argparse.ArgumentParser(prog="make run")
    parser.add_argument("--port", default="8000")
    parser.add_argument("--lan", action="store_true")
    given = parser.parse_args(words)
    if not given.port.isdecimal() or not 1024 <= int(given.port) <= 65000:  # noqa: PLR2004 - room for the ports after it
        raise Stop(f"PORT={given.port} is not a port to use here: take a number from 1024 to 65000.")
    return Wish(int(given.port), given.lan)


def make_instance(instance: Path) -> Path:
    instance.mkdir(parents=True, exist_ok=True)
    instance.chmod(0o700)
    return instance


@contextmanager
def only_one(instance: Path) -> Iterator[None]:
    """Hold the instance folder for as long as we run; the system lets go of it however we end."""
    with (instance / "run.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip()
            raise Stop(
                f"make run is already running here (process {holder}). Stop it with Ctrl-C there first."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def find_places(wish: Wish, instance: Path) -> Places:
    """Choose the ports: PORT for web, the next one for live, and any free ones for what only this machine meets."""
    host = EVERYWHERE if wish.lan else LOOPBACK
    public_host = lan_address() if wish.lan else LOOPBACK
    for port in (wish.port, wish.port + 1):
        require_free(port, host)
    standin_port = free_port(wish.port + 2, ())
    smtp_port = free_port(wish.port + 3, (standin_port,))
    schemas = SCHEMAS if SCHEMAS.is_dir() else None
    return Places(instance, host, public_host, wish.port, wish.port + 1, standin_port, smtp_port, schemas)


def redis_plan(instance: Path) -> RedisPlan | None:
    server = find_redis_server()
    return None if server is None else plan_redis(server, instance)


def keys_in(instance: Path) -> tuple[Path, Path]:
    """Return (session secret, VAPID key); the first start makes them."""
    secret, vapid = instance / "secret-key", instance / "vapid.pem"
    if not (secret.exists() and vapid.exists()):
        with step("Keys", "making"):
            words = (sys.executable, "-m", "ops.keys", str(instance))
            made = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
        if made.returncode != 0:
            raise Stop(made.stderr.strip() or "The keys could not be made.")
    return secret, vapid


def environment_of(places: Places, redis: RedisPlan | None, keys: tuple[Path, Path]) -> dict[str, str]:
    """Return what every process of ours is told; what the person has set for push, Redis and the like is kept."""
    given = environment_without_ours()
    ours = {
        "LAB_MODE": "demo",
        "LAB_INSTANCE": str(places.instance),
        "LAB_PUBLIC_URL": places.public_url,
        "LAB_LIVE_URL": places.live_url,
        "LAB_SECRET_KEY_FILE": str(keys[0]),
        "LAB_VAPID_KEY_FILE": str(keys[1]),
        "LAB_SMTP_URL": f"smtp://{LOOPBACK}:{places.smtp_port}",
        "LAB_STATUS_EVERY": given.get("LAB_STATUS_EVERY", "10"),
        "LAB_LAN": "1" if places.host == EVERYWHERE else "0",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{given.get('PATH', os.defpath)}",
        "PYTHONUNBUFFERED": "1",
    }
    ours |= {name: places.standin_url + path for name, path in ARCHIVE_PATHS.items()}
    if redis is not None:
        ours["LAB_REDIS_URL"] = redis.url
    return given | ours


def greet(places: Places) -> None:
    say(f"""
  Innbyggerlab is open:    {places.public_url}
  Sign in as staff (Per):  {places.public_url}/logg-inn with {STAFF_ADDRESS}; the code comes to the post page
  Archive stand-in:        {places.standin_url}
  Post (all mail stays):   {places.standin_url}/post
  Logs:                    {relative(places.instance / "log")}/""")
    if places.host == EVERYWHERE:
        say()
        subprocess.run((sys.executable, "-c", PRINT_QR, places.public_url), check=False)
        say(LAN_TEXT.rstrip())
    say("\n  Ctrl-C stops everything.\n")


def remove_folder(folder: Path) -> None:
    with suppress(OSError):
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()


if __name__ == "__main__":
    sys.exit(in_sentences(main))
