"""What a target of random input is: a parser or a face, and what must hold of what it makes of any text."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from footfall.concealing import concealed
from footfall.errors import FootfallError

HOSTILE = (
    "\x1b[2J",
    "\x9b31m",
    "\u202egnp.exe",
    "=HYPERLINK(1)",
    "<script>x</script>",
    "'; DROP TABLE x--",
    "\x00",
    "\ufffe",
    "]]>",
    "\r\nBcc: x",
    "{{7*7}}",
    "${x}",
)


@dataclass(frozen=True)
class Target:
    """One parser or face: what it is given, and what must hold of what it makes of it."""

    name: str
    check: Callable[[str], None]
    corpus: tuple[str, ...]


def reads(parse: Callable[[str], object]) -> Callable[[str], None]:
    """It reads the text, or refuses it in one sentence."""

    def check(text: str) -> None:
        try:
            parse(text)
        except FootfallError as error:
            is_a_sentence(str(error))

    return check


def is_a_sentence(said: str) -> None:
    shown = concealed(said)
    assert shown.strip(), "an error without words"
    assert len(shown) < 20_000
    assert "Traceback" not in shown


def reads_file(name: str, parse: Callable[[Path], object]) -> Callable[[str], None]:
    def check(text: str) -> None:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text.encode("utf-8", "surrogatepass"))
            reads(lambda _: parse(file))(text)

    return check
