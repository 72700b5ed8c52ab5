"""flask audit: is the log whole, and what is its newest line."""

from collections.abc import Sequence

import click
from flask import Flask
from flask.cli import AppGroup

from app.audit import anchors, query
from app.audit.query import Head, read_head
from app.web.extensions import session, settings

audit = AppGroup("audit", help="Hendelsesloggen: er den hel?")


def register(app: Flask) -> None:
    """Hang the group on `flask`."""
    app.cli.add_command(audit)


@audit.command()
@click.option("--head", "heads", multiple=True, help="Nummer og hash fra arkivet: 120:9f3a... Kan gis flere ganger.")
def verify(heads: Sequence[str]) -> None:
    """Regn gjennom hele loggen, og si hva som ikke stemmer."""
    found = query.faults(session(), [*_kept(), *(_read(text) for text in heads)])
    for fault in found:
        click.echo(fault)
    if found:
        raise SystemExit(1)
    newest = query.head(session())
    click.echo(f"Loggen er hel: {newest.nr} linjer. Nyeste: {newest}" if newest else "Loggen er hel, og tom.")


@audit.command()
def head() -> None:
    """Vis den nyeste linjas nummer og hash."""
    newest = query.head(session())
    click.echo(str(newest) if newest else "Loggen er tom.")


def _kept() -> Sequence[Head]:
    try:
        return anchors.kept(settings().instance)
    except ValueError:
        raise SystemExit(
            f"{settings().instance / anchors.FILE} kan ikke leses. Hent den fra en sikkerhetskopi."
        ) from None


def _read(text: str) -> Head:
    try:
        return read_head(text)
    except ValueError:
        raise click.UsageError(f"«{text}» er ikke nummer og hash, som 120:9f3a...") from None
