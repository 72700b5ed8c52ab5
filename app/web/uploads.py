"""Files of a form: every one of them is closed when the request ends, also of a form that was cut off."""

from typing import IO, Any

from flask import Request


class LabRequest(Request):
    """A request that closes what it opened. Werkzeug closes the files of a form that it could read to its end."""

    _opened: tuple[IO[bytes], ...] = ()

    def _get_file_stream(self, *sizes: Any, **names: Any) -> IO[bytes]:
        stream = super()._get_file_stream(*sizes, **names)
        self._opened = (*self._opened, stream)
        return stream

    def close(self) -> None:
        """Close every file, whatever became of the form."""
        super().close()
        for stream in self._opened:
            stream.close()
