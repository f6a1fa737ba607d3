"""The log tells the IT department what the program did, and never whom it concerned.

Only our own short sentences with codes, numbers and record ids are written; messages of exceptions and of libraries may
carry field values, so what looks like an identity number, a name in quotes or a URL with parameters is blotted out, and
the file is bounded, because one damaged page can make a library log for ever.
"""

from __future__ import annotations

import logging
import re
from pathlib import Path

_MOST_BYTES = 1_000_000
_BLOTS = (
    (re.compile(r"\d{15,18}[0-9Xx]?"), "<number>"),
    (re.compile(r"1[3-9]\d{9}"), "<phone>"),
    (re.compile(r"[\u4e00-\u9fff·]{2,}"), "<words>"),
    (re.compile(r"\?[^\s'\"]+"), "?<parameters>"),
)
#: Modules whose debug output shows headers and bodies.
_QUIET = ("urllib3", "requests", "keyring", "sqlalchemy", "waitress", "werkzeug")


def redact(text: str) -> str:
    """Return a text without numbers of persons, Chinese words and URL parameters, on one line per line."""
    for pattern, blot in _BLOTS:
        text = pattern.sub(blot, text)
    return text.replace("\r", "\\r")


class _Formatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        # After formatting, because the traceback is only then part of the text.
        return redact(super().format(record))


class _File(logging.Handler):
    """Opens its file with the first line: what rotates files brings along sockets, which cost a start some time."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._file: logging.Handler | None = None

    def emit(self, record: logging.LogRecord) -> None:
        if self._file is None:
            from logging.handlers import RotatingFileHandler

            self._file = RotatingFileHandler(
                self._path, maxBytes=_MOST_BYTES, backupCount=4, encoding="utf-8", delay=True
            )
            self._file.setFormatter(self.formatter)
        self._file.emit(record)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
        super().close()


def start(folder: Path) -> None:
    """Write the log of this process into `folder`/logs, at most five files of one megabyte. Raises OSError."""
    (folder / "logs").mkdir(exist_ok=True)
    handler = _File(folder / "logs" / "bloodbank.log")
    handler.setFormatter(_Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
