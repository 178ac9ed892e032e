"""The tools: one for each kind of question, one that lists the metrics and one for the status."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from footfall.schemas import TEXT, schema_of_question

_QUESTIONS = {
    "query": "Query one metric, or several side by side: by period, split, filtered, compared. Call `metrics` first: it "
    "lists the metrics, their dimensions and policies.",
    "cohort": "Cohorts of actors who did FIRST in a period, and how many of them did THEN in later periods.",
    "funnel": "How many actors took the steps in order.",
    "stickiness": "Daily, weekly and monthly active actors, and their ratios in percent.",
    "growth": "New, returning, resurrected and dormant actors per period.",
    "project": "One project across all sources: totals, the last 30 days, a timeline by month.",
    "projects": "All projects, ranked by a metric.",
    "beside": "Projects side by side by one metric, month by month, aligned by date or by age.",
    "communities": "The communities that use hubs, with their monthly users and where they are. Hubs and clusters are metrics: ask "
    "`query` for them.",
}
INSTRUCTIONS = (
    "Footfall answers questions about the usage of open-source projects. Every answer contains the query with every "
    "default filled in, the policies that were chosen, how much of its time was collected (`coverage`), and notes for the "
    "reader. A null is unknown, not zero; a row with is_provisional may still change; `state` says why a "
    "number is incomplete. Quote numbers with their policies and coverage."
)


@dataclass(frozen=True)
class Tool:
    """A tool."""

    name: str
    description: str
    schema: dict[str, Any]
    """JSON Schema of its arguments."""


OF_PROJECTS = ("metrics", "query", "project")
"""What can be called where only some projects may be read."""


def every_tool() -> list[Tool]:
    """All tools, by the names of the commands.

    Example:
        >>> [tool.name for tool in every_tool()][:3]
        ['metrics', 'status', 'query']
    """
    named = {"type": "object", "properties": {"metric": dict(TEXT)}, "additionalProperties": False}
    nothing = {"type": "object", "properties": {}, "additionalProperties": False}
    return [
        Tool("metrics", "All metrics and what they mean; with `metric`, one in full.", named),
        Tool("status", "The state of every source: freshness, gaps, failures and their reasons.", nothing),
        *(Tool(name, description, schema_of_question(name)) for name, description in _QUESTIONS.items()),
    ]
