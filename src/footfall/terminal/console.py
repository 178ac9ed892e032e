"""Where to print, with replacements for characters that an encoding lacks."""

from __future__ import annotations

import codecs
import io
import sys
from collections.abc import Iterable
from typing import IO

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from footfall.concealing import printable

_ERRORS = "footfall.stand-ins"
_PLAINLY = str.maketrans({"→": "->", "–": "-", "−": "-", "·": "|", "…": "...", "▏": "|", "█": "#", "×": "x"})


class PlainConsole(Console):
    """Prints text from elsewhere safely: characters that control the terminal or change the direction of text are replaced."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            if segment.control or segment.text.isprintable():
                yield segment
            else:
                yield Segment(printable(segment.text), segment.style)


def open_console(*, is_error: bool = False, is_quiet: bool = False, file: IO[str] | None = None) -> Console:
    """Where to print: no markup and no guessing of numbers in what users and upstreams wrote.

    A pipe or a file has no width of its own; it gets enough for long names. Characters that an encoding
    lacks are replaced, so that printing a table does not fail halfway.
    """
    _spell_plainly(file or (sys.stderr if is_error else sys.stdout))
    seen = PlainConsole(stderr=is_error, file=file, quiet=is_quiet, markup=False, highlight=False, emoji=False)
    if not seen.is_terminal:
        seen.width = 160
    return seen


def _spell_plainly(stream: IO[str]) -> None:
    """Let a stream write replacements for characters that it cannot encode."""
    if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
        stream.reconfigure(errors=_ERRORS)


def _stand_in(error: UnicodeError) -> tuple[str, int]:
    """A question mark if there is no similar character."""
    assert isinstance(error, UnicodeEncodeError)
    lacking = error.object[error.start : error.end].translate(_PLAINLY)
    return lacking.encode("ascii", "replace").decode(), error.end


codecs.register_error(_ERRORS, _stand_in)
