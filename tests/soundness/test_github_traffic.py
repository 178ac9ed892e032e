"""Real answers of GitHub's, poll by poll, through the source: what is kept is what they say together.

The numbers that they are checked against come from the polls themselves, counted here, and from another archiver.
"""

from __future__ import annotations

import csv
import gzip
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from github_workspaces import Watched
from githubs import Repository
from lengths import IS_LONG

pytestmark = pytest.mark.slow

Days = dict[date, tuple[int, int]]


def _windows(shared_data: Path) -> Iterator[tuple[datetime, dict[str, list[Any]]]]:
    """When each window was read, and its days of views and clones; a cell without a number is a day not in the answer."""
    with gzip.open(shared_data / "github_traffic" / "seissol" / "views_clones_fragments.jsonl.gz", "rt") as lines:
        for line in lines:
            found = json.loads(line)
            at = datetime.strptime(Path(found["path"]).name[:17], "%Y-%m-%d_%H%M%S").replace(tzinfo=UTC)
            days: dict[str, list[Any]] = {"views": [], "clones": []}
            for row in csv.DictReader(found["text"].splitlines()):
                for kind, each in days.items():
                    if row[f"{kind}_total"]:
                        numbers = {
                            "count": int(float(row[f"{kind}_total"])),
                            "uniques": int(float(row[f"{kind}_unique"])),
                        }
                        each.append({"timestamp": row["time_iso8601"].replace(" ", "T"), **numbers})
            yield at, days


def _aggregate(shared_data: Path, kind: str) -> Days:
    with (shared_data / "github_traffic" / "seissol" / "views_clones_aggregate.csv").open() as file:
        return {
            date.fromisoformat(row["time_iso8601"][:10]): (int(row[f"{kind}_total"]), int(row[f"{kind}_unique"]))
            for row in csv.DictReader(file)
            if row[f"{kind}_total"]
        }


def _stored(here: Watched, kind: str) -> Days:
    uniques = {"views": "view_uniques", "clones": "clone_uniques"}[kind]
    rows = here.ask(kind, uniques, since="2024-01", until="2027-01").rows.to_pylist()
    return {row["period"].date(): (row[kind], row[uniques]) for row in rows if row[kind] is not None}


def _largest(windows: Sequence[tuple[datetime, dict[str, list[Any]]]], kind: str) -> Days:
    right: Days = {}
    for _, days in windows:
        for each in days[kind]:
            on = date.fromisoformat(each["timestamp"][:10])
            seen = right.get(on, (0, 0))
            right[on] = max(seen[0], each["count"]), max(seen[1], each["uniques"])
    return right


def test_windows_of_two_years_are_what_another_archiver_made_of_them(shared_data: Path, tmp_path: Path) -> None:
    here = Watched(
        tmp_path, Repository(1, "SeisSol/SeisSol", datetime(2015, 1, 1, tzinfo=UTC)), collect=["views", "clones"]
    )
    windows = list(_windows(shared_data))
    assert len(windows) == 792
    for kind in ("views", "clones"):
        largest = _largest(windows, kind)
        assert {day: largest.get(day, (0, 0)) for day in _aggregate(shared_data, kind)} == _aggregate(shared_data, kind)
    windows = windows if IS_LONG else windows[::13]  # every day is in one of them
    with here.open() as opened:
        for at, days in windows:
            here.now = at
            for kind, given in days.items():
                here.github.replayed[f"/repos/SeisSol/SeisSol/traffic/{kind}"] = {"count": 0, "uniques": 0, kind: given}
            assert not opened.collect().sources[0].notes
    for kind in ("views", "clones"):
        right = _aggregate(shared_data, kind) if IS_LONG else _largest(windows, kind)
        found = _stored(here, kind)
        assert {day: found.get(day) for day in right} == right
        assert all(numbers == (0, 0) for day, numbers in found.items() if day not in right)


def _polls(shared_data: Path) -> dict[datetime, list[dict[str, Any]]]:
    """The answers about all repositories by the poll that they are of."""
    polls: dict[datetime, list[dict[str, Any]]] = defaultdict(list)
    with gzip.open(shared_data / "github_traffic" / "agenttoolkit" / "traffic_polls.jsonl.gz", "rt") as lines:
        for line in lines:
            found = json.loads(line)
            polls[datetime.fromisoformat(found["dir_timestamp_as_utc"])].append(found)
    return dict(sorted(polls.items()))


def _is_called(name: str, answer: dict[str, Any]) -> bool:
    """Whether people look at pages of a repository under a name: the archive itself keeps the first one."""
    return any(f"{each['path']}/".lower().startswith(f"/{name}/".lower()) for each in answer["popular_paths"])


RENAMES = {"kaizen": "altk-evolve", "agent-lifecycle-toolkit": "altk-boost", "agent-analytics": "agent-mentor"}


def test_every_poll_of_eight_months_with_its_renames(shared_data: Path, tmp_path: Path) -> None:
    """The largest value of every day, under the name that a repository has at the end; days come and continue the way."""
    polls = _polls(shared_data)
    if not IS_LONG:
        whole = (datetime(2026, 2, 20, tzinfo=UTC), datetime(2026, 3, 5, tzinfo=UTC))
        polls = {at: found for n, (at, found) in enumerate(polls.items()) if n % 13 == 0 or whole[0] < at < whole[1]}
    names = sorted({each["name"] for found in polls.values() for each in found})
    here = Watched(tmp_path, collect=["views", "clones"], repositories=["AgentToolkit/*"])
    here.github.repositories = [
        Repository(n, f"AgentToolkit/{name}", datetime(2025, 1, 1, tzinfo=UTC)) for n, name in enumerate(names, 1)
    ]
    right: dict[str, dict[str, Days]] = {kind: defaultdict(dict) for kind in ("views", "clones")}
    for at, found in polls.items():
        here.now = at
        for answer in found:
            old = f"AgentToolkit/{answer['name']}"
            final = RENAMES.get(answer["name"], answer["name"])
            new = f"AgentToolkit/{final}"
            if here.github.named(new) is None and _is_called(new, answer):
                here.github.rename(old, new)
            name = old if here.github.named(new) is None else new
            for kind in right:
                here.github.replayed[f"/repos/{name}/traffic/{kind}"] = answer[kind]
                for day in answer[kind][kind]:
                    on = date.fromisoformat(day["timestamp"][:10])
                    seen = right[kind][final].get(on, (0, 0))
                    right[kind][final][on] = max(seen[0], day["count"]), max(seen[1], day["uniques"])
        here.succeed()
    for kind, by_name in right.items():
        rows = here.ask(kind, since="2025-12", until="2026-09", by=["repo"]).rows.to_pylist()
        for name, days in by_name.items():
            stored = {r["period"].date(): r[kind] for r in rows if r["repo"] == f"AgentToolkit/{name}"}
            assert {day: stored.get(day) for day in days} == {day: count for day, (count, _) in days.items()}
