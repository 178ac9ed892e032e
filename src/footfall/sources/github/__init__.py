"""GitHub: traffic, stars, forks, releases, workflow runs and commits of repositories.

Keeps data that GitHub deletes after 14 days; a repository is identified by its number, whatever its name.

settings     [sources.github]              tables, metrics   what is kept, and its metrics
credentials  tokens and Apps               api, refusals     requests within GitHub's limits, and what a refusal means
repositories what is collected             identities        renames, names that were taken over, retired scopes
asking       what the kinds share          traffic, popular, histories, releases, runs, commits   one kind each
examining    what works, and what GitHub will delete
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar

from footfall.errors import SourceError
from footfall.metrics import Metric
from footfall.periods import Window
from footfall.sources import Batch, Context, Known, Offer, Outcome, Progress
from footfall.sources.ahead import ahead
from footfall.sources.authors import Authors
from footfall.sources.checks import Check, Deadline
from footfall.sources.github.api import Api
from footfall.sources.github.asking import Answered, Asking, Kind, Later, Ready, Refused
from footfall.sources.github.commits import Commits
from footfall.sources.github.examining import checks_of, deadlines_of
from footfall.sources.github.histories import HISTORIES
from footfall.sources.github.identities import (
    Retired,
    given_up,
    names_known,
    offers_of_names,
    retirements,
)
from footfall.sources.github.metrics import METRICS
from footfall.sources.github.popular import POPULAR
from footfall.sources.github.releases import Releases, release_of
from footfall.sources.github.repositories import Repo, resolve
from footfall.sources.github.runs import Runs
from footfall.sources.github.settings import GitHubSettings
from footfall.sources.github.tables import RELEASES, TABLES
from footfall.sources.github.traffic import TRAFFIC
from footfall.sources.happened import FromRows
from footfall.sources.naming import ProjectNames
from footfall.tables import Table

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["GitHub", "GitHubSettings"]

RECENT = timedelta(days=35)
"""Windows that ended earlier are not requested again: 14 days, if GitHub's data is less than three weeks late."""


class GitHub:
    """Repositories on GitHub, or on a server of GitHub Enterprise."""

    name: ClassVar[str] = "github"
    description: ClassVar[str] = "Traffic, stars, forks, releases, workflow runs and commits of repositories on GitHub."
    Settings: ClassVar[type[GitHubSettings]] = GitHubSettings
    tables: Sequence[Table] = TABLES
    metrics: Sequence[Metric] = METRICS
    annotated_by: Sequence[FromRows] = (FromRows(RELEASES, release_of),)
    project_names: ClassVar[ProjectNames] = ProjectNames("repo")

    def __init__(self, settings: GitHubSettings, context: Context) -> None:
        self._settings, self._context = settings, context
        kinds: tuple[Kind, ...] = (
            *TRAFFIC,
            *POPULAR,
            *HISTORIES,
            Releases(),
            Runs(),
            Commits(Authors(settings.hash_key, settings.bots)),
        )
        self._kinds = tuple(kind for kind in kinds if kind.name in settings.collect)

    def offers(self, known: Known, now: datetime) -> Iterable[Offer]:
        """Queries all repositories concurrently; unchanged answers come from the cache."""
        known = known.within(Window(now - RECENT, now))
        asking = Asking(self._api(), known, now)
        resolved = resolve(asking.api, self._settings.repositories, self._settings.concurrency)
        before = names_known(known)
        yield from offers_of_names(resolved, before)
        yield from retirements(given_up(resolved, before), known, TABLES)
        for kind, answers in self._answers(asking, list(resolved.repos.values())).items():
            yield from kind.offers(asking, answers)

    def _api(self) -> Api:
        context = self._context
        return Api(self._settings, context.client(), context.scratch / "answers", context.now)

    def _answers(self, asking: Asking, repos: Sequence[Repo]) -> Mapping[Kind, list[Answered]]:
        """The answers of each kind for each repository, in order."""

        def ask(task: tuple[Repo, Kind]) -> tuple[Kind, Answered]:
            repo, kind = task
            try:
                return kind, Answered(repo, kind.ask(asking, repo))
            except SourceError as error:
                return kind, Answered(repo, fault=str(error).rstrip("."))

        found: dict[Kind, list[Answered]] = defaultdict(list)
        tasks = ((repo, kind) for repo in repos for kind in self._kinds)
        threads = self._settings.concurrency
        with closing(ahead(ask, tasks, threads=threads, most=4 * threads)) as answers:
            for kind, answered in answers:
                found[kind].append(answered)
        return found

    def fetch(self, offers: Sequence[Offer], tell: Progress) -> Generator[Batch, None, None]:
        """Offers that need no further requests as one batch; then the others, a few at a time."""
        later = [offer for offer in offers if isinstance(offer.detail, Later)]
        at_hand = [offer for offer in offers if not isinstance(offer.detail, Later)]
        if at_hand:
            yield _batch(at_hand, self._context.now())
            tell(windows=len(at_hand))
        threads = min(8, self._settings.concurrency)
        with closing(ahead(_read, later, threads=threads, most=2 * threads)) as batches:
            for offer, batch in zip(later, batches, strict=True):
                tell(windows=1, note=offer.detail.what)
                yield batch

    def checks(self, now: datetime) -> Iterator[Check]:
        """Whether each credential is accepted, and each kind allowed; `now` is not needed."""
        return checks_of(self._api(), self._settings, self._kinds)

    def deadlines(self, known: Known, now: datetime) -> Iterator[Deadline]:
        """When the oldest day that GitHub may still revise becomes unavailable."""
        return deadlines_of(known, now, [kind.table for kind in TRAFFIC if kind.name in self._settings.collect])


def _read(offer: Offer) -> Batch:
    detail: Later = offer.detail
    return detail.read(offer)


def _batch(offers: Sequence[Offer], now: datetime) -> Batch:
    import pyarrow as pa

    rows: dict[str, list[dict[str, object]]] = defaultdict(list)
    outcomes = []
    for offer in offers:
        outcomes.append(_outcome(offer, now))
        if isinstance(offer.detail, Ready):
            rows[offer.table] += map(dict, offer.detail.rows)
    tables = {table.name: table for table in TABLES}
    made: dict[str, pa.Table] = {
        name: pa.Table.from_pylist(found, schema=tables[name].arrow_schema()) for name, found in rows.items() if found
    }
    return Batch(outcomes, made)


def _outcome(offer: Offer, now: datetime) -> Outcome:
    match offer.detail:
        case Ready(rows, count, note, restates):
            return offer.done(len(rows) if count is None else count, note=note, restates=restates)
        case Retired(reason):
            return offer.retired(reason, since=now)
        case Refused(reason):
            return offer.failed(reason)
        case _:  # known windows, collected again
            return offer.unchanged()
