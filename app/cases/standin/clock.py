"""The archive's clock: real time, moved by whoever tests."""

import threading
import time
from datetime import datetime
from zoneinfo import ZoneInfo

OSLO = ZoneInfo("Europe/Oslo")


class Clock:
    """Real time plus a shift that can be set. Reading it is safe from any thread."""

    def __init__(self) -> None:
        self._shift_s = 0.0
        self._moved = threading.Condition()

    def now(self) -> datetime:
        """Return the archive's instant in Oslo time, whole seconds, as an archive writes it."""
        return datetime.fromtimestamp(self.timestamp(), OSLO).replace(microsecond=0)

    def timestamp(self) -> float:
        return time.time() + self._shift_s

    def set(self, now: datetime) -> None:
        """Set the clock to `now` (with a time zone; without one it is Oslo time); it goes on ticking."""
        at = now if now.tzinfo else now.replace(tzinfo=OSLO)
        self._shift(at.timestamp() - time.time())

    def advance(self, seconds: float) -> None:
        self._shift(self._shift_s + seconds)

    def reset(self) -> None:
        self._shift(0.0)

    def wait_until(self, timestamp: float, stop: threading.Event) -> bool:
        """Wait until the clock shows `timestamp`; return False when `stop` is set first."""
        with self._moved:
            while not stop.is_set():
                left = timestamp - self.timestamp()
                if left <= 0:
                    return True
                self._moved.wait(min(left, 0.5))
        return False

    def _shift(self, seconds: float) -> None:
        with self._moved:
            self._shift_s = seconds
            self._moved.notify_all()
