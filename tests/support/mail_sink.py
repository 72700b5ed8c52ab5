"""A mail server that is killed: python -m tests.support.mail_sink FOLDER PORT LIFE WHEN

It takes mail on 127.0.0.1 and keeps each in FOLDER as <number>.eml, on disk before it says yes. At the mail number LIFE
of its life (0: never) it dies as by kill -9, after DATA and without an answer; WHEN it is "kept", after it had kept
the mail, else before. PORT 0: any free one, which is written to FOLDER/port.
"""

import asyncio
import os
import sys
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any, cast

from aiosmtpd.smtp import SMTP

KILLED = 137


class Sink:
    """One life of the server."""

    def __init__(self, folder: Path, life: int, *, keeps_the_last: bool) -> None:
        self.folder, self.left, self.keeps_the_last = folder, life, keeps_the_last

    async def handle_DATA(self, _server: SMTP, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        self.left -= 1
        if self.left != 0 or self.keeps_the_last:
            self._keep(envelope.content)
        if self.left == 0:
            os._exit(KILLED)
        return "250 OK"

    def _keep(self, content: bytes) -> None:
        path = self.folder / f"{len(list(self.folder.glob('*.eml'))):05}.eml"
        with path.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())


def kept_in(folder: Path) -> list[EmailMessage]:
    """Return the mails that were kept, in the order they came."""
    paths = sorted(folder.glob("*.eml"))
    return [cast("EmailMessage", message_from_bytes(path.read_bytes(), policy=default)) for path in paths]


async def serve(sink: Sink, port: int) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(sink, hostname="sluk.localhost", loop=loop), "127.0.0.1", port)
    (sink.folder / "port").write_text(str(server.sockets[0].getsockname()[1]))
    await server.serve_forever()


if __name__ == "__main__":
    place, at, lives, when = sys.argv[1:]
    asyncio.run(serve(Sink(Path(place), int(lives), keeps_the_last=when == "kept"), int(at)))
