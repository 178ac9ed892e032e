"""What works, for `footfall doctor`; and what GitHub will delete, for `footfall status`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from footfall.errors import SourceError
from footfall.ledger import Entry, Known
from footfall.periods import EPOCH
from footfall.sources.checks import Check, Deadline
from footfall.sources.github.asking import DAY, Kind, Shape
from footfall.sources.github.credentials import Credential
from footfall.sources.github.histories import TO_LIST, listed_at
from footfall.sources.github.identities import names_known
from footfall.sources.github.refusals import RefusedError
from footfall.sources.github.repositories import METADATA, Repo, resolve
from footfall.sources.github.traffic import GROWS, REACH
from footfall.tables import Table

if TYPE_CHECKING:
    from footfall.sources.github.api import Api
    from footfall.sources.github.settings import GitHubSettings


def checks_of(api: Api, settings: GitHubSettings, kinds: Sequence[Kind]) -> Iterator[Check]:
    """One for each credential with its limit, each entry of `repositories`, and each kind at a repository of each owner."""
    try:
        resolved = resolve(api, settings.repositories, settings.concurrency)
    except SourceError as error:
        yield _failed(f"reach {settings.api}", error)
        return
    seen: dict[str, tuple[Credential, Repo]] = {}
    for repo in resolved.repos.values():
        credential = api.credentials.of(repo.owner)
        seen.setdefault(credential.name, (credential, repo))
    for credential, repo in seen.values():
        yield _limit(api, credential, repo)
    for asked in settings.repositories:
        fault = resolved.faults.get(asked)
        yield _failed(f"find {asked}", fault) if fault else Check(f"find {asked}", "ok")
    owners: dict[str, Repo] = {}
    for repo in resolved.repos.values():
        owners.setdefault(repo.owner.lower(), repo)
    for repo in owners.values():
        for kind in kinds:
            yield _kind(api, kind, repo)


def _limit(api: Api, credential: Credential, repo: Repo) -> Check:
    name = f"use {credential.name}"
    try:
        answer = api.get("/rate_limit", repo.owner, METADATA)
        with Shape("its limits"):
            core = answer["resources"]["core"]
            left, limit = int(core["remaining"]), int(core["limit"])
    except SourceError as error:
        return _failed(name, error)
    detail = f"{left:,} of {limit:,} requests per hour are left"
    if left * 10 < limit:
        return Check(name, "failed", detail, "collect again later, or use a token of its own")
    return Check(name, "ok", detail)


def _kind(api: Api, kind: Kind, repo: Repo) -> Check:
    name = f"read {kind.name} of {repo.name}"
    try:
        _try(api, kind, repo)
    except SourceError as error:
        if isinstance(error, RefusedError) and error.status == 409:
            return Check(name, "ok", "the repository is empty")
        return _failed(name, error)
    return Check(name, "ok")


def _try(api: Api, kind: Kind, repo: Repo) -> None:
    try:
        api.get(kind.path(repo), repo.owner, kind.permission, per_page=1)
    except RefusedError as error:
        if kind.name != "stars" or error.status != 404:
            raise
        api.get(listed_at(repo), repo.owner, TO_LIST, per_page=1)


def _failed(name: str, error: SourceError) -> Check:
    if isinstance(error, RefusedError):
        return Check(name, "failed", error.reason, error.fix)
    return Check(name, "failed", str(error).rstrip("."), "check the address `api` and the connection")


def deadlines_of(known: Known, now: datetime, tables: Sequence[Table]) -> Iterator[Deadline]:
    """By repository: when the oldest day that may still have grown becomes unavailable.

    If no day may have grown, it is the day after the last collected one, which may be lost already.
    """
    names = names_known(known)
    for table in tables:
        days: dict[str, list[Entry]] = {}
        for entry in known.of_table(table.name):
            if entry.is_success and entry.window.length == DAY:
                days.setdefault(entry.scope, []).append(entry)
        for number, entries in sorted(days.items()):
            if number in names and not names[number].is_retired:
                yield _deadline(table, names[number].name, entries, now)


def _deadline(table: Table, name: str, entries: Sequence[Entry], now: datetime) -> Deadline:
    read_at = max((entry.observed_at for entry in entries if entry.observed_at), default=EPOCH)
    days = (entry.window.start for entry in entries if entry.is_provisional_at(now))
    growing = [day for day in days if day + REACH > now and read_at < day + GROWS]
    held = {entry.window.start for entry in entries}
    last = max(held, default=EPOCH)
    skipped = [day for n in range(REACH.days) if min(held, default=last) < (day := last - n * DAY) and day not in held]
    first = min([*growing, *(day for day in skipped if day + REACH > now)], default=last + DAY)
    what = table.name.removeprefix("github_")
    return Deadline(table.name, name, first + REACH, f"{what} of {first:%Y-%m-%d}")
