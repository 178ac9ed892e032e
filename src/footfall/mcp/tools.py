"""What can be called: a tool for each kind of question, and two that say what there is and how it stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from footfall.schemas import TEXT, schema_of_question

_QUESTIONS = {
    "query": "Ask for a metric, or several side by side: by period, split, filtered, compared. Call `metrics` first: it "
    "says which metrics, dimensions and policies there are.",
    "cohort": "Who did FIRST in a period, and how many of them did THEN in the periods that followed.",
    "funnel": "How many actors took the steps one after the other.",
    "stickiness": "Daily, weekly and monthly active actors, and their ratios in percent.",
    "growth": "Who is new, returning, resurrected or dormant, period by period.",
    "project": "What every source knows of one project: totals, the last 30 days, a timeline by month.",
    "projects": "All projects, ranked by a metric.",
    "beside": "Projects side by side by one metric, month by month, aligned by date or by age.",
    "communities": "The communities that use hubs, with their monthly users and where they are. Hubs and clusters are metrics: ask "
    "`query` for them.",
}
INSTRUCTIONS = (
    "Footfall answers questions about the usage of open-source projects. Every answer says what was asked with every "
    "default filled in, the policies that were chosen, how much of its time was collected (`coverage`), and notes that a "
    "reader must know. A null is not known, and is not zero; a row with is_provisional may still change; `state` says why a "
    "number is not whole. Quote numbers with their policies and coverage."
)


@dataclass(frozen=True)
class Tool:
    """Something that can be called."""

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
        Tool(
            "metrics", "Everything that can be asked for, and what each number means; with `metric` one in full.", named
        ),
        Tool("status", "How every source stands: how fresh, which gaps, what failed and why.", nothing),
        *(Tool(name, description, schema_of_question(name)) for name, description in _QUESTIONS.items()),
    ]
