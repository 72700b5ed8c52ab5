"""Files for the browser, by the names that `make vendor` gave them: hash in the name, kept for ever."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

STATIC = Path(__file__).resolve().parents[2] / "static"
# The forms' own scripts are here too: a form that is kept must work when it is opened without network.
FORM_SCRIPTS = ("draft.js", "pictures.js", "screen.js", "sending.js", "outbox.js", "waiting.js")
SHELL = (
    "app.css",
    "htmx.js",
    "app.js",
    "icons.svg",
    "schibsted-latin.woff2",
    "favicon.svg",
    "leaving.js",
    *FORM_SCRIPTS,
)


@dataclass(frozen=True, slots=True)
class Assets:
    """Logical name -> address. version: short hash over all of them; a change means a new service worker."""

    addresses: dict[str, str]
    version: str

    def address(self, name: str) -> str:
        """Return the address of e.g. "app.css". Raises KeyError for a file that is not in the manifest."""
        return self.addresses[name]

    def shell_json(self) -> str:
        """Return what the service worker keeps from the start: style, script, font, icons, and the offline page."""
        shell = [self.addresses[name] for name in SHELL if name in self.addresses]
        return json.dumps(["/offline", *shell])


def read_assets() -> Assets:
    """Read static/vendor/manifest.json; before `make vendor` there is none, and pages come without style."""
    path = STATIC / "vendor" / "manifest.json"
    if not path.is_file():
        raise SystemExit("static/vendor/ is empty. Run `make vendor` first.")
    entries = json.loads(path.read_text(encoding="utf-8"))
    addresses = {name: f"/static/vendor/{entry['file']}" for name, entry in entries.items()}
    digest = hashlib.sha256(json.dumps(addresses, sort_keys=True).encode()).hexdigest()
    return Assets(addresses, digest[:12])
