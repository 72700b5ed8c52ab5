"""Starts the WebSak stand-in as a process of its own and talks to it over HTTP, as any other client would.

    with Standin(tmp_path) as archive:
        archive.script("store_then_reset", operation="NyJournalpost")
        ...                                      # our program files a letter at archive.write_url
        assert archive.state()["entries_per_key"] == {"INL-…": 1}

Nothing of the stand-in is imported: it must not share our mistakes. What the JSON holds, and what each behaviour
does, is written in app/cases/standin/control.py and app/cases/standin/script.py.
"""

import http.client
import json
import os
import re
import select
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[2]
READY = re.compile(r"http://127\.0\.0\.1:(\d+)/ .*smtp://127\.0\.0\.1:(\d+)")

Json = dict[str, Any]


def official_schemas() -> Path | None:
    """Return the folder that holds geointegrasjon-arkiv-1.1 (LAB_SCHEMAS, else ../shared/data), or None."""
    place = Path(os.environ.get("LAB_SCHEMAS") or ROOT.parent / "shared" / "data")
    return place if (place / "geointegrasjon-arkiv-1.1" / "local").is_dir() else None


class StandinError(Exception):
    """The stand-in did not start, or answered a test's own call with an error."""


class Standin:
    """One running stand-in with its own state file, HTTP port and SMTP port, all on 127.0.0.1.

    folder: gets standin.sqlite and standin.log. user, password: None = no login is asked for. clock: ISO instant at
    which its clock is set, else real time. strict: False leaves the official schemas out even when they are at hand.
    """

    def __init__(
        self,
        folder: Path,
        *,
        user: str | None = None,
        password: str | None = None,
        clock: str | None = None,
        strict: bool = True,
    ) -> None:
        self.folder = folder
        self.user, self.password, self.clock = user, password, clock
        self.schemas = official_schemas() if strict else None
        self.port = 0
        self.smtp_port = 0
        self._process: subprocess.Popen[str] | None = None

    # --- life ---------------------------------------------------------------------------------------------------

    def start(self, *, within_s: float = 20.0) -> Self:
        """Start the process (again on the same ports and state after stop) and wait until it says it is ready."""
        words = ["--port", str(self.port), "--smtp-port", str(self.smtp_port)]
        words += ["--state", str(self.folder / "standin.sqlite"), "--schemas", str(self.schemas or "")]
        if self.user is not None:
            words += ["--user", self.user, "--password", self.password or ""]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("LAB_")} | {"PYTHONUNBUFFERED": "1"}
        with (self.folder / "standin.log").open("a") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "app.cases.standin", *words],
                cwd=ROOT,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        self._read_ports(time.monotonic() + within_s)
        if self.clock is not None:
            self.set_clock(self.clock)
        return self

    def stop(self) -> None:
        """End the process; its state stays in the folder. Calling it twice does no harm."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()
        self._process = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    # --- addresses ----------------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """The page for humans, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def read_url(self) -> str:
        return f"{self.url}/ArkivInnsynService.svc/ArkivInnsynService"

    @property
    def write_url(self) -> str:
        return f"{self.url}/ArkivOppdateringService.svc/ArkivOppdateringService"

    @property
    def smtp_url(self) -> str:
        return f"smtp://127.0.0.1:{self.smtp_port}"

    # --- what it shall do -----------------------------------------------------------------------------------------

    def script(self, behaviour: str, *, operation: str = "*", times: int | None = 1, **parameters: Any) -> Json:
        """Make the next `times` matching calls go wrong (None = for ever).

        operation: an operation's name, "*", "read", "write" or "SMTP". behaviour: see script.BEHAVIOURS, e.g. slow,
        error_before, store_then_error, store_then_hang, store_then_reset, late, fault, login_page, status, redirect.
        parameters: seconds, status, fault, after (calls let through first), contains (text in the request), chance ...
        """
        rule = {"operation": operation, "behaviour": behaviour, "times": times, **parameters}
        answer: Json = self.ask("POST", "/_script", rule)
        return answer

    def clear_script(self) -> None:
        """Forget all scripted behaviours; calls that hang are let go."""
        self.ask("DELETE", "/_script")

    def advance(self, action: str, *, entry: str | None = None, case: str | None = None, **parameters: Any) -> Json:
        """Do what a person in the archive does.

        entry (key or systemID): journalfor, fordel, besvart, til_orientering, utgaar, tilbake. case (number, key or
        systemID): avslutt, gjenapne. parameters: maate, navn, init, enhet. Returns the entry or case afterwards.
        """
        wish = {"action": action, "entry": entry, "case": case, **parameters}
        answer: Json = self.ask("POST", "/_advance", {k: v for k, v in wish.items() if v is not None})
        return answer

    def settings(self, **changes: Any) -> Json:
        """Change switches (settings.Switches) and return all that are in force."""
        answer: Json = self.ask("POST", "/_settings", changes)
        return answer

    def set_clock(self, now: str) -> None:
        """Set the archive's clock to an ISO instant; it goes on ticking from there."""
        self.ask("POST", "/_clock", {"now": now})

    def advance_clock(self, seconds: float) -> None:
        """Move the archive's clock; a late commit whose time has come is stored before this returns."""
        self.ask("POST", "/_clock", {"advance_s": seconds})

    def open_case(self, title: str, *, status: str = "R", number: str | None = None, key: str | None = None) -> Json:
        """Put a case into the archive, as staff would: for twins, closed cases and fixed numbers ("2026/211")."""
        answer: Json = self.ask("POST", "/_case", {"title": title, "status": status, "number": number, "key": key})
        return answer

    def reset(self) -> None:
        """Empty archive, no mails, no calls, no script, start switches, and the clock this object was given."""
        self.ask("POST", "/_reset")
        if self.clock is not None:
            self.set_clock(self.clock)

    # --- what it holds ----------------------------------------------------------------------------------------------

    def state(self) -> Json:
        """Return cases, entries (with their documents and sha256), entries_per_key, cases_per_key, invalid_answers."""
        answer: Json = self.ask("GET", "/_state")
        return answer

    def calls(self, *, since: int = 0, operation: str | None = None) -> list[Json]:
        """Return the logged calls after id `since`, oldest first: operation, status, behaviour, request, answer ..."""
        calls: list[Json] = self.ask("GET", f"/_calls?since={since}")["calls"]
        return [call for call in calls if operation in (None, call["operation"])]

    def mails(self) -> list[Json]:
        """Return the mails received, newest first: sender, recipients, subject, text, links, attachments, headers."""
        mails: list[Json] = self.ask("GET", "/_mails")["mails"]
        return mails

    def document(self, system_id: str) -> bytes:
        """Return the stored bytes of one document."""
        return self._call("GET", f"/_document/{system_id}", None)

    def ask(self, method: str, path: str, body: Json | None = None) -> Any:
        """Call a JSON address of the stand-in. Raises StandinError when the status is 400 or above."""
        return json.loads(self._call(method, path, body))

    # --- below ------------------------------------------------------------------------------------------------------

    def _call(self, method: str, path: str, body: Json | None) -> bytes:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            sent = None if body is None else json.dumps(body).encode()
            connection.request(method, path, sent, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        if answer.status >= http.client.BAD_REQUEST:
            raise StandinError(f"{method} {path}: {answer.status} {content.decode(errors='replace')}")
        return content

    def _read_ports(self, deadline: float) -> None:
        process = self._process
        if process is None or process.stdout is None:
            raise StandinError("not started")
        waiting = max(0.0, deadline - time.monotonic())
        line = process.stdout.readline() if select.select([process.stdout], [], [], waiting)[0] else ""
        found = READY.search(line)
        if not found:
            self.stop()
            raise StandinError(f"no ready line: {line!r}\n{(self.folder / 'standin.log').read_text()[-2000:]}")
        self.port, self.smtp_port = int(found[1]), int(found[2])
