"""flask users: who has an account, and the first administrator."""

import click
from email_validator import EmailNotValidError, validate_email
from flask import Flask
from flask.cli import AppGroup

from app.accounts import passkeys, query, service
from app.core.actor import Role
from app.core.errors import NotFound
from app.web.context import now
from app.web.extensions import session
from app.web.transaction import writing

users = AppGroup("users", help="Kontoer: legg til, vis og steng.")
ROLES = [role.value for role in Role if role is not Role.WORKSHOP_GROUP]
NAME_LENGTH = 80


def register(app: Flask) -> None:
    """Hang the group on `flask`."""
    app.cli.add_command(users)


@users.command()
@click.argument("email")
@click.option("--role", type=click.Choice(ROLES), required=True, help="Hva de kan gjøre.")
@click.option("--name", required=True, help="Navnet, slik kolleger ser det.")
@click.option("--title", default="", help="Tittelen, slik innbyggerne ser den ved et svar.")
def add(email: str, role: str, name: str, title: str) -> None:
    """Gi EMAIL en konto, eller en ny rolle. De logger inn med kode på e-post."""
    address = _address(email)
    if max(len(name), len(title)) > NAME_LENGTH or not name.strip():
        raise click.UsageError(f"Navn og tittel har høyst {NAME_LENGTH} tegn, og navnet minst ett.")
    with writing() as opened:
        service.give_role(
            opened, email=address, name=name.strip(), title=title.strip(), role=Role(role), actor=None, now=now()
        )
    click.echo(f"{address} er nå {role}.")


@users.command("list")
def list_all() -> None:
    """Vis alle som har en konto for å jobbe her."""
    for found in query.staff(session()):
        closed = f"  stengt {found.closed_at:%Y-%m-%d}" if found.closed_at else ""
        click.echo(f"{found.email:<40} {found.role:<16} {found.name}{closed}")


@users.command()
@click.argument("email")
def close(email: str) -> None:
    """Steng kontoen til EMAIL. De blir logget ut overalt."""
    try:
        with writing() as opened:
            service.close_account(opened, email, actor=None, now=now())
    except NotFound:
        raise SystemExit(f"Ingen har e-posten {email}. Se flask users list.") from None
    click.echo(f"{email} er stengt.")


@users.command("remove-passkeys")
@click.argument("email")
def remove_passkeys(email: str) -> None:
    """Fjern alle passnøklene til EMAIL, som har mistet sin. De blir logget ut overalt."""
    try:
        with writing() as opened:
            count = passkeys.remove_all(opened, email, actor=None, now=now())
    except NotFound:
        raise SystemExit(f"Ingen har e-posten {email}. Se flask users list.") from None
    click.echo(f"{email} hadde {count} passnøkler. De er fjernet.")


def _address(email: str) -> str:
    try:
        return validate_email(email, check_deliverability=False).normalized.lower()
    except EmailNotValidError:
        raise click.UsageError(f"«{email}» er ikke en e-post, som navn@sted.no") from None
