"""Logs as one JSON object a line, with fields from a list: what is not on it is not logged."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

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
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=settings.mode != "test",  # tests change what is configured
    )
    logging.getLogger().setLevel(logging.WARNING)


def only_known_fields(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Drop every field that is not on the list: a new one is a decision, not an accident."""
    return {name: value for name, value in event.items() if name in FIELDS}
