"""A backup is put back, and nothing is sent twice: flask restore FILE, or --by-hand for one that lies there already."""

import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import click
from flask.cli import with_appcontext
from flask_migrate import upgrade
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from app.cases.cli import mark_restored
from app.core import sqlite
from app.files.store import picture_store, sync
from app.outbox import watermark
from app.personal import ledger, service
from app.settings import Settings
from app.web.context import now
from app.web.extensions import db, settings
from app.web.transaction import writing

AGE = b"age-encryption.org/"


@click.command("restore")
@click.argument("source", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--key", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Fila med age-nøkkelen.")
@click.option("--by-hand", is_flag=True, help="Kopien er alt lagt på plass for hånd.")
@click.option("--yes", is_flag=True, help="Ikke spør først.")
@with_appcontext
def restore(source: Path | None, key: Path | None, by_hand: bool, yes: bool) -> None:
    """Hent databasen fra SOURCE. Ingenting blir sendt to ganger, og den som er slettet, blir slettet igjen.

    Stopp alle prosesser først. Det som er kommet etter at kopien ble tatt, går tapt.
    """
    if by_hand == (source is not None):
        raise click.UsageError("Si hvilken fil, eller --by-hand når kopien alt ligger på plass.")
    if source is not None:
        if not yes:
            click.confirm("Alt som er kommet etter at kopien ble tatt, går tapt. Vil du fortsette?", abort=True)
        with _plain(source, key) as plain:
            _put_back(settings(), plain)
        click.echo(f"Databasen er hentet fra {source}.")
    upgrade()
    make_ready(settings())
    click.echo("Klart. Start alle prosesser, og kjør flask check.")


def make_ready(given: Settings) -> None:
    """Do what a database that was put back needs before the site opens.

    The mark is lowered last: until then the workers forward nothing, whatever happens here.
    """
    with writing() as session:
        click.echo(mark_restored(session, given, since=None))
        erased = service.replay(
            session,
            ledger.subjects_in(given.instance),
            store=picture_store(given),
            instance=given.instance,
            now=now(),
        )
        click.echo(f"{erased} som har bedt om å bli slettet, er slettet igjen.")
    if not sqlite.scrub(db.engine):
        raise SystemExit("Noen bruker databasen. Stopp alle prosesser, og kjør flask restore --by-hand.")
    with Session(db.engine) as session:
        watermark.lower(session, given.instance)


@contextmanager
def _plain(source: Path, key: Path | None) -> Iterator[Path]:
    """Give the backup as a file that can be read; one that was opened for it is gone afterwards."""
    with source.open("rb") as file:
        sealed = file.read(len(AGE)) == AGE
    if not sealed:
        yield source
        return
    if key is None:
        raise click.UsageError("Kopien er låst. Si hvor nøkkelen ligger med --key.")
    opened = settings().instance.resolve() / "restore.plain"
    opened.unlink(missing_ok=True)
    opened.touch(mode=0o600)
    try:
        _unseal(source, opened, key)
        yield opened
    finally:
        opened.unlink(missing_ok=True)


def _unseal(source: Path, target: Path, key: Path) -> None:
    import pyrage  # noqa: PLC0415 - only those who encrypt need it

    lines = [line.strip() for line in key.read_text().splitlines()]
    try:
        keys = [pyrage.x25519.Identity.from_str(line) for line in lines if line and not line.startswith("#")]
        pyrage.decrypt_file(str(source), str(target), keys)
    except (pyrage.IdentityError, pyrage.DecryptError):
        raise SystemExit(f"{key} åpner ikke {source}.") from None


def _put_back(given: Settings, plain: Path) -> None:
    if given.database.startswith("sqlite"):
        _put_back_sqlite(Path(make_url(given.database).database or ""), plain)
        return
    _nobody_else_on_postgresql()
    db.engine.dispose()
    url = make_url(given.database).set(drivername="postgresql").render_as_string(hide_password=False)
    words = ["pg_restore", "--clean", "--if-exists", "--no-owner", "--single-transaction", "--dbname", url, str(plain)]
    done = subprocess.run(words, check=False, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"Kopien kunne ikke hentes: {done.stderr.strip().splitlines()[-1:]}")


def _nobody_else_on_postgresql() -> None:
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with Session(db.engine) as session:
        if session.scalar(text(others)):
            raise SystemExit("Noen bruker databasen. Stopp alle prosesser først.")


def _put_back_sqlite(target: Path, plain: Path) -> None:
    """Lay the copy in the place of the database, whole or not at all."""
    _is_whole(plain)
    db.engine.dispose()
    _nobody_else_on_sqlite(target)
    half = target.with_name(target.name + ".half")
    shutil.copyfile(plain, half)
    half.chmod(0o600)
    sync(half)
    for end in ("-wal", "-shm"):  # of the old one: they would be read into the new
        target.with_name(target.name + end).unlink(missing_ok=True)
    half.replace(target)
    sync(target.parent)


def _is_whole(plain: Path) -> None:
    try:
        with closing(sqlite3.connect(f"{plain.resolve().as_uri()}?mode=ro", uri=True)) as copy:
            said = copy.execute("PRAGMA integrity_check").fetchone()[0]
            copy.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.DatabaseError as fault:
        raise SystemExit(f"{plain.name} er ikke en kopi av databasen: {fault}") from None
    if said != "ok":
        raise SystemExit(f"{plain.name} er skadet: {said}")


def _nobody_else_on_sqlite(target: Path) -> None:
    """Leaving the write-ahead log needs the file alone, so it is refused while anybody has it open."""
    with closing(sqlite3.connect(target, timeout=0)) as old:
        try:
            old.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.OperationalError:
            raise SystemExit("Noen bruker databasen. Stopp alle prosesser først.") from None
        except sqlite3.DatabaseError:
            return  # it is broken: that is why somebody restores
