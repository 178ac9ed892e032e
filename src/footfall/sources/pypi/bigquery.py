"""BigQuery: every dimension of PyPI's downloads, at the user's cost.

Every read of a day is billed, so it is read once, and once a day while it is not final. All projects and days
that are due are read in one query. `pip` is included as a check: a day without any download of it was not loaded.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from footfall.errors import FootfallError
from footfall.formats import size_of
from footfall.ledger import Known
from footfall.periods import Window
from footfall.sources import Offer
from footfall.sources.checks import Check, Deadline
from footfall.sources.pypi.days import Fault, Split, Stated, Unchanged
from footfall.sources.pypi.metrics import metrics_of
from footfall.sources.pypi.mirrors import SORTED, is_mirror
from footfall.sources.pypi.tables import DOWNLOADS, downloads_table
from footfall.warehouses.bigquery import BigQuery

if TYPE_CHECKING:
    from footfall.http import Client
    from footfall.sources.pypi.settings import PyPISettings

NAME = "BigQuery"
ALWAYS = "pip"
CHUNK = timedelta(days=31)
_DAY = timedelta(days=1)
TABLES = (downloads_table({}),)
METRICS = metrics_of(
    fixed=f"As counted in PyPI's own table at {NAME}.",
    mirrors=SORTED,
    ci="Whether downloads by continuous integration count, as far as installers report it.",
    knows_ci=True,
    knows_all=False,
)
_COLUMNS = ("version", "python_minor", "system", "installer", "country", "is_ci")


@dataclass(frozen=True)
class Due:
    """A day that may be read: what is stored of it, its fingerprint, and whether the project ever had a download."""

    stored: int
    is_known: bool
    looks: str


class PublicData:
    """PyPI's BigQuery dataset as a provider."""

    name = NAME
    tables = TABLES
    metrics = METRICS

    def __init__(self, settings: PyPISettings, client: Client) -> None:
        self._settings = settings
        self._client = client

    def _project(self) -> BigQuery:
        from footfall.warehouses.google import google_token

        token = self._settings.password or google_token()
        return BigQuery(
            self._client,
            self._settings.billing_project,
            token,
            most_bytes=self._settings.most_bytes,
            address=self._settings.place,
        )

    def offers(self, known: Known, now: datetime) -> Iterator[Offer]:
        """Every day until yesterday. A day that was read keeps its fingerprint; until final, it is read once a day."""
        first = self._settings.since or now.date()
        settles_after = timedelta(days=self._settings.settles_after)
        today = datetime.combine(now.date(), time(1), now.tzinfo)
        asked_since = today if today <= now else today - _DAY
        found = {entry.scope for entry in known if entry.is_success and entry.rows}
        for project in self._settings.packages:
            for n in range((now.date() - first).days):
                window = Window.of_day(first + n * _DAY)
                settles_at = window.end + settles_after
                stored = known.stored(DOWNLOADS, project, window)
                read_at = stored.observed_at if stored and stored.observed_at else None
                is_fresh = read_at is not None and self._settings.once_a_day and read_at >= asked_since
                is_final = read_at is not None and read_at >= settles_at
                looks = stored.fingerprint if stored and (is_fresh or is_final) else ""
                due = Due(stored.rows if stored else 0, project in found, stored.fingerprint if stored else "")
                yield Offer(DOWNLOADS, window, project, looks, settles_at=settles_at, detail=due)

    def resolved(self, offers: Iterable[Offer]) -> Iterator[Offer]:
        """The same offers with their breakdowns: one query for about a month of all projects."""
        due: list[Offer] = []
        for offer in offers:
            if isinstance(offer.detail, Due):
                due.append(offer)
            else:
                yield offer
        due.sort(key=lambda offer: offer.window)
        while due:
            until = due[0].window.start + CHUNK
            chunk = [offer for offer in due if offer.window.start < until]
            due = due[len(chunk) :]
            yield from self._read(chunk)

    def _read(self, chunk: Sequence[Offer]) -> Iterator[Offer]:
        projects = sorted({offer.scope for offer in chunk})
        span = Window(chunk[0].window.start, chunk[-1].window.end)
        try:
            found = self._splits(projects, span)
        except FootfallError as error:
            yield from (replace(offer, detail=Fault(str(error).rstrip("."))) for offer in chunk)
            return
        known = {project for project, _ in found}
        for offer in chunk:
            day = offer.window.start.date()
            stated = Stated(found.get((offer.scope, day), {}))
            if fault := _fault_of(offer, stated, (ALWAYS, day) in found, offer.scope in known):
                yield replace(offer, detail=Fault(fault))
                continue
            looks = stated.looks(NAME)
            is_same = looks == offer.detail.looks and not offer.is_rechecked
            yield replace(offer, detail=Unchanged() if is_same else stated, fingerprint=looks)

    def _splits(self, projects: Sequence[str], span: Window) -> dict[tuple[str, date], dict[Split, int]]:
        found: dict[tuple[str, date], dict[Split, int]] = defaultdict(lambda: defaultdict(int))
        for page in self._project().pages(question_of(projects, span)):
            for row in page.to_pylist():
                split = tuple((name, row[name]) for name in _COLUMNS)
                of_mirror = ("is_mirror", is_mirror(row["installer"]))
                found[row["project"], row["day"]][(*split, of_mirror)] += int(row["downloads"])
        return found

    def checks(self, now: datetime) -> Iterator[Check]:
        """The cost of a day, determined by a dry run, which is free."""
        span = Window.of_day(now.date() - _DAY)
        try:
            cost = self._project().cost(question_of(self._settings.packages, span))
            yield Check(
                NAME, "ok", f"a day reads {size_of(cost)}, a query may read {size_of(self._settings.most_bytes)}"
            )
        except FootfallError as error:
            fix = "check `billing_project`, and that the account has the role BigQuery Job User on it"
            yield Check(NAME, "failed", str(error), fix)

    def deadlines(self, known: Known, now: datetime) -> Iterator[Deadline]:
        """It keeps everything, so there are no deadlines."""
        return iter(())


def _fault_of(offer: Offer, stated: Stated, is_loaded: bool, is_known: bool) -> str:
    """Why the result for a day is implausible; empty if it is plausible."""
    if not is_loaded:
        return f"{NAME} has no downloads of any project on this day"
    if not is_known and not offer.detail.is_known:
        return f"{NAME} has no download of {offer.scope}; check the name"
    if offer.detail.stored and not stated.downloads:
        return f"{NAME} gave {offer.detail.stored:,} downloads of this day before and none now; collected data is kept"
    return ""


def question_of(projects: Sequence[str], span: Window) -> str:
    """The query for some days of projects. `pip` is only counted."""
    names = ", ".join(f"'{name}'" for name in dict.fromkeys((*projects, ALWAYS)))
    wanted = ", ".join(f"'{name}'" for name in projects)

    def only_wanted(expression: str) -> str:
        return f"IF(project IN ({wanted}), {expression}, NULL)"

    columns = {
        "version": "file.version",
        "python_minor": r"REGEXP_EXTRACT(details.python, r'^[0-9]+\.[0-9]+')",
        "system": "details.system.name",
        "installer": "details.installer.name",
        "country": "country_code",
        "is_ci": "details.ci",
    }
    chosen = ", ".join(f"{only_wanted(expression)} AS {name}" for name, expression in columns.items())
    return (
        f"SELECT DATE(timestamp) AS day, project, {chosen}, COUNT(*) AS downloads "
        "FROM `bigquery-public-data.pypi.file_downloads` "
        f"WHERE project IN ({names}) AND timestamp >= TIMESTAMP('{span.start:%Y-%m-%d}') "
        f"AND timestamp < TIMESTAMP('{span.end:%Y-%m-%d}') GROUP BY 1, 2, 3, 4, 5, 6, 7, 8"
    )
