"""ClickHouse's public copy of PyPI's downloads (ClickPy): the whole history, without an account.

Its server truncates long answers and reports success, so each answer is checked against control totals, and the days in
an answer against daily totals, which come from another table. These totals also show whether a day has changed.
Days are loaded, deleted and refilled manually; projects that always have downloads show which days are complete.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from footfall.errors import BrokenDataError, SourceError
from footfall.ledger import Known
from footfall.periods import Window
from footfall.sources import Offer
from footfall.sources.checks import Check, Deadline
from footfall.sources.pypi.days import Fault, Split, Stated, fault_of
from footfall.sources.pypi.losses import lost_days
from footfall.sources.pypi.metrics import metrics_of
from footfall.sources.pypi.mirrors import MIRRORS, SORTED, is_mirror
from footfall.sources.pypi.tables import DOWNLOADS, PYTHONS, SYSTEMS, breakdown_table, downloads_table
from footfall.warehouses.clickhouse import ClickHouse

if TYPE_CHECKING:
    import pyarrow as pa

    from footfall.http import Client
    from footfall.sources.pypi.settings import PyPISettings

NAME = "ClickHouse"
ALWAYS = ("pip", "setuptools", "requests", "urllib3")
"""Projects that have downloads on every day."""
CHUNK = timedelta(days=31)
_DAY = timedelta(days=1)
_UNTOLD = f'{NAME} does not have this; set provider = "bigquery" in [sources.pypi]'
TABLES = (
    downloads_table({"is_ci": _UNTOLD, "python_minor": _UNTOLD, "system": _UNTOLD}),
    breakdown_table(PYTHONS, "python_minor", "minor version of Python"),
    breakdown_table(SYSTEMS, "system", "operating system"),
)
METRICS = metrics_of(
    fixed=f"As {NAME}'s public copy counts: continuous integration included.",
    mirrors=SORTED,
    ci=f"{NAME} includes continuous integration and cannot leave it out.",
    knows_ci=False,
    knows_all=False,
    breakdowns=(PYTHONS, SYSTEMS),
)
_TOTALS = "pypi.pypi_downloads_per_day"
_SPLITS = {
    DOWNLOADS: (
        "pypi.pypi_downloads_per_day_by_version_by_installer_by_type_by_country",
        ("version", "installer", "country_code"),
        "sum(count)",
    ),
    PYTHONS: ("pypi.pypi", ("python_minor", "installer"), "count()"),
    SYSTEMS: ("pypi.pypi", ("system", "installer"), "count()"),
}
"""For each table: the narrowest upstream table that has its dimension and distinguishes mirrors; and how to sum it."""


@dataclass(frozen=True)
class Due:
    """A day to read, with the total that its downloads must match."""

    total: int
    note: str


class ClickPy:
    """ClickHouse's public copy as a provider."""

    name = NAME
    tables = TABLES
    metrics = METRICS

    def __init__(self, settings: PyPISettings, client: Client) -> None:
        self._settings = settings
        self._server = ClickHouse(client, settings.place, user=settings.user, password=settings.password, timeout=120.0)

    def offers(self, known: Known, now: datetime) -> Iterator[Offer]:
        """Every day from the first requested one to the last available one."""
        everywhere = self._totals(ALWAYS, now)
        days = {day: total for day, total in everywhere.items() if total and day < now.date()}
        if not days:
            raise BrokenDataError(f"{self._settings.place} has no days with downloads; try again later.")
        notes = {
            day: f"{NAME} has {share:.0%} of what is usual for {', '.join(ALWAYS)} on this day: downloads are missing"
            for day, share in lost_days(days).items()
        }
        for project in self._settings.packages:
            try:
                yield from self._project(project, days, notes, known, now)
            except SourceError as error:
                yield from (fault_of(table.name, project, max(days), str(error)) for table in TABLES)

    def _project(
        self, project: str, days: Mapping[date, int], notes: Mapping[date, str], known: Known, now: datetime
    ) -> Iterator[Offer]:
        totals = self._totals((project,), now)
        if not totals:
            raise SourceError(f"{NAME} has no project {project}; check the name, or wait a day if it is new")
        first, last = max(min(totals), self._settings.since or date.min), max(days)
        for n in range((last - first).days + 1):
            day = first + n * _DAY
            for table in TABLES:
                yield self._offer(table.name, project, day, totals.get(day, 0), day in days, notes.get(day, ""), known)

    def _offer(self, table: str, project: str, day: date, total: int, is_there: bool, note: str, known: Known) -> Offer:
        window = Window.of_day(day)
        if not is_there:
            return Offer(table, window, project, absent=f"{NAME} has no downloads of this day")
        stored = known.stored(table, project, window)
        if stored is not None and stored.rows and not total:
            reason = f"{NAME} had {stored.rows:,} downloads of this day before and has none now; collected data is kept"
            return fault_of(table, project, day, reason)
        looks = f"{NAME}:{total}:{bool(note)}"
        settles_at = window.end + timedelta(days=self._settings.settles_after)
        return Offer(table, window, project, looks, settles_at=settles_at, detail=Due(total, note))

    def _totals(self, projects: Sequence[str], now: datetime) -> dict[date, int]:
        names = ", ".join(f"'{name}'" for name in projects)

        def question(window: Window) -> str:
            return (
                f"SELECT date, sum(count) AS downloads FROM {_TOTALS} WHERE project IN ({names}) AND "
                f"date >= '{window.start:%Y-%m-%d}' AND date < '{window.end:%Y-%m-%d}' GROUP BY date"
            )

        first = Window.of_day(self._settings.since or date(2011, 1, 1)).start
        rows = self._server.ask_whole(question, Window(first, Window.of_day(now.date()).end), totals=("downloads",))
        return {row["date"]: int(row["downloads"]) for row in rows.to_pylist()}

    def resolved(self, offers: Iterable[Offer]) -> Iterator[Offer]:
        """The same offers with their breakdowns, read in queries for about a month of a project and table."""
        together: dict[tuple[str, str], list[Offer]] = defaultdict(list)
        for offer in offers:
            if isinstance(offer.detail, Due) and offer.detail.total:
                together[offer.table, offer.scope].append(offer)
            else:
                yield replace(offer, detail=Stated({}, offer.detail.note)) if isinstance(offer.detail, Due) else offer
        for wanted in together.values():
            wanted.sort(key=lambda offer: offer.window)
            while wanted:
                until = wanted[0].window.start + CHUNK
                chunk = [offer for offer in wanted if offer.window.start < until]
                wanted = wanted[len(chunk) :]
                yield from self._read(chunk)

    def _read(self, chunk: Sequence[Offer]) -> Iterator[Offer]:
        table, project = chunk[0].table, chunk[0].scope
        span = Window(chunk[0].window.start, chunk[-1].window.end)
        try:
            rows = self._server.ask_whole(
                lambda window: question_of(table, project, window), span, totals=("downloads",)
            )
        except SourceError as error:
            yield from (replace(offer, detail=Fault(str(error).rstrip("."))) for offer in chunk)
            return
        by_day = split_of(table, rows)
        for offer in chunk:
            counts, due = by_day.get(offer.window.start.date(), {}), offer.detail
            found = sum(counts.values())
            if found != due.total:
                reason = f"{NAME} has {found:,} downloads of this day in one table and {due.total:,} in another"
                yield replace(offer, detail=Fault(f"{reason}; it is being loaded; it is read again next time"))
            else:
                yield replace(offer, detail=Stated(counts, due.note))

    def checks(self, now: datetime) -> Iterator[Check]:
        """Whether the server can be reached, the last loaded day, and whether it knows each project."""
        try:
            last = max(self._totals(ALWAYS, now), default=None)
            yield Check(NAME, "ok" if last else "failed", f"days until {last or 'none'}")
        except SourceError as error:
            yield Check(NAME, "failed", str(error), "check `address`, `user` and `password` in [sources.pypi]")
            return
        for project in self._settings.packages:
            try:
                is_known = bool(self._totals((project,), now))
            except SourceError as error:
                yield Check(project, "failed", str(error), "try again later")
                continue
            fix = "" if is_known else "correct `packages` in [sources.pypi]"
            yield Check(project, "ok" if is_known else "failed", "" if is_known else "it has no downloads", fix)

    def deadlines(self, known: Known, now: datetime) -> Iterator[Deadline]:
        """It keeps everything, so there are no deadlines."""
        return iter(())


def question_of(table: str, project: str, window: Window) -> str:
    """The query for days of a project. Its tables merge rows only from time to time, so always use sum."""
    where, columns, count = _SPLITS[table]
    chosen = ", ".join(columns)
    if table != DOWNLOADS:  # for installers, only whether they copy PyPI is kept
        names = ", ".join(f"'{name}'" for name in MIRRORS)
        kept = f"multiIf(installer = '', '', lower(installer) IN ({names}), '{MIRRORS[0]}', 'other')"
        chosen = f"{columns[0]}, {kept} AS kind"
    groups = "kind" if table != DOWNLOADS else "installer, country_code"
    return (
        f"SELECT date, {chosen}, {count} AS downloads FROM {where} WHERE project = '{project}' AND "
        f"date >= '{window.start:%Y-%m-%d}' AND date < '{window.end:%Y-%m-%d}' GROUP BY date, {columns[0]}, {groups}"
    )


def split_of(table: str, rows: pa.Table) -> dict[date, dict[Split, int]]:
    """Rows of an answer by day. Upstream writes null as an empty string, which means that it is not known."""
    found: dict[date, dict[Split, int]] = defaultdict(lambda: defaultdict(int))
    for row in rows.to_pylist():
        first = _SPLITS[table][1][0]
        if table == DOWNLOADS:
            installer = row["installer"] or None
            split: tuple[tuple[str, Any], ...] = (
                ("version", row["version"] or None),
                ("installer", installer),
                ("country", row["country_code"] or None),
                ("is_mirror", is_mirror(installer)),
            )
        else:
            split = ((first, row[first] or None), ("is_mirror", is_mirror(row["kind"] or None)))
        found[row["date"]][split] += int(row["downloads"])
    return found
