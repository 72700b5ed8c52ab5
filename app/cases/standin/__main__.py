"""Start the stand-in: python -m app.cases.standin --port 8765 --smtp-port 8025 --state instance/standin.sqlite."""

import argparse
import os
import signal
import sys
import threading
from pathlib import Path

from app.cases.standin.application import application
from app.cases.standin.schemas import find_schemas
from app.cases.standin.server import Server
from app.cases.standin.soap import Login
from app.cases.standin.standin import build


def main(words: list[str]) -> int:
    """Serve until SIGINT or SIGTERM. Returns the exit code; a refusal is one sentence on stderr."""
    options = _options(words)
    if os.environ.get("LAB_MODE") == "production":
        return _refuse("Øvingsarkivet starter ikke når LAB_MODE=production.")
    try:
        schemas = find_schemas(options.schemas if options.schemas is not None else os.environ.get("LAB_SCHEMAS"))
    except FileNotFoundError as error:
        return _refuse(f"Offisielle skjema mangler: {error}")
    login = Login(options.user, options.password) if options.user else None
    Path(options.state).parent.mkdir(parents=True, exist_ok=True)
    standin = build(options.state, schemas, login)
    try:
        server = Server(options.port, lambda request: application(standin, request), standin.script)
        smtp_port = standin.sink.start(options.smtp_port)
    except OSError as error:
        return _refuse(f"Øvingsarkivet får ikke porten sin: {error.strerror}")
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: threading.Thread(target=server.shutdown).start())
    without = "" if schemas else ", uten skjemakontroll"
    ready = f"ØVINGSARKIV klart: http://127.0.0.1:{server.server_port}/ e-post smtp://127.0.0.1:{smtp_port}{without}"
    print(ready, flush=True)  # noqa: T201 - the one line whoever started us waits for
    server.serve_forever(poll_interval=0.2)
    standin.archive.close()
    return 0


def _options(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m app.cases.standin", description="Øvingsarkiv – ikke ekte")
    parser.add_argument("--port", type=int, default=8765, help="0 = en ledig port")
    parser.add_argument("--smtp-port", type=int, default=8025, help="0 = en ledig port")
    parser.add_argument("--state", default="instance/standin.sqlite")
    parser.add_argument("--schemas", help="mappa som har geointegrasjon-arkiv-1.1; tom = ingen skjemakontroll")
    parser.add_argument("--user", help="krever HTTP Basic")
    parser.add_argument("--password", default="")
    return parser.parse_args(words)


def _refuse(words: str) -> int:
    print(words, file=sys.stderr)  # noqa: T201 - it speaks to whoever started us
    return 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
