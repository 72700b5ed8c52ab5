"""One file with all that we hold on somebody: a page to read, the same as JSON, and their pictures; sealed on disk."""

import io
import json
import os
import re
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from html import escape
from pathlib import Path
from uuid import UUID

import pyrage
from sqlalchemy import Table

from app.core.language import words_in
from app.core.oslo import OSLO
from app.core.text import N_
from app.files.store import PAGE, PictureStore, make_folder, new_file, sync
from app.personal.query import Row

FOLDER = "mine"
# A longer value is a file of its own: a letter, a picture.
LONGEST_MARK = 64
# What a person calls our tables and columns; what is not here is shown by its own name.
NAMES: Mapping[str, str] = {
    "ideas": N_("Idéer"),
    "supports": N_("Idéer du støtter"),
    "follows": N_("Det du følger"),
    "process_follows": N_("Prosesser du følger"),
    "replies": N_("Svar du har skrevet"),
    "pictures": N_("Bilder"),
    "status_changes": N_("Steg på veien"),
    "sealed_letters": N_("Brev til arkivet"),
    "sealed_documents": N_("Vedlegg til arkivet"),
    "participants": N_("Kontoen din"),
    "sign_in_codes": N_("Koder du har bedt om"),
    "push_subscriptions": N_("Varsler"),
    "passkeys": N_("Passnøkler"),
    "own_files": N_("Filer du har hentet"),
    "parcels": N_("Pakker"),
    "title": N_("Tittel"),
    "body": N_("Tekst"),
    "place": N_("Sted"),
    "email": N_("E-post"),
    "name": N_("Navn"),
    "device_key": N_("Merket på mobilen din"),
    "submitted_at": N_("Sendt"),
    "received_at": N_("Mottatt"),
    "at": N_("Når"),
    "since": N_("Fra"),
    "asked_at": N_("Bestilt"),
    "reason": N_("Grunn"),
}
STYLE = "body{font:1.1rem/1.5 sans-serif;max-width:40rem;margin:1rem auto;padding:0 1rem;overflow-wrap:anywhere}"
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00")
EXTENSIONS = {b"%PDF": "pdf", b"\xff\xd8\xff": "jpg", b"RIFF": "webp", b"\x89PNG": "png"}


def packed(
    tables: Sequence[tuple[Table, Sequence[Row]]], store: PictureStore, *, made_at: datetime, language: str
) -> bytes:
    """Return a ZIP of these rows: mine-data.html, mine-data.json, bilder/ and filer/. Whole in memory."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        said: dict[str, list[dict[str, object]]] = {}
        for table, found in tables:
            said[table.name] = [_said(archive, table, row) for row in found]
        made = {"laget": made_at.isoformat(), "rader": said}
        archive.writestr("mine-data.json", json.dumps(made, ensure_ascii=False, indent=2))
        archive.writestr("mine-data.html", _page(said, made_at, language))
        for picture in said.get("pictures", ()):
            _add_picture(archive, store, UUID(str(picture["id"])))
    return target.getvalue()


def _said(archive: zipfile.ZipFile, table: Table, row: Row) -> dict[str, object]:
    """Return a row as JSON can say it; what is a file itself is laid beside, and named."""
    (key,) = table.primary_key.columns
    return {name: _value(archive, f"{table.name}-{row[key.name]}-{name}", value) for name, value in row.items()}


def _value(archive: zipfile.ZipFile, name: str, value: object) -> object:
    if isinstance(value, bytes) and len(value) > LONGEST_MARK:
        kind = next((kind for start, kind in EXTENSIONS.items() if value.startswith(start)), "bin")
        archive.writestr(f"filer/{name}.{kind}", value)
        return f"filer/{name}.{kind}"
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, date):  # a moment is one too
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def _add_picture(archive: zipfile.ZipFile, store: PictureStore, picture_id: UUID) -> None:
    """A picture that is not drawn yet is not there yet; its row tells."""
    path = store.redrawn(picture_id, PAGE)
    if path.is_file():
        archive.write(path, f"bilder/{picture_id}.webp", zipfile.ZIP_STORED)


def _page(said: Mapping[str, Sequence[Mapping[str, object]]], made_at: datetime, language: str) -> str:
    """Return the same as a page that any browser shows, without script and without calling anybody."""
    words = words_in(language)
    title = words.gettext(N_("Dette har vi om deg"))
    when = made_at.astimezone(OSLO).strftime("%d.%m.%Y %H.%M")
    head = (
        f'<!doctype html><html lang="{escape(language)}"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{STYLE}</style><title>{escape(title)}</title>"
        f"<h1>{escape(title)}</h1><p>Innbyggerlab Narvik, {when}</p>"
    )
    parts = [head]
    if not said:
        parts.append(f"<p>{escape(words.gettext(N_('Vi har ikke noe om deg.')))}</p>")
    for table, found in sorted(said.items(), key=_place):
        parts.append(f"<h2>{escape(_name(table, language))}</h2>")
        parts += [_row(row, language) for row in found]
    return "".join(parts) + "</html>"


def _row(row: Mapping[str, object], language: str) -> str:
    """Show what a person understands; ids are in the JSON."""
    lines = [
        f"<dt>{escape(_name(name, language))}</dt><dd>{escape(_shown(value))}</dd>"
        for name, value in row.items()
        if value not in {None, ""} and name != "id" and not name.endswith("_id")
    ]
    return f"<dl>{''.join(lines)}</dl><hr>"


def _place(entry: tuple[str, object]) -> int:
    """Ideas come first, and what has no name of its own last."""
    known = list(NAMES)
    return known.index(entry[0]) if entry[0] in NAMES else len(known)


def _shown(value: object) -> str:
    """Return a moment of ours as a person says it; what somebody wrote stays as they wrote it."""
    said = str(value)
    return datetime.fromisoformat(said).astimezone(OSLO).strftime("%d.%m.%Y %H.%M") if MOMENT.fullmatch(said) else said


def _name(name: str, language: str) -> str:
    return words_in(language).gettext(NAMES[name]) if name in NAMES else name


def file_path(instance: Path, file_id: UUID) -> Path:
    return instance.resolve() / FOLDER / f"{file_id}.age"


def seal(content: bytes, path: Path) -> str:
    """Write `content` sealed to `path`, on disk when this returns; return the only key that opens it."""
    identity = pyrage.x25519.Identity.generate()
    make_folder(path.parent, 0o700)
    half = path.with_suffix(".half")
    half.unlink(missing_ok=True)
    with new_file(half) as descriptor, os.fdopen(descriptor, "wb", closefd=False) as file:
        file.write(pyrage.encrypt(content, [identity.to_public()]))
        file.flush()
        os.fsync(descriptor)
    half.replace(path)
    sync(path.parent)
    return str(identity)


def opened(path: Path, key: str) -> bytes:
    """Return what `seal` wrote. Raises FileNotFoundError when it is gone."""
    content: bytes = pyrage.decrypt(path.read_bytes(), [pyrage.x25519.Identity.from_str(key)])
    return content
