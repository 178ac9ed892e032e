"""What `footfall doctor` found, line by line."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from footfall.formats import counted
from footfall.upkeep.examining import Finding

_MARKS = {"ok": ("✓", "green"), "failed": ("✗", "red"), "unknown": ("?", "yellow")}


def findings(found: Sequence[Finding]) -> RenderableType:
    """Every check under what it is about: its state, what was found, and what to do where it fails."""
    parts: list[RenderableType] = []
    for about, group in groupby(found, key=lambda each: each.about):
        parts.append(Text(about, style="bold cyan"))
        parts += [_line(each) for each in group]
    failed = sum(each.is_failed for each in found)
    last = f"{counted(failed, 'check')} failed" if failed else "everything that could be tried works"
    return Group(*parts, Text(f"\n{counted(len(found), 'check')}: {last}", style="red" if failed else "green"))


def _line(found: Finding) -> RenderableType:
    check = found.check
    mark, style = _MARKS[check.state]
    text = Text.assemble((f"{mark} ", style), check.name)
    if check.detail:
        text.append(f"   {check.detail}", style="red" if found.is_failed else "dim")
    if check.fix and found.is_failed:
        text.append(f"\n  → {check.fix}", style="bold")
    return Padding(text, (0, 0, 0, 2))
