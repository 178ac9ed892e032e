"""Logging: `-v` shows progress, `-vv` also tracebacks of errors."""

from __future__ import annotations

import logging
import sys
import traceback
from typing import TextIO

from footfall.concealing import concealed

TRACES = 2
_level = 0


def set_level(count: int) -> None:
    """Set the log level: 1 is the log, 2 the detailed log with tracebacks; secrets are removed."""
    global _level
    _level = count
    root = logging.getLogger()
    for handler in [each for each in root.handlers if isinstance(each, _Handler)]:
        root.removeHandler(handler)
        root.setLevel(logging.WARNING)
    if count:
        root.addHandler(_Handler(sys.stderr))
        root.setLevel(logging.INFO if count < TRACES else logging.DEBUG)


def has_traces() -> bool:
    """Whether tracebacks are asked for."""
    return _level >= TRACES


def print_trace() -> None:
    """The traceback of the error that is being handled, without secrets."""
    print(concealed(traceback.format_exc()), end="", file=sys.stderr)


class _Handler(logging.StreamHandler[TextIO]):
    """A log on standard error without secrets, in messages and in tracebacks."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))

    def format(self, record: logging.LogRecord) -> str:
        return concealed(super().format(record))
