"""Releases, and how often their files were downloaded: cumulative counts, of which every reading is kept."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from footfall.annotations import Annotation, AnnotationKind
from footfall.periods import ALL_TIME, Window
from footfall.sources import Offer
from footfall.sources.github.asking import (
    DAY,
    Answered,
    Asking,
    Ready,
    Row,
    Shape,
    count_of,
    entries_of,
    failed_on,
    moment,
)
from footfall.sources.github.repositories import Repo
from footfall.sources.github.tables import ASSETS, RELEASES
from footfall.tables import Table


@dataclass(frozen=True)
class Asset:
    """A file of a release."""

    id: str
    tag: str
    name: str
    uploaded_at: datetime
    downloads: int

    def row(self, repo: Repo, at: datetime, downloads: int) -> Row:
        named = {"tag": self.tag, "asset": self.name, "asset_id": self.id}
        return {"day": at, "repo": repo.id, **named, "downloads": downloads}


class Releases:
    """Releases and the downloads of their files."""

    name: ClassVar[str] = "releases"
    permission: ClassVar[str] = "Contents: read"
    tables: ClassVar[tuple[Table, ...]] = (RELEASES, ASSETS)

    def path(self, repo: Repo) -> str:
        return f"/repos/{repo.name}/releases"

    def ask(self, asking: Asking, repo: Repo) -> tuple[list[Row], list[Asset]]:
        """Published releases as rows, and all of their files."""
        releases: list[Row] = []
        assets: list[Asset] = []
        for page in asking.api.pages(self.path(repo), repo.owner, self.permission, per_page=100):
            with Shape(f"the releases of {repo.name}"):
                for each in entries_of(page):
                    assets += [_asset(found, str(each["tag_name"])) for found in entries_of(each["assets"])]
                    if not each["draft"] and each["published_at"]:
                        releases.append(_row(each, repo))
        return releases, assets

    def offers(self, asking: Asking, answers: Sequence[Answered]) -> Iterator[Offer]:
        today = Window.of_day(asking.today)
        for each in answers:
            if each.fault:
                yield failed_on(RELEASES, ALL_TIME, each)
                yield failed_on(ASSETS, today, each)
                continue
            releases, assets = each.answer
            looks = _digest(releases)
            yield Offer(RELEASES.name, ALL_TIME, each.repo.id, looks, detail=Ready(releases))
            yield from self._yesterday(asking, each.repo, today)
            rows = [row for asset in assets for row in _readings(asking, each.repo, asset, today)]
            counted = _digest([(asset.id, asset.downloads) for asset in assets])
            detail = Ready(rows, count=len(assets))
            yield Offer(ASSETS.name, today, each.repo.id, counted, settles_at=today.end, detail=detail)

    def _yesterday(self, asking: Asking, repo: Repo, today: Window) -> Iterator[Offer]:
        """A cumulative count that is read today covers all the time since it was read yesterday."""
        window = Window.of_day(asking.today - DAY)
        if stored := asking.known.stored(ASSETS.name, repo.id, window):
            yield Offer(ASSETS.name, window, repo.id, stored.fingerprint, settles_at=today.start)


def release_of(row: Row) -> Annotation | None:
    """A row of the table of releases as an annotation; None for pre-releases."""
    if row["is_prerelease"]:
        return None
    tag, title = row["tag"], row["title"]
    text = tag if title in ("", tag) else title if tag in title else f"{tag}: {title}"
    return Annotation.at(AnnotationKind.RELEASE, row["published_at"], text, scope=row["repo"])


def _readings(asking: Asking, repo: Repo, asset: Asset, today: Window) -> Iterator[Row]:
    """Today's counts; for a file newer than the last reading, also a zero before it existed."""
    before = Window.of_day(asset.uploaded_at.date() - DAY)
    if before.start < today.start and asking.known.stored(ASSETS.name, repo.id, before):
        yield asset.row(repo, before.start, 0)
    yield asset.row(repo, today.start, asset.downloads)


def _asset(found: Any, tag: str) -> Asset:
    number, count = str(count_of(found["id"])), count_of(found["download_count"])
    return Asset(number, tag, str(found["name"]), moment(found["created_at"]), count)


def _row(found: Any, repo: Repo) -> Row:
    return {
        "published_at": moment(found["published_at"]),
        "repo": repo.id,
        "release_id": str(count_of(found["id"])),
        "tag": str(found["tag_name"]),
        "title": str(found["name"] or ""),
        "is_prerelease": bool(found["prerelease"]),
        "releases": 1,
    }


def _digest(said: Sequence[Any]) -> str:
    return hashlib.sha256(repr(said).encode()).hexdigest()[:16]
