"""The month in a few lines of Markdown, for a message: its numbers, their change and their coverage."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from footfall.errors import FootfallError, QueryError
from footfall.formats import number, share_of, unit_of
from footfall.metrics import Kind
from footfall.periods import Period
from footfall.report.subject import Asked, Subject
from footfall.workspace import Workspace

NOT_COLLECTED = "not collected"
_SPECIAL = re.compile(r"([\\`*_\[\]<>#|])")


@dataclass(frozen=True)
class Line:
    """One number of a month, in words."""

    label: str
    value: str

    def markdown(self) -> str:
        """The line, with its label in bold."""
        return f"**{plain(self.label)}**: {plain(self.value)}"


@dataclass(frozen=True)
class Summary:
    """The month, and what is said of it."""

    title: str
    lines: tuple[Line, ...]
    notes: tuple[str, ...]

    def markdown(self) -> str:
        """The summary as Markdown, with a final newline."""
        said = [line.markdown() for line in self.lines] or ["Nothing was collected."]
        parts = [f"# {plain(self.title)}", "\n".join(f"- {line}" for line in said)]
        parts += ["\n".join(f"- {plain(note)}" for note in self.notes)] if self.notes else []
        return "\n\n".join(parts) + "\n"


def summary_of(workspace: Workspace, subject: Subject, month: Period) -> Summary:
    """The numbers of a subject in a month.

    Raises:
        QueryError: If nothing of the month was collected: the pages would show earlier data under its name.
    """
    lines: list[Line] = []
    notes: dict[str, list[str]] = {}
    asked = list(subject.numbers(workspace))
    days = (month.end - month.start).days
    for each in asked:
        options: dict[str, Any] = {**each.options, "grain": "total", "since": month.start, "until": month.end}
        options |= {} if each.metric.kind is Kind.REPORTED else {"compare": "previous"}
        try:
            whole = workspace.query(each.metric.name, **options)
        except FootfallError:
            continue
        least = workspace.settings.web.smallest_cell
        answer = whole.hiding(least)
        for note in answer.notes:
            notes.setdefault(note, []).append(each.label)
        row, known = (next(iter(found.to_dicts()), {}) for found in (answer, whole))
        is_hidden = row.get(each.metric.name) is None and known.get(each.metric.name) is not None
        said = f"fewer than {least:,}" if is_hidden else _value(each, row, answer.coverage, days)
        lines.append(Line(each.label, said))
    if lines and all(line.value == NOT_COLLECTED for line in lines):
        raise QueryError(
            f"nothing of {month.start:%B %Y} was collected; `footfall status` shows up to when there is data, and "
            "--month selects another month."
        )
    remarks = (_with_labels(note, labels, len(lines)) for note, labels in notes.items())
    return Summary(f"{subject.title} in {month.start:%B %Y}", tuple(lines), tuple(remarks))


def _with_labels(note: str, labels: list[str], count: int) -> str:
    """A note with the numbers that it is about, unless it is about all."""
    return note if len(labels) == count else f"{', '.join(labels)}: {note}"


def check_known(workspace: Workspace, subject: Subject, month: Period) -> None:
    """A report of a month before the first data would show zeros that were never counted.

    Raises:
        QueryError: For a month before everything that was collected.
    """
    starts = []
    for each in subject.numbers(workspace):
        try:
            starts.append(workspace.query(each.metric.name, **each.options, grain="month").window.start)
        except FootfallError:
            continue
    if starts and month.end <= min(starts):
        whose = f" of {subject.words}" if subject != Subject() else ""
        raise QueryError(
            f"there is no data{whose} in {month.start:%B %Y}; the first month with data is {min(starts):%Y-%m}."
        )


def _value(asked: Asked, row: dict[str, Any], coverage: float, days: int) -> str:
    value, change = row.get(asked.metric.name), row.get("change_percent")
    if value is None:
        least, most = row.get(f"{asked.metric.name}_least"), row.get(f"{asked.metric.name}_most")
        if least is None:
            return NOT_COLLECTED
        return f"at least {number(least)}" if most is None else f"{number(least)} to {number(most)}"
    is_mean = asked.metric.kind is Kind.LEVEL
    shown = round(value) if is_mean else value
    said = number(shown)
    if asked.metric.unit.casefold() not in asked.label.casefold():
        said += f" {unit_of(shown, asked.metric.unit)}"
    more = [] if change is None else [f"{change:+.1f} % compared with the {days} days before".replace("-", "−", 1)]
    more += [f"{share_of(coverage)} collected"] if coverage < 1 else []
    return ("mean of " if is_mean else "") + said + (f" ({'; '.join(more)})" if more else "")


def plain(text: str) -> str:
    """Escape text so that Markdown shows it literally.

    >>> plain("a_b <c>")
    'a\\\\_b \\\\<c\\\\>'
    """
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))
