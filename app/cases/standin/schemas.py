"""The official schemas, when somebody gives them: requests and our own answers are held against them."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from lxml import etree

from app.cases.standin.names import Service

FOLDER = Path("geointegrasjon-arkiv-1.1") / "local"
FILES = {Service.READ: "ArkivInnsyn.types.xsd", Service.WRITE: "ArkivOppdatering.types.xsd"}
MOST_FAULTS = 5


class Schemas:
    """Compiled once at start. faults() may be asked from any thread."""

    def __init__(self, place: Path) -> None:
        """place: the folder that holds geointegrasjon-arkiv-1.1. Raises FileNotFoundError when it does not."""
        folder = place / FOLDER
        missing = [name for name in FILES.values() if not (folder / name).is_file()]
        if missing:
            raise FileNotFoundError(f"{folder} mangler {', '.join(missing)}")
        self._schemas = {service: etree.XMLSchema(file=str(folder / name)) for service, name in FILES.items()}
        # A schema object keeps the faults of its last check, so two threads must not check at once.
        self._lock = threading.Lock()

    def faults(self, service: Service, message: etree._Element) -> list[str]:
        """Return what the schema says against `message` (the child of soap:Body), at most five; empty = valid."""
        schema = self._schemas[service]
        with self._lock:
            if schema.validate(message):
                return []
            return [f"linje {error.line}: {error.message}" for error in _entries(schema)][:MOST_FAULTS]


def _entries(schema: etree.XMLSchema) -> Iterator[Any]:
    # The stubs do not know that a log of errors can be walked through.
    return iter(cast("Any", schema.error_log))


def find_schemas(given: str | None) -> Schemas | None:
    """Return the schemas in `given`; None when it is empty. Raises FileNotFoundError for a wrong folder."""
    return Schemas(Path(given)) if given else None
