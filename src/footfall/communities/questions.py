"""The question about communities, as Python asks it: a workspace has this method."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from footfall.communities.answer import Communities
    from footfall.lake import Lake, Snapshot
    from footfall.metrics import Metric
    from footfall.periods import Moment
    from footfall.result import Result
    from footfall.tables import Table


class CommunityQuestions(Protocol):
    """What is known of the communities that use hubs."""

    now: Callable[[], datetime]

    if TYPE_CHECKING:

        @property
        def lake(self) -> Lake: ...

        def query(self, *args: Any, **kwargs: Any) -> Result:
            """The answer to a query."""

        def snapshot(self, as_of: datetime | None = None, tables: Any = None) -> Snapshot:
            """One version of every table."""

        @property
        def metrics(self) -> dict[str, Metric]: ...

        @property
        def tables(self) -> Mapping[str, Table]: ...

    def communities(
        self, constellation: str | None = None, *, days: int | None = None, until: Moment | None = None
    ) -> Communities:
        """The communities that use hubs, where they are, and how many users they have in a month.

        Args:
            constellation: Only communities of this group.
            days: The number of days to average; 28 by default.
            until: The day after the last of them; today by default, so that all days are complete.

        Raises:
            QueryError: Where no list of communities was collected.
            UnknownNameError: For a constellation that is not on the list.

        Example:
            >>> ff.communities().chart(area="usa").save("map.png")  # doctest: +SKIP
        """
        from footfall.communities.asking import DAYS, MOST_DAYS, Knowledge, ask_communities
        from footfall.errors import QueryError
        from footfall.options import count_of, read_moment
        from footfall.periods import Grain, floor

        if constellation is not None and not isinstance(constellation, str):
            raise QueryError(f"constellation={constellation!r} is not text; give the name of one.")
        length = count_of("days", days, MOST_DAYS) or DAYS
        end = floor(Grain.DAY, read_moment("until", until, self.now()) or self.now())
        knowledge = Knowledge(self.lake, self.snapshot, self.metrics, self.tables, self.query)
        return ask_communities(knowledge, end, length, constellation or None)
