""" "How is this counted?": the full definition of an answer's numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from footfall.formats import share_of
from footfall.metrics import Metric
from footfall.result import Result
from footfall.web.pages import words
from footfall.web.pages.freshness import Freshness
from footfall.web.pages.spelling import command_line
from footfall.workspace import Workspace

Said = list[tuple[str, str | Sequence[str]]]


def how_counted(workspace: Workspace, answer: Result, freshness: Freshness) -> Said:
    """Name and text of everything that decides what the numbers of an answer are."""
    metrics = answer.metrics
    said: Said = [
        ("What it is", [f"{m.title}: {m.description}" if len(metrics) > 1 else m.description for m in metrics]),
        ("Adding up", list(dict.fromkeys(words.capitalised(m.adds_up) + "." for m in metrics))),
    ]
    choices = [part for metric in metrics for part in _choices(metric, answer.policies)]
    said += [("Choices made", choices)] if choices else []
    said += [
        ("Time", f"{answer.title}, {words.spoken(answer.span)}"),
        ("Collected", f"{share_of(answer.coverage)} of that time"),
        ("Where from", _sources(workspace, metrics, freshness)),
    ]
    said += [("Remarks", [words.plain(note) for note in answer.notes])] if answer.notes else []
    said += [("Asked as", command_line(answer.question)), ("Version of the data", answer.version)]
    return [(name, text) for name, text in said if text]


def _choices(metric: Metric, chosen: Mapping[str, str]) -> list[str]:
    """Every decision about what counts, with the one that was made."""
    made = []
    for policy in metric.policies:
        choice = chosen.get(policy.name, chosen.get(f"{metric.name}.{policy.name}", policy.default))
        made.append(f"{policy.description} Here: {choice}.")
    return made


def _sources(workspace: Workspace, metrics: Sequence[Metric], freshness: Freshness) -> list[str]:
    """The tables behind some metrics, by their descriptions, and when each was last collected."""
    said = []
    tables = dict.fromkeys(table for metric in metrics for table in metric.tables)
    for state in freshness.found.states:
        if state.table in tables:
            table = workspace.tables[state.table]
            last = f" Last collected {words.moment(state.last_collected_at)}." if state.last_collected_at else ""
            said.append(f"{table.description}{last}")
    events = [metric.event for metric in metrics if metric.event]
    return said + ([f"Marks of {words.listed(events)}, made by applications."] if events else [])
