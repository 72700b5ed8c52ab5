"""Logs as one JSON object a line, with fields from a list: what is not on it is not logged."""

import logging
import sys
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any, TextIO

import structlog

from app.settings import Settings

FIELDS = frozenset(
    {
        "event", "level", "timestamp", "logger", "process", "method", "path", "status", "ms", "error", "where", "job",
        "delivery", "reference", "attempt", "fault", "state", "queue", "count", "name", "scope", "reason", "statuses",
        "rung", "freed", "ended", "seconds", "table", "version", "role",
    }
)  # fmt: skip


def configure(settings: Settings) -> None:
    """Send our own logs to stderr as JSON; other libraries' only when something is wrong, and without values."""
    level = logging.getLevelNamesMapping().get(settings.log_level.upper(), logging.INFO)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            only_known_fields,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=_NeverInTheWay(sys.stderr)),  # type: ignore[arg-type]
        cache_logger_on_first_use=settings.production,  # tests change what is configured
    )
    logging.getLogger().setLevel(logging.WARNING)


class _NeverInTheWay:
    """A stream of which nobody hears that it is full: a line of the log may be lost, an answer may not."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        with suppress(OSError):
            self._stream.write(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._stream.flush()


def only_known_fields(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Drop every field that is not on the list: a new one is a decision, not an accident."""
    return {name: value for name, value in event.items() if name in FIELDS}
