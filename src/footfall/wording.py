"""How questions, numbers and remarks are said: the same words in the terminal and on charts."""

from __future__ import annotations

import textwrap
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from footfall.metrics import Kind
from footfall.periods import ALL_TIME, EPOCH, Grain, Period, Window, in_utc, periods_in

if TYPE_CHECKING:
    from footfall.result import Result
    from footfall.retention.cohorts import Cohort
    from footfall.retention.funnels import Funnel
    from footfall.retention.growth import Growth
    from footfall.retention.stickiness import Stickiness

OTHERS = ("other", "(other)")
"""What the row is called that `top` folds the rest into."""
GAP = "–"
KINDS = {
    Kind.SUM: "adds up over time and over groups",
    Kind.DISTINCT: "counted anew for every period and group: the parts do not add up to the whole",
    Kind.LEVEL: "a gauge: not added over time, but read",
    Kind.LATEST: "a moment: the last time it happened",
}
"""What each kind of metric means for adding up."""


def title_of(result: Result) -> str:
    """The question in words: "Launches per day by federation, 7-day mean"."""
    query = result.query
    words = [result.metric.title]
    if query.grain is not Grain.TOTAL:
        words.append(f"per {query.grain}")
    if query.by:
        words.append(f"by {listed(query.by)}")
    if query.top:
        words.append(f"(top {query.top})")
    title = " ".join(words)
    if query.rolling:
        title += f", {rolling_of(result)}"
    if query.cumulative:
        title += ", running total"
    return title


def rolling_of(result: Result) -> str:
    return f"{result.query.rolling}-{result.query.grain} mean"


def span_of(result: Result) -> str:
    """Which time, and what was left out: "2025-01-01 to 2025-12-31 · status=success"."""
    window = window_of(result)
    span = f"{days_of(window)} (UTC)" if window.start < window.end else "no time"
    parts = [span, *(str(f) for f in result.query.where)]
    return " · ".join(parts)


def days_of(window: Window) -> str:
    """A half-open window as people say it: from its first to its last day."""
    if window == ALL_TIME:
        return "all time"
    if _is_midnight(window.start) and _is_midnight(window.end):
        first, last = window.start.date(), (window.end - timedelta(days=1)).date()
        return f"{first}" if first == last else f"{first} to {last}"
    return f"{window.start:%Y-%m-%d %H:%M} to {window.end:%Y-%m-%d %H:%M}"


def unit_of(result: Result) -> str:
    """What an axis counts: "launches per day, 7-day mean"."""
    query, metric = result.query, result.metric
    words = metric.unit
    if query.grain is not Grain.TOTAL and metric.kind is not Kind.LEVEL and not query.cumulative:
        words += f" per {query.grain}"
    if query.rolling:
        words += f", {rolling_of(result)}"
    return f"{words}, running total" if query.cumulative else words


def remarks(result: Result, width: int = 0) -> list[str]:
    """Notes and policies, a line each: what shaped the number. `width` > 0 folds long ones."""
    said = [*result.notes, *policies_of(result)]
    return [line for text in said for line in (textwrap.wrap(text, width) if width else [text])]


def policies_of(result: Result) -> list[str]:
    """The choice made of every policy, as "null_origin = gke"."""
    chosen = " · ".join(f"{name} = {choice}" for name, choice in result.query.policies)
    return [chosen] if chosen else []


def compared_with(result: Result) -> str:
    """With which time: a year before, or the window of equal length that ends where the question's begins."""
    if result.query.compare == "year":
        return "a year before"
    count = len(periods_in(result.query.grain, window_of(result)))
    if result.query.grain is Grain.TOTAL:
        return "the same span before"
    return f"the {result.query.grain} before" if count == 1 else f"{count:,} {result.query.grain}s before"


def period_of(result: Result, start: datetime) -> Period:
    """The period of a row, from its start."""
    if result.query.grain is Grain.TOTAL:
        window = window_of(result)
        return Period(window.start, window.end, Grain.TOTAL)
    return Period.containing(result.query.grain, in_utc(start))


def window_of(result: Result) -> Window:
    """What the answer is about; empty when nothing was asked and nothing is known."""
    since, until = result.query.since, result.query.until
    return Window(since or until or EPOCH, until or since or EPOCH)


def label_of(value: Any) -> str:
    """A dimension's value as people read it."""
    if value is None or value == "":
        return "(none)"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def number(value: float, decimals: int | None = None) -> str:
    """With thousands separators; whole numbers without decimals, others with as many as their size deserves."""
    if decimals is None:
        decimals = 0 if float(value).is_integer() else decimals_for(abs(value))
    return f"{value:,.{decimals}f}"


def decimals_for(largest: float) -> int:
    """How many decimals tell values of this size apart without pretending precision."""
    return 0 if largest >= 10_000 else 1 if largest >= 100 else 2


def moment_of(moment: datetime) -> str:
    """2026-11-23 09:30 UTC."""
    return f"{in_utc(moment):%Y-%m-%d %H:%M} UTC"


def size_of(count: float) -> str:
    """Bytes as people say them: 691 MB."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if count >= 10 or unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def length_of(seconds: float) -> str:
    """A stretch of time as people say it: 4.2 s, 3 min 20 s, 2 h 05 min, 8 days."""
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    hours, minutes = divmod(minutes, 60)
    is_days = hours >= 48 or (hours == 24 and minutes == 0)
    return counted(round(hours / 24), "day") if is_days else f"{hours} h {minutes:02d} min"


def listed(names: Any) -> str:
    """a, b and c."""
    *head, last = [str(n) for n in names]
    return f"{', '.join(head)} and {last}" if head else last


def counted(count: int, one: str, many: str = "") -> str:
    """1 day, 2 days."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


# --- activity


def title_of_cohort(cohort: Cohort) -> str:
    """ "signed_up → active: actors new to signed_up who came back, by week"."""
    who = f"{cohort.actors} new to {cohort.first}" if cohort.kind == "new" else cohort.actors
    did = "came back" if cohort.retention == "return" else "came back then or later"
    return f"{cohort.first} → {cohort.then}: {who} who {did}, by {cohort.grain}"


def span_of_cohort(cohort: Cohort) -> str:
    """Which rows, and who was left out: "2026-01-05 to 2026-03-11 (UTC) · first with paid"."""
    parts = [span_of_rows(cohort)]
    parts += [f"rows with {listed(cohort.where_first)}"] if cohort.where_first else []
    parts += [f"columns with {listed(cohort.where_then)}"] if cohort.where_then else []
    return " · ".join(parts)


def span_of_rows(of: Cohort | Growth | Stickiness) -> str:
    """From the first day of the first row to the last day of the last: "2026-01-05 to 2026-03-11 (UTC)"."""
    return f"{days_of(Window(of.rows[0].period.start, of.rows[-1].period.end))} (UTC)"


def title_of_funnel(funnel: Funnel) -> str:
    """ "see → try → buy: actors within 7 days"."""
    return f"{' → '.join(step.event for step in funnel.steps)}: {funnel.actors} within {counted(funnel.within, 'day')}"


def span_of_funnel(funnel: Funnel) -> str:
    """ "first steps 2026-03-01 to 2026-03-11 (UTC)"."""
    return f"first steps {days_of(funnel.window)} (UTC)"


def why_open(funnel: Funnel) -> str:
    """Why a funnel is provisional."""
    reasons = [
        "some who took the first step still have time left" if funnel.has_time_left else "",
        "not all of the time was collected" if funnel.has_gaps else "",
    ]
    return ", and ".join(filter(None, reasons))


def title_of_stickiness(stickiness: Stickiness) -> str:
    """ "active: stickiness per day"."""
    return f"{stickiness.event}: stickiness per {'day' if stickiness.windows == 'trailing' else 'calendar month'}"


def title_of_growth(growth: Growth) -> str:
    """ "active: new, returning, resurrected and dormant {growth.actors} per week"."""
    return f"{growth.event}: new, returning, resurrected and dormant {growth.actors} per {growth.grain}"


def percent(value: float | None, decimals: int = 1) -> str:
    """12.3; what is something never rounds to nothing, and what is missing is a dash."""
    if value is None:
        return GAP
    least = 10.0**-decimals
    return f"<{least:.{decimals}f}" if 0 < value < least / 2 else f"{value:.{decimals}f}"


def _is_midnight(moment: datetime) -> bool:
    return (moment.hour, moment.minute, moment.second, moment.microsecond) == (0, 0, 0, 0)
