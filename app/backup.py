"""A backup that can be put back: flask backup FILE."""

import subprocess
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy.engine import make_url

from app.settings import Settings
from app.web.extensions import db


@click.command("backup")
@click.argument("target", type=click.Path(dir_okay=False, path_type=Path))
@with_appcontext
def backup(target: Path) -> None:
    """Write the whole database to TARGET, while it is in use; encrypted when LAB_BACKUP_RECIPIENTS says to whom."""
    settings: Settings = current_app.extensions["lab_settings"]
    if target.exists():
        raise SystemExit(f"{target} is there already. Choose another name.")
    write_backup(settings, target)
    click.echo(f"{target}: {target.stat().st_size} bytes")


def write_backup(settings: Settings, target: Path) -> None:
    """Write the database to `target`: SQLite by VACUUM INTO, PostgreSQL by pg_dump's custom format.

    LAB_BACKUP_RECIPIENTS: age public keys, separated by blanks; then `target` is an age file, and the plain copy
    beside it is removed.
    """
    recipients = settings.backup_recipients.split()
    plain = target.with_name(target.name + ".plain") if recipients else target
    plain.touch(mode=0o600)
    try:
        _dump(settings.database, plain)
        if recipients:
            _encrypt(plain, target, recipients)
    finally:
        if recipients:
            plain.unlink(missing_ok=True)


def _dump(url: str, target: Path) -> None:
    if url.startswith("sqlite"):
        target.unlink()
        raw = db.engine.raw_connection()
        try:
            raw.cursor().execute("VACUUM INTO ?", (str(target),))
        finally:
            raw.close()
        target.chmod(0o600)
        return
    plain_url = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    done = subprocess.run(
        ["pg_dump", "--format=custom", f"--file={target}", "--dbname", plain_url],
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise SystemExit(f"pg_dump did not finish: {done.stderr.strip().splitlines()[-1:]}")


def _encrypt(plain: Path, target: Path, recipients: list[str]) -> None:
    import pyrage  # noqa: PLC0415 - only those who encrypt need it

    keys = [pyrage.x25519.Recipient.from_str(recipient) for recipient in recipients]
    pyrage.encrypt_file(str(plain), str(target), keys)
    target.chmod(0o600)
