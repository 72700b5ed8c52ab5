"""The commands of the person who runs it: flask check, flask backup, flask restore, flask users, flask demo."""

from flask import Flask

from app import backup, balance, demo, restore


def register(app: Flask) -> None:
    """Hang the commands on `flask`."""
    app.cli.add_command(balance.check)
    app.cli.add_command(backup.backup)
    app.cli.add_command(restore.restore)
    app.cli.add_command(demo.demo)
