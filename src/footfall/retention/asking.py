"""The methods of a workspace for questions about activity."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from footfall.activity import Activity
    from footfall.periods import Moment
    from footfall.retention.cohorts import Cohort
    from footfall.retention.funnels import Funnel
    from footfall.retention.growth import Growth
    from footfall.retention.questions import Conditions, Name
    from footfall.retention.stickiness import Stickiness


class ActivityQuestions(Protocol):
    """Questions about the activity in a workspace: who came back, through which steps, how often, and who is new."""

    now: Callable[[], datetime]

    @property
    def activity(self) -> Activity: ...

    @abstractmethod
    def notes_on_events(self, *events: str) -> tuple[str, ...]:
        """Notes from the settings on the sources of events."""

    def cohort(
        self,
        first: Name,
        then: Name,
        *,
        grain: str = "week",
        since: Moment | None = None,
        until: Moment | None = None,
        last: int | None = None,
        columns: int = 12,
        kind: str = "active",
        retention: str = "return",
        where_first: Conditions = (),
        where_then: Conditions = (),
        as_of: Moment | None = None,
        **older: Any,
    ) -> Cohort:
        """Follow the actors who did `first` in a period through later periods of `then`.

        Args:
            first: The event that starts a cohort, or its name.
            then: The event that counts as coming back.
            grain: "day", "week" (ISO), "month" or "year", in UTC.
            since: The first row is the period that holds this moment; default: the last 12 periods.
            until: Rows start before this time; their columns continue to now.
            last: The number of rows, with the current period; 1 to 1,000.
            columns: The number of periods per row, including its own; 1 to 1,000.
            kind: "active" (did `first` in the row's period) or "new" (did it then for the first time ever).
            retention: "return" (did `then` in exactly that period) or "unbounded" (then or later).
            where_first: Only actors who also did this event in the row's period, or are in this set; one or several.
            where_then: The same for coming back.
            as_of: Answer as of that time: later marks do not count.
            older: 0.1.0's `by` (now `grain`) and `rows` (now `last`), with a warning.

        Raises:
            UnknownNameError: For an event without marks, or an unknown grain, kind or retention.
            QueryError: For an invalid window or number.

        Example:
            >>> ff.cohort("signed_up", "active", grain="month", last=2, columns=2).to_dicts()[0]["size"]
            3
        """
        from footfall.retention.questions import CohortQuestion, ask_cohort

        given: dict[str, Any] = {
            "first": first,
            "then": then,
            "grain": grain,
            "since": since,
            "until": until,
            "last": last,
        }
        given |= {"columns": columns, "kind": kind, "retention": retention, "as_of": as_of}
        given |= {"where_first": where_first, "where_then": where_then}
        answer = ask_cohort(self.activity, CohortQuestion.parse(self._renewed(given, older), self.now()))
        return replace(answer, notes=(*answer.notes, *self.notes_on_events(answer.first, answer.then)))

    def _renewed(self, given: Mapping[str, Any], older: Mapping[str, Any]) -> Mapping[str, Any]:
        """A question with current option names, with a warning for names of 0.1.0."""
        if not older:
            return given
        import warnings

        from footfall.retention.older import renewed

        asked, warning = renewed(given, older, self.now())
        if warning:
            warnings.warn(warning, DeprecationWarning, stacklevel=3)
        return asked

    def funnel(
        self,
        *steps: Name | Iterable[Name],
        within: str | int = "7d",
        since: Moment | None = None,
        until: Moment | None = None,
        as_of: Moment | None = None,
    ) -> Funnel:
        """How many actors took the steps in order, each actor within some days of their first step.

        Args:
            steps: Events or their names, in order, as separate arguments or as a list; at least two.
            within: From the day of the first step to that of the last: days as a number, or "7d", "2w".
            since: First steps from this day on; default: the 30 days before `until`.
            until: First steps before this day; default: up to now. Later steps may lie after it.
            as_of: Answer as of that time: later marks do not count.

        Raises:
            UnknownNameError: For an event without marks.
            QueryError: For fewer than two steps, or an invalid time.

        Example:
            >>> [step.actors for step in ff.funnel("signed_up", "active", within="2w").steps]
            [3, 2]
        """
        from footfall.retention.questions import FunnelQuestion, ask_funnel

        given = {"steps": steps, "within": within, "since": since, "until": until, "as_of": as_of}
        answer = ask_funnel(self.activity, FunnelQuestion.parse(given, self.now()))
        return replace(answer, notes=(*answer.notes, *self.notes_on_events(*(step.event for step in answer.steps))))

    def stickiness(
        self,
        event: Name,
        *,
        windows: str = "trailing",
        since: Moment | None = None,
        until: Moment | None = None,
        last: int | None = None,
        as_of: Moment | None = None,
        **older: Any,
    ) -> Stickiness:
        """Daily, weekly and monthly active actors (DAU, WAU, MAU) and their ratios in percent.

        Args:
            event: The event that counts as active, or its name.
            windows: "trailing" (a row per day, with the 7 and 30 days ending on it) or "calendar" (a row per month).
            since: The first row is the day or month that holds this moment; default: the last 30.
            until: Rows start before this time; default: up to now.
            last: The number of rows, with the current one; 1 to 1,000.
            as_of: Answer as of that time: later marks do not count.
            older: 0.1.0's `rows` (now `last`), with a warning.

        Raises:
            UnknownNameError: For an event without marks, or unknown windows.
            QueryError: For an invalid window or number.

        Example:
            >>> ff.stickiness("active", last=1).rows[0].monthly
            2
        """
        from footfall.retention.questions import StickinessQuestion, ask_stickiness

        given = {"event": event, "windows": windows, "since": since, "until": until, "last": last, "as_of": as_of}
        answer = ask_stickiness(self.activity, StickinessQuestion.parse(self._renewed(given, older), self.now()))
        return replace(answer, notes=(*answer.notes, *self.notes_on_events(answer.event)))

    def growth(
        self,
        event: Name,
        *,
        grain: str = "week",
        since: Moment | None = None,
        until: Moment | None = None,
        last: int | None = None,
        as_of: Moment | None = None,
        **older: Any,
    ) -> Growth:
        """New, returning, resurrected and dormant actors by period.

        Args:
            event: The event that counts as active, or its name.
            grain: "day", "week" (ISO), "month" or "year", in UTC.
            since: The first row is the period that holds this moment; default: the last 12 periods.
            until: Rows start before this time; default: up to now.
            last: The number of rows, with the current period; 1 to 1,000.
            as_of: Answer as of that time: later marks do not count.
            older: 0.1.0's `by` (now `grain`) and `rows` (now `last`), with a warning.

        Raises:
            UnknownNameError: For an event without marks, or an unknown grain.
            QueryError: For an invalid window or number.

        Example:
            >>> [(row.new, row.returning) for row in ff.growth("active", grain="month", last=2).rows]
            [(2, 0), (0, 2)]
        """
        from footfall.retention.questions import GrowthQuestion, ask_growth

        given = {"event": event, "grain": grain, "since": since, "until": until, "last": last, "as_of": as_of}
        answer = ask_growth(self.activity, GrowthQuestion.parse(self._renewed(given, older), self.now()))
        return replace(answer, notes=(*answer.notes, *self.notes_on_events(answer.event)))
