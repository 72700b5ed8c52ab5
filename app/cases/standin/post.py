"""The SMTP sink: takes every mail on loopback, sends none on, and says no when the fault script says so."""

import asyncio
import email
import email.policy
import json
import re
import sqlite3
import threading
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from app.cases.standin.archive import Archive
from app.cases.standin.script import SMTP as SMTP_CALL
from app.cases.standin.script import Script

LARGEST_MAIL = 40 * 1024 * 1024
LINK = re.compile(r"https?://[^\s<>\"»]+[^\s<>\"».,;:!?)]")


class MailBox:
    """The mails, in the archive's file."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    def add(self, sender: str, recipients: list[str], raw: bytes) -> None:
        row = (self._archive.clock.now().isoformat(), sender, json.dumps(recipients), raw)
        with self._archive.writing() as db:
            db.execute("INSERT INTO mails (at, sender, recipients, raw) VALUES (?,?,?,?)", row)

    def all(self) -> list[dict[str, Any]]:
        """Return the mails as JSON shows them, newest first."""
        return [_mail(row) for row in self._archive.rows("SELECT * FROM mails ORDER BY id DESC")]

    def attachment(self, mail_id: int, index: int) -> tuple[str, str, bytes] | None:
        """Return name, media type and bytes of one attachment, counted from 0."""
        rows = self._archive.rows("SELECT raw FROM mails WHERE id=?", mail_id)
        parts = list(_parsed(bytes(rows[0]["raw"])).iter_attachments()) if rows else []
        if not 0 <= index < len(parts):
            return None
        content = parts[index].get_payload(decode=True)
        return _filename(parts[index]), parts[index].get_content_type(), content if isinstance(content, bytes) else b""


class MailSink:
    """An SMTP server in a thread of its own, on 127.0.0.1."""

    def __init__(self, box: MailBox, script: Script) -> None:
        self._box, self._script = box, script
        self._loop = asyncio.new_event_loop()

    def start(self, port: int) -> int:
        """Listen on `port` (0 = any free one); return the port. Raises OSError when it is taken."""
        server = self._loop.run_until_complete(self._loop.create_server(self._protocol, "127.0.0.1", port))
        threading.Thread(target=self._loop.run_forever, daemon=True, name="smtp").start()
        return int(server.sockets[0].getsockname()[1])

    def close(self) -> None:
        """Let go of a server that was never started."""
        self._loop.close()

    def _protocol(self) -> SMTP:
        return SMTP(
            self, data_size_limit=LARGEST_MAIL, enable_SMTPUTF8=True, hostname="ovingsarkiv.localhost", loop=self._loop
        )

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's
        """Take one mail, or do what the script says. Called by aiosmtpd after DATA."""
        del session
        raw = envelope.original_content or b""
        rule = self._script.take(SMTP_CALL, raw)
        behaviour = rule.behaviour if rule else ""
        if rule and behaviour in {"smtp_4xx", "smtp_5xx"}:
            code = int(rule.number("code", 451 if behaviour == "smtp_4xx" else 554))
            return f"{code} Ovingsarkivet sier nei"
        if rule and behaviour == "smtp_slow":
            await asyncio.sleep(rule.number("seconds", 5))
        if rule is None or rule.stores(default=True):
            self._box.add(envelope.mail_from or "", [str(one) for one in envelope.rcpt_tos], raw)
        if behaviour == "smtp_drop" and isinstance(server.transport, asyncio.WriteTransport):
            server.transport.abort()
        return "250 Tatt imot av ovingsarkivet"


def _parsed(raw: bytes) -> EmailMessage:
    return email.message_from_bytes(raw, _class=EmailMessage, policy=email.policy.default)


def _filename(part: EmailMessage) -> str:
    return part.get_filename() or "uten-navn"


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()) if part else ""


def _mail(row: sqlite3.Row) -> dict[str, Any]:
    message = _parsed(bytes(row["raw"]))
    text = _body(message, "plain")
    return {
        "id": row["id"],
        "at": row["at"],
        "sender": row["sender"],
        "recipients": json.loads(row["recipients"]),
        "subject": str(message["subject"] or ""),
        "headers": {name.lower(): str(value) for name, value in message.items()},
        "text": text,
        "html": _body(message, "html"),
        "links": LINK.findall(text),
        "attachments": [
            {
                "name": _filename(part),
                "type": part.get_content_type(),
                "size": len(part.get_payload(decode=True) or b""),
            }
            for part in message.iter_attachments()
        ],
    }
