"""Projects → charts: a panel per metric on one axis of months, with releases; and a ranking as bars."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from footfall.charts.look import WIDTH, Look, alt, finished, inline, inset, milliseconds, time_axis
from footfall.errors import QueryError
from footfall.formats import GAP, number
from footfall.periods import Grain, Period
from footfall.states import State

if TYPE_CHECKING:
    from footfall.projects.answer import Project
    from footfall.projects.numbers import Facet, Number
    from footfall.projects.ranking import Ranking

_PANEL = 110
_MOST_BARS = 60
_FAINT = 0.5


@dataclass(frozen=True)
class _Month:
    """One month of a timeline."""

    period: Period
    number: Number

    @property
    def value(self) -> float | None:
        value = self.number.value
        return float(value) if isinstance(value, int | float) else None


def draw(project: Project, look: Look) -> alt.VConcatChart:
    """The timelines one above the other, each with its own unit and scale; a month that is not known is grey."""
    timed = [(facet, months) for facet in project.facets if not facet.is_silent and (months := _months(facet))]
    if not any(month.value is not None for _, months in timed for month in months):
        raise QueryError(f"there is nothing to draw: {project.name} has no values in these months.")
    width = look.width or WIDTH
    panels = [_panel(project, facet, months, look, width) for facet, months in timed]
    together = alt.VConcatChart(vconcat=panels, spacing=22).resolve_scale(color="independent")
    said = [project.span, *_legend(project, timed)]
    remarks = [said, [project.description], *([note] for note in project.notes)]
    return cast(alt.VConcatChart, finished(together, project.title, remarks, look, width))


def _months(facet: Facet) -> list[_Month]:
    return [_Month(Period.containing(Grain.MONTH, each.start), each) for each in facet.months if each.start]


def _panel(project: Project, facet: Facet, months: list[_Month], look: Look, width: int) -> alt.LayerChart:
    data = [_datum(month) for month in months]
    chart = alt.Chart(inline(data), width=width, height=look.height or _PANEL)
    top = max((month.value or 0.0 for month in months), default=0.0)
    form = "~s" if top >= 100_000 else ",.0f" if top >= 5 else ",.2~f"
    are_whole = all(float(month.value or 0).is_integer() for month in months)
    few = {"values": list(range(int(top) + 1))} if are_whole and top <= 3 else {"tickCount": 3}
    axis = alt.Axis(format=form, domain=False, ticks=False, **few)
    unit = facet.metric.unit
    scale = alt.Scale(zero=True, nice=3) if top else alt.Scale(domain=[0, 1])  # else 0 would be in the middle
    columns = chart.mark_bar(color=look.theme.series[0]).encode(
        x=time_axis(months, "left"),
        x2="right:T",
        y=alt.Y("low:Q", title=unit, scale=scale, axis=axis),
        y2="value:Q",
        opacity=alt.condition("datum.is_settled", alt.value(1.0), alt.value(_FAINT)),
        tooltip=[
            alt.Tooltip("period:N"),
            alt.Tooltip("value:Q", title=unit, format=",.4~r"),
            alt.Tooltip("coverage:Q", title="collected", format=".0%"),
            alt.Tooltip("state:N"),
        ],
    )
    title = alt.TitleParams(facet.metric.title, anchor="start", frame="group", fontSize=13, color=look.theme.title)
    layers = [*_unknown(data, months, look), columns, *_releases(project, months, look)]
    return alt.LayerChart(layer=layers).properties(title=title)


def _unknown(data: list[dict[str, Any]], months: list[_Month], look: Look) -> list[alt.Chart]:
    """A grey band where there is no data, so that it does not look like 0."""
    unknown = [each for each in data if each["value"] is None]
    if not unknown:
        return []
    bands = alt.Chart(inline(unknown)).mark_rect(color=look.theme.grid, opacity=0.6)
    return [bands.encode(x=time_axis(months, "left"), x2="right:T", tooltip=[alt.Tooltip("state:N")])]


def _datum(month: _Month) -> dict[str, Any]:
    left, right = inset(month.period)
    state = month.number.state
    return {
        "left": left,
        "right": right,
        "period": month.period.label,
        "low": 0,
        "value": month.value,
        "coverage": month.number.coverage,
        "state": state.label,
        "is_settled": state is State.COMPLETE,
    }


def _releases(project: Project, months: list[_Month], look: Look) -> list[alt.Chart]:
    """A thin line for each release."""
    data = [{"left": milliseconds(one.window.start), "text": one.text} for one in _shown_releases(project)]
    if not data:
        return []
    rules = alt.Chart(inline(data)).mark_rule(color=look.theme.strong, strokeDash=[2, 2])
    return [rules.encode(x=time_axis(months, "left"), tooltip=[alt.Tooltip("text:N", title="release")])]


def _shown_releases(project: Project) -> list[Any]:
    return [one for one in project.releases if project.since <= one.window.start < project.until]


def _legend(project: Project, timed: list[tuple[Facet, list[_Month]]]) -> list[str]:
    months = [month for _, own in timed for month in own]
    said = []
    if any(month.value is not None and month.number.state is not State.COMPLETE for month in months):
        said.append("pale: provisional or partly collected")
    if any(month.value is None for month in months):
        said.append("grey: not collected")
    return said + (["dashed line: a release"] if _shown_releases(project) else [])


def draw_ranking(ranking: Ranking, look: Look) -> alt.LayerChart:
    """One bar per project of the last 30 days, longest on top, its value next to it."""
    if len(ranking.places) > _MOST_BARS:
        raise QueryError(f"{len(ranking.places)} bars are too many for a chart; it has at most {_MOST_BARS}.")
    data = [
        {
            "project": place.project,
            "value": place.last_days or 0.0,
            "text": GAP if place.last_days is None else number(place.last_days),
            "is_whole": place.coverage >= 1,
        }
        for place in ranking.places
    ]
    chart = alt.Chart(inline(data), width=look.width or WIDTH - 160, height=look.height or {"step": 24})
    axis = alt.Axis(labelLimit=320, ticks=False, domain=False)
    y = alt.Y("project:N", sort=[place.project for place in ranking.places], title=None, axis=axis)
    x = alt.X("value:Q", title=f"{ranking.metric.unit}, last 30 days", scale=alt.Scale(zero=True, nice=6))
    bars = chart.mark_bar(size=16, color=look.theme.series[0]).encode(
        x=x, y=y, opacity=alt.condition("datum.is_whole", alt.value(1.0), alt.value(_FAINT))
    )
    texts = chart.mark_text(align="left", dx=5, color=look.theme.text).encode(x="value:Q", y=y, text="text:N")
    said = [ranking.span] + (["pale: partly collected"] if any(p.coverage < 1 for p in ranking.places) else [])
    remarks = [said, *([note] for note in ranking.notes)]
    return finished(alt.LayerChart(layer=[bars, texts]), ranking.title, remarks, look, look.width or WIDTH - 160)
