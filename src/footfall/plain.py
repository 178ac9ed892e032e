"""Text for an encoding that lacks some of it: stand-ins, lest a table end in the middle."""

from __future__ import annotations

import codecs
import io
from typing import IO

_ERRORS = "footfall.plain"
_PLAINLY = str.maketrans({"→": "->", "–": "-", "−": "-", "·": "|", "…": "...", "▏": "|", "█": "#", "×": "x"})


def spell_plainly(stream: IO[str]) -> None:
    """Let a stream that would refuse characters write stand-ins."""
    if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
        stream.reconfigure(errors=_ERRORS)


def _stand_in(error: UnicodeError) -> tuple[str, int]:
    """A question mark where nothing looks alike."""
    assert isinstance(error, UnicodeEncodeError)
    lacking = error.object[error.start : error.end].translate(_PLAINLY)
    return lacking.encode("ascii", "replace").decode(), error.end


codecs.register_error(_ERRORS, _stand_in)
