"""Links that narrow a question to one of its groups."""

from __future__ import annotations

from footfall.filters import Filter
from footfall.periods import Grain
from footfall.result import Result
from footfall.web.pages.choices import Chosen

_MOST = 12


def narrowing(answer: Result, chosen: Chosen) -> list[tuple[str, str]]:
    """Name and address of the question about one group alone, for its largest groups; split groups only.

    Args:
        answer: Whose groups are offered.
        chosen: Its question.
    """
    if len(answer.query.by) != 1 or (answer.query.top is not None and not len(answer)):
        return []
    by, name = answer.query.by[0], answer.metric.name
    sizes: dict[object, float] = {}
    for row in answer.to_dicts():
        value = row[name]
        sizes[row[by]] = sizes.get(row[by], 0.0) + (value if isinstance(value, int | float) else 0.0)
    folded = {"(other)"} if answer.query.top else set()
    ranked = sorted((value for value in sizes if value not in folded), key=lambda value: -sizes[value])
    links = []
    for value in ranked[:_MOST]:
        kept = str(Filter(by, (value,)))  # type: ignore[arg-type]  # a value of a dimension
        where = [*chosen.asked.get("where", []), kept]
        grain = str(Grain.DAY) if chosen.grain == Grain.TOTAL else chosen.grain
        links.append((answer.label(by, value), chosen.but(by=None, top=None, where=where, grain=grain)))  # type: ignore[arg-type]
    return links
