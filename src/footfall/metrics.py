"""Metrics: named, versioned definitions of numbers. The command line, API, docs and checks derive from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from footfall.errors import UnknownNameError
from footfall.filters import Filter

if TYPE_CHECKING:
    import ibis.expr.types as ir


class Kind(StrEnum):
    """How a metric adds up."""

    SUM = "sum"
    """Adds over time and over dimensions."""
    DISTINCT = "distinct"
    """Recounted for every period and group; never added."""
    LEVEL = "level"
    """A gauge: within a period its mean, largest or last sample, as declared."""
    LATEST = "latest"
    """The last moment something happened."""


KINDS = {
    Kind.SUM: "adds up over time and over groups",
    Kind.DISTINCT: "counted anew for every period and group: the parts do not add up to the whole",
    Kind.LEVEL: "a gauge: not added over time, but read",
    Kind.LATEST: "a moment: the last time it happened",
}
"""What each kind of metric means for adding up."""


@dataclass(frozen=True)
class Policy:
    """A named decision about what is counted; printed with every number it shaped."""

    name: str
    description: str
    choices: dict[str, Filter | None] = field(hash=False)
    """What each choice keeps; None keeps everything."""
    default: str = ""

    def choose(self, choice: str | None) -> str:
        """`choice` when it is valid, the default when none was made."""
        chosen = self.default if choice is None else choice
        if chosen not in self.choices:
            raise UnknownNameError(f"choice of policy {self.name}", chosen, self.choices)
        return chosen

    @property
    def open_choice(self) -> str | None:
        """The choice that keeps everything, where there is one."""
        return next((choice for choice, kept in self.choices.items() if kept is None), None)


@dataclass(frozen=True)
class Metric:
    """One number's definition.

    `expression` maps the table to the column that is added up (sum), counted without repeats
    (distinct), sampled (level) or whose greatest value is asked (latest); `columns` names what it reads,
    so that a rollup that holds them can stand in for the table.
    """

    name: str
    title: str
    description: str
    table: str
    kind: Kind
    unit: str
    columns: tuple[str, ...]
    expression: Callable[[ir.Table], ir.Column]
    version: int = 1
    policies: tuple[Policy, ...] = ()
    within: Literal["mean", "max", "last"] = "mean"
    """Of a level: what stands for the samples of one period."""

    def policy(self, name: str) -> Policy:
        for policy in self.policies:
            if policy.name == name:
                return policy
        raise UnknownNameError(f"policy of {self.name}", name, (p.name for p in self.policies))


def column(name: str) -> Callable[[ir.Table], ir.Column]:
    """The expression that is just a column."""
    return lambda table: table[name]
