"""pypistats.org: downloads of the last 180 days, by day, with one dimension per answer.

Which days it has at all is determined from its answer about all of PyPI (`__all__`): a day absent there is missing for
every project, and a day that is there but absent for a project is a day of 0. Whether it knows a project is determined
from `/overall` alone: for an unknown one, the other answers are empty lists.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from footfall.errors import BrokenDataError, SourceError
from footfall.http import Limit, StatusError
from footfall.ledger import Known
from footfall.periods import Window
from footfall.sources import Offer
from footfall.sources.checks import Check, Deadline
from footfall.sources.pypi.days import Split, Stated, fault_of, offer_of
from footfall.sources.pypi.losses import lost_days
from footfall.sources.pypi.metrics import metrics_of
from footfall.sources.pypi.names import normalise
from footfall.sources.pypi.tables import DOWNLOADS, PYTHONS, SYSTEMS, breakdown_table, downloads_table

if TYPE_CHECKING:
    from footfall.http import Client
    from footfall.sources.pypi.settings import PyPISettings

NAME = "pypistats.org"
ALL = "__all__"
REACH = timedelta(days=180)
UPDATED_AT = time(1, tzinfo=UTC)

_UNTOLD = f'{NAME} does not report it; set provider = "clickhouse" or "bigquery" in [sources.pypi]'
TABLES = (
    downloads_table(dict.fromkeys(("version", "python_minor", "system", "installer", "country", "is_ci"), _UNTOLD)),
    breakdown_table(PYTHONS, "python_minor", "minor version of Python"),
    breakdown_table(SYSTEMS, "system", "operating system"),
)
METRICS = metrics_of(
    fixed=(
        f"As {NAME} counts: continuous integration included; downloads by bandersnatch, z3c.pypimirror, Artifactory, devpi "
        "and programs without a name are mirrors, Nexus is not; versions of Python that are not of the form N.N have none."
    ),
    mirrors=f"Whether downloads by programs that copy PyPI count, and by those without a name, as {NAME} sorts them.",
    ci=f"{NAME} includes continuous integration and cannot leave it out.",
    knows_ci=False,
    breakdowns=(PYTHONS, SYSTEMS),
)
_BREAKDOWNS = {PYTHONS: "python_minor", SYSTEMS: "system"}

Counts = Mapping[str | None, Mapping[date, int]]
"""Downloads by category and day; upstream's null category is None."""


@dataclass(frozen=True)
class Range:
    """The days that the provider has, and those on which it lost downloads."""

    days: frozenset[date]
    lost: Mapping[date, float]

    @property
    def first(self) -> date:
        return min(self.days)

    @property
    def last(self) -> date:
        return max(self.days)

    def note_on(self, day: date) -> str:
        if day not in self.lost:
            return ""
        return (
            f"{NAME} counted {self.lost[day]:.0%} of what is usual for all of PyPI on this day: downloads are missing"
        )


class PyPIStats:
    """pypistats.org as a provider."""

    name = NAME
    tables = TABLES
    metrics = METRICS

    def __init__(self, settings: PyPISettings, client: Client) -> None:
        self._settings = settings
        self._client = client
        self._client.limit(urlsplit(settings.place).netloc, limit_of(settings.refused_wait))

    def offers(self, known: Known, now: datetime) -> Iterator[Offer]:
        """The days of every project, queried one after the other. Reaching the rate limit ends it."""
        stated = self._range(now)
        for project in self._settings.packages:
            yield from self._gaps(project, stated)
            if self._is_asked(project, stated, known, now):
                continue
            try:
                yield from self._project(project, stated, known)
            except SourceError as error:
                yield from (fault_of(table.name, project, stated.last, str(error)) for table in TABLES)
                if isinstance(error, StatusError) and error.status == 429:
                    raise

    def _is_asked(self, project: str, stated: Range, known: Known, now: datetime) -> bool:
        """Whether the project was read successfully since the last upstream update."""
        if not self._settings.once_a_day or known.recheck is not None:
            return False
        updated_at = datetime.combine(now.date(), UPDATED_AT)
        updated_at -= timedelta(days=updated_at > now)
        last = [known.latest(table.name, project, Window.of_day(stated.last)) for table in TABLES]
        return all(each and each.is_success and each.observed_at and each.observed_at >= updated_at for each in last)

    def _gaps(self, project: str, stated: Range) -> Iterator[Offer]:
        for n in range((stated.last - stated.first).days):
            day = stated.first + timedelta(days=n)
            if day not in stated.days:
                reason = f"{NAME} has no downloads of any project on this day"
                yield from (Offer(table.name, Window.of_day(day), project, absent=reason) for table in TABLES)

    def _project(self, project: str, stated: Range, known: Known) -> Iterator[Offer]:
        overall = self._overall(project)
        settles_after = timedelta(days=self._settings.settles_after)
        splits: dict[str, Counts | SourceError] = {table: self._split(project, table) for table in _BREAKDOWNS}
        for day in sorted(stated.days):
            is_leaving = day == stated.first and day != stated.last
            for table in (DOWNLOADS, *_BREAKDOWNS):
                if is_leaving and known.stored(table, project, Window.of_day(day)):
                    continue  # its rows go one after the other
                counts = splits.get(table, {})
                if isinstance(counts, SourceError):
                    if day == stated.last:
                        yield fault_of(table, project, day, str(counts))
                    continue
                made = day_of(day, overall, counts, _BREAKDOWNS.get(table), stated.note_on(day))
                yield offer_of(table, project, day, made, NAME, known, settles_after)

    def _range(self, now: datetime) -> Range:
        counts = self._ask(ALL, "overall")
        totals = counts.get("with_mirrors", {})
        past = {day: total for day, total in totals.items() if total and day < now.date()}
        if not past:
            raise BrokenDataError(f"{self._settings.place} returned no days; try again later.")
        return Range(frozenset(past), lost_days(past))

    def _overall(self, project: str) -> Counts:
        try:
            overall = self._ask(project, "overall")
        except StatusError as error:
            if error.status == 404:
                raise SourceError(
                    f"{NAME} has no project {project}; check the name, or wait a day if it is new"
                ) from None
            raise
        if not any(any(days.values()) for days in overall.values()):
            raise BrokenDataError(f"{NAME} answered about {project} without any download")
        return overall

    def _split(self, project: str, table: str) -> Counts | SourceError:
        """One breakdown, or why it is not available: the others are collected without it."""
        try:
            counts = self._ask(project, _BREAKDOWNS[table])
        except StatusError as error:
            if error.status == 429:
                raise
            return error
        except SourceError as error:
            return error
        return counts or BrokenDataError(f"{NAME} gave no {_BREAKDOWNS[table]} of {project}, which it knows")

    def _ask(self, project: str, kind: str) -> Counts:
        address = f"{self._settings.place}/api/packages/{project}/{kind}"
        return counts_of(self._client.json(address), project, address)

    def resolved(self, offers: Iterable[Offer]) -> Iterator[Offer]:
        """The same offers: their numbers came with them."""
        return iter(offers)

    def checks(self, now: datetime) -> Iterator[Check]:
        """Whether the server can be reached, and whether it knows each project."""
        fix = "check `address` and the connection; many callers behind one address share its 30 requests a minute"
        try:
            stated = self._range(now)
        except SourceError as error:
            yield Check(NAME, "failed", str(error), fix)
            yield from (Check(project, "unknown", f"{NAME} does not answer") for project in self._settings.packages)
            return
        yield Check(NAME, "ok", f"days until {stated.last}; 30 requests a minute, of which a project takes 3 a day")
        for project in self._settings.packages:
            try:
                self._overall(project)
                yield Check(project, "ok")
            except SourceError as error:
                yield Check(project, "failed", str(error), "correct `packages` in [sources.pypi]")

    def deadlines(self, known: Known, now: datetime) -> Iterator[Deadline]:
        """Days are deleted after 180 days."""
        last: dict[tuple[str, str], datetime] = {}
        for entry in known:
            if entry.is_success:
                key = (entry.table, entry.scope)
                last[key] = max(entry.window.end, last.get(key, entry.window.end))
        for project in self._settings.packages:
            for table in TABLES:
                since = last.get((table.name, project), Window.of_day((now - REACH).date()).end)
                yield Deadline(table.name, project, since + REACH, f"downloads of {since:%Y-%m-%d} and later")


def limit_of(refused_wait: float) -> Limit:
    """The limits on its API page: 5 requests a second, 30 a minute. Its refusals do not say how long to wait."""

    def read_wait(status: int, headers: Mapping[str, str], body: str) -> float:
        return refused_wait if status == 429 else 0.0

    return Limit(concurrency=1, pause=0.21, budget=30, per=60.0, read_wait=read_wait)


def counts_of(body: Any, project: str, address: str) -> Counts:
    """An answer, parsed strictly: a different project, an invalid count or a duplicate day is rejected."""
    found: dict[str | None, dict[date, int]] = {}
    try:
        if project != ALL and normalise(body["package"]) != project:
            raise BrokenDataError(f"{address} answers about another project, {body['package']}")
        for one in body["data"]:
            category, day, count = one["category"], date.fromisoformat(one["date"]), one["downloads"]
            if (
                not isinstance(count, int)
                or isinstance(count, bool)
                or count < 0
                or not isinstance(category, str | None)
            ):
                raise ValueError
            days = found.setdefault(None if category == "null" else category, {})
            if days.setdefault(day, count) != count:
                raise BrokenDataError(f"{address} states {day} twice, with different counts")
    except (KeyError, TypeError, ValueError, AttributeError):
        raise BrokenDataError(f"{address} does not answer as pypistats.org does; check `address`") from None
    return found


def day_of(day: date, overall: Counts, split: Counts, dimension: str | None, note: str = "") -> Stated:
    """A day of a project in one table.

    Breakdowns exclude mirrors and some downloads: both are kept without a value, so that all tables have one total.
    Contradictory answers are kept unchanged, with a note.
    """
    everything, people = (overall.get(name, {}).get(day, 0) for name in ("with_mirrors", "without_mirrors"))
    notes = [note] if note else []
    if people > everything:
        notes.append(f"{NAME} counts {people:,} downloads without mirrors and {everything:,} with them")
    counts: dict[Split, int] = {(("is_mirror", True),): max(0, everything - people)}
    if dimension is None:
        counts[("is_mirror", False),] = people
        return Stated(counts, "; ".join(notes))
    by_value = {value: days[day] for value, days in split.items() if day in days}
    rest = people - sum(by_value.values())
    if rest < 0:
        notes.append(f"{NAME} counts {people - rest:,} downloads by {dimension} and {people:,} in total")
    by_value[None] = by_value.get(None, 0) + max(0, rest)
    for value, count in by_value.items():
        counts[(dimension, value), ("is_mirror", False)] = count
    return Stated(counts, "; ".join(notes))
