"""flask cases: is the archive well, which codes are in force, which case do letters lie in."""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime

import click
from flask import Flask, current_app
from flask.cli import AppGroup
from sqlalchemy.orm import Session

from app.cases import query, service
from app.cases.adapters import build_archive
from app.cases.client import CaseArchive, Finding, Level
from app.cases.codes import START_VALUES
from app.core.errors import DeliveryFault, RuleBroken
from app.outbox import service as outbox
from app.settings import Settings
from app.web.context import now
from app.web.extensions import session
from app.web.transaction import writing

cases = AppGroup("cases", help="Sakssystemet: sjekk, koder og saker.")
FINE, SOMETHING_TO_FIX, NO_CONTACT = 0, 1, 2
ROLE = "kommandolinje"


def register(app: Flask) -> None:
    """Hang the group on `flask`."""
    app.cli.add_command(cases)


def _settings() -> Settings:
    settings: Settings = current_app.extensions["lab_settings"]
    return settings


@cases.command()
@click.option("--write", is_flag=True, help="Skriv også én merket prøve.")
@click.option("--case", "case_number", help="Saken prøven skal ligge i, for eksempel 2026/999.")
def check(write: bool, case_number: str | None) -> None:
    """Spør arkivet, og si hva som er galt."""
    if write and not case_number:
        raise click.UsageError("--write trenger --case, for eksempel --case 2026/999.")
    codes = query.settings_in_force(session(), _settings())
    folders = query.all_folders(session(), codes)
    session().rollback()
    archive = build_archive(_settings(), lambda: codes, now)
    found = archive.check(write_to=case_number if write else None)
    if not any(finding.no_contact for finding in found):
        found += _folder_findings(archive, folders)
    archive.close()
    for finding in found:
        click.echo(f"{finding.level.value:<5} {finding.sentence}")
    if any(finding.no_contact for finding in found):
        sys.exit(NO_CONTACT)
    sys.exit(SOMETHING_TO_FIX if any(finding.level is Level.FAULT for finding in found) else FINE)


def _folder_findings(archive: CaseArchive, folders: Sequence[query.FolderState]) -> list[Finding]:
    found = []
    for state in folders:
        try:
            case = archive.find_case(state.folder)
        except DeliveryFault as fault:
            found.append(Finding(Level.FAULT, str(fault)))
            continue
        if case is not None:
            found.append(Finding(Level.OK, f"«{state.folder.title}» ligger i sak {case.number}."))
        else:
            found.append(Finding(Level.NOTICE, f"«{state.folder.title}» har ingen sak ennå."))
    return found


@cases.command("set")
@click.argument("key")
@click.argument("value")
def set_code(key: str, value: str) -> None:
    """Endre en av arkivets koder."""
    try:
        with writing() as opened:
            service.change_setting(opened, key, value, role=ROLE, now=now())
    except RuleBroken as fault:
        raise click.ClickException(fault.message % fault.values) from fault
    click.echo(f"{key} er nå {value}.")


@cases.command()
@click.argument("slug")
@click.argument("case_number")
def use(slug: str, case_number: str) -> None:
    """La brevene i ett satsingsområde ligge i denne saken."""
    try:
        with writing() as opened:
            service.use_case(opened, slug, case_number, query.settings_in_force(opened, _settings()), now=now())
    except RuleBroken as fault:
        raise click.ClickException(fault.message) from fault
    click.echo(f"{slug} bruker nå sak {case_number}. Arkivet blir spurt om den er åpen.")


@cases.command()
@click.option("--since", type=click.DateTime(), help="Bare leveringer laget etter dette (UTC).")
def restored(since: datetime | None) -> None:
    """Databasen er hentet fra en kopi: spør arkivet før noe sendes, eller la et menneske avgjøre."""
    with writing() as opened:
        click.echo(mark_restored(opened, _settings(), since=since.replace(tzinfo=UTC) if since else None))


def mark_restored(opened: Session, settings: Settings, *, since: datetime | None) -> str:
    """Let nothing that may have been sent since the backup be sent again; return a sentence about it.

    An archive that can be asked, or that knows a repeat, is asked before anything is sent, on the first try too.
    """
    archive = build_archive(settings, lambda: query.settings_in_force(opened, settings), now)
    abilities = archive.abilities
    archive.close()
    can_ask = abilities.looks_up or abilities.recognises_repeats
    count = outbox.after_restore(opened, can_ask=can_ask, since=since, now=now())
    if can_ask:
        return f"{count} leveringer til arkivet var underveis. Arkivet blir spurt før noe sendes."
    return f"{count} leveringer til arkivet må avklares av et menneske: se arkivkøen."


@cases.command("settings")
def show_settings() -> None:
    """Vis hva som gjelder; hemmeligheter vises ikke."""
    settings = _settings()
    codes = query.settings_in_force(session(), settings)
    click.echo(f"adapter = {settings.cases_adapter}, innlogging = {settings.cases_auth}")
    click.echo(f"lesing = {settings.cases_read_url}\nskriving = {settings.cases_write_url}")
    for key, start in START_VALUES.items():
        mark = "" if codes[key] == start else "   (endret)"
        click.echo(f"{key} = {codes[key]}{mark}")
