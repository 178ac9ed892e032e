"""What `footfall doctor` found and `footfall repair` did, line by line."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from footfall.concealing import concealed
from footfall.formats import counted
from footfall.upkeep.deep import RepairStep
from footfall.upkeep.examining import Finding

_MARKS = {"ok": ("✓", "green"), "failed": ("✗", "red"), "unknown": ("?", "yellow")}


def findings(found: Sequence[Finding]) -> RenderableType:
    """Every check under what it is about: its state, what was found, and what to do where it fails."""
    parts: list[RenderableType] = []
    for about, group in groupby(found, key=lambda each: each.about):
        parts.append(Text(about, style="bold cyan"))
        parts += [_line(each) for each in group]
    failed = sum(each.is_failed for each in found)
    last = f"{counted(failed, 'check')} failed" if failed else "all checks passed"
    return Group(*parts, Text(f"\n{counted(len(found), 'check')}: {last}", style="red" if failed else "green"))


_STATES = {
    "repaired": ("repaired", "can be repaired", "green"),
    "lost": ("lost", "would be lost", "red"),
    "left": ("unchanged", "cannot be repaired", "red"),
    "kept": ("kept", "kept", "dim"),
}
"""The words for a state when done and when planned, and its colour."""


def repair_steps(found: Sequence[RepairStep], *, is_done: bool) -> RenderableType:
    """What a repair did, or would do, line by line."""
    lines: list[RenderableType] = []
    for about, group in groupby(found, key=lambda each: each.about):
        lines.append(Text(about, style="bold cyan"))
        for each in group:
            done, planned, style = _STATES[each.state]
            lines.append(
                Padding(Text.assemble((f"{done if is_done else planned}: ", style), concealed(each.said)), (0, 0, 0, 2))
            )
    return Group(*lines)


def _line(found: Finding) -> RenderableType:
    check = found.check
    mark, style = _MARKS[check.state]
    text = Text.assemble((f"{mark} ", style), check.name)
    if check.detail:
        text.append(f"   {check.detail}", style="red" if found.is_failed else "dim")
    if check.fix and found.is_failed:
        text.append(f"\n  → {check.fix}", style="bold")
    return Padding(text, (0, 0, 0, 2))
