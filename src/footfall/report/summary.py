"""The month in a few lines of Markdown, to paste into a message: its headline numbers, with the change and what is missing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from footfall.errors import FootfallError
from footfall.formats import GAP, number, share_of
from footfall.metrics import Kind, Metric
from footfall.periods import Period
from footfall.web.pages.freshness import Freshness
from footfall.web.pages.headlines import headlines
from footfall.workspace import Workspace

_SPECIAL = re.compile(r"([\\`*_\[\]<>#|])")


@dataclass(frozen=True)
class Summary:
    """The month, and what is said of it."""

    title: str
    lines: tuple[str, ...]
    notes: tuple[str, ...]

    def markdown(self) -> str:
        """The summary as Markdown, with a line end at its end."""
        said = self.lines or ("Nothing was collected.",)
        parts = [f"# {self.title}", "\n".join(f"- {line}" for line in said)]
        parts += ["\n".join(f"- {note}" for note in self.notes)] if self.notes else []
        return "\n\n".join(parts) + "\n"


def summary_of(workspace: Workspace, month: Period) -> Summary:
    """The headline metrics of a workspace in a month."""
    metrics = headlines(workspace, Freshness.of(workspace))
    lines, notes = [], []
    for metric in metrics:
        asked: dict[str, Any] = {"grain": "total", "since": month.start, "until": month.end}
        asked |= {} if metric.kind is Kind.REPORTED else {"compare": "previous"}
        try:
            answer = workspace.query(metric.name, **asked)
        except FootfallError:
            continue
        notes += [plain(note) for note in answer.notes]
        lines.append(_line(metric, next(iter(answer.to_dicts()), {}), answer.coverage))
    return Summary(f"Usage in {month.start:%B %Y}", tuple(lines), tuple(dict.fromkeys(notes)))


def _line(metric: Metric, row: dict[str, Any], coverage: float) -> str:
    value, change = row.get(metric.name), row.get("change_percent")
    said = GAP if value is None else number(round(value) if metric.kind is Kind.LEVEL else value)
    more = [] if change is None else [f"{change:+.1f} % against the same span before".replace("-", "−", 1)]
    more += [f"{share_of(coverage)} collected"] if coverage < 1 else []
    mean = "mean of " if metric.kind is Kind.LEVEL else ""
    return f"**{plain(metric.title)}**: {mean}{said} {metric.unit}" + (f" ({'; '.join(more)})" if more else "")


def plain(text: str) -> str:
    """Text of others as Markdown shows it, without effect.

    >>> plain("a_b <c>")
    'a\\\\_b \\\\<c\\\\>'
    """
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))
