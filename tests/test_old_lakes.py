"""A lake that Footfall 0.1.0 wrote is read, collected on and maintained without loss.

What was put into it stands next to it in `old_lakes`, written down by hand.
"""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from pydantic import BaseModel

from footfall.collect import collect
from footfall.engine import DuckDB
from footfall.lake import Cursor, Lake
from footfall.lake.maintain import maintain
from footfall.measuring import answer
from footfall.metrics import Kind, Metric, Subject
from footfall.periods import Grain, Window
from footfall.query import Query
from footfall.result import Result
from footfall.sources import Batch, Known, Offer, Progress
from footfall.tables import Column, Observe, Replace, Role, Rollup, Table
from lakes import arrow, at, label, metric

OLD = Path(__file__).parent / "old_lakes"
EXPECTED = json.loads((OLD / "written_by_0_1_0.json").read_text())
FIRST_RUN = datetime.fromisoformat(EXPECTED["after_first_run"])
NOW = at("2026-12-01")

VISITS = Table(
    "visits",
    "Visits by hour.",
    (
        Column("hour", "timestamp", Role.TIME, "When."),
        Column("page", "string", Role.DIMENSION, "What."),
        Column("site", "string", Role.DIMENSION, "Where."),
        Column("visits", "integer", Role.MEASURE, "How many."),
    ),
    Replace(),
    rollups=(Rollup("visits_by_day", Grain.DAY, ("site",)), Rollup("visits_by_year", Grain.YEAR, ("site",))),
    sort=("page", "hour"),
)
COMMITS = Table(
    "commits",
    "Commits, repository by repository.",
    (
        Column("committed_at", "timestamp", Role.TIME, "When."),
        Column("repo", "string", Role.DIMENSION, "Which repository."),
        Column("author", "string", Role.DIMENSION, "Who."),
        Column("commits", "integer", Role.MEASURE, "Always 1."),
    ),
    Replace(scope="repo"),
)


def observed(name: str, rule: Observe) -> Table:
    columns = (
        Column("day", "timestamp", Role.TIME, "Which day."),
        Column("repo", "string", Role.DIMENSION, "Which repository."),
        Column("count", "integer", Role.MEASURE, "How many."),
        Column("observed_at", "timestamp", Role.ATTRIBUTE, "When it was learnt."),
    )
    return Table(name, "Revisable values.", columns, rule, resolution=Grain.DAY)


VIEWS = observed("views", Observe(("day", "repo"), "max"))
STARS = observed("stars", Observe(("day", "repo"), "latest"))
TABLES = {table.name: table for table in (VISITS, COMMITS, VIEWS, STARS)}
METRICS = {
    each.name: each
    for each in (
        metric("visits", VISITS, Kind.SUM, "visits"),
        metric("commits", COMMITS, Kind.SUM, "commits"),
        metric("views", VIEWS, Kind.SUM, "count"),
        metric("stars", STARS, Kind.SUM, "count"),
    )
}


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    with tarfile.open(OLD / "written_by_0_1_0.tar.gz") as archive:
        archive.extractall(tmp_path, filter="data")
    return Lake.open(str(tmp_path / "lake"), now=lambda: NOW)


def ask(lake: Lake, name: str, **asked: Any) -> Result:
    query = Query.parse(name, metrics=METRICS, tables=TABLES, now=NOW, **asked)
    subject = Subject.of(METRICS[name], TABLES)
    return answer(query, [subject], lake.snapshot(subject.tables, query.as_of), DuckDB(), NOW)


def by_day(lake: Lake, name: str, **asked: Any) -> dict[str, Any]:
    rows = ask(lake, name, **asked).rows.to_pylist()
    return {label(row["period"]): row[name] for row in rows}


def by_group(lake: Lake, name: str, dimension: str, **asked: Any) -> dict[str, Any]:
    rows = ask(lake, name, grain="total", by=[dimension], **asked).rows.to_pylist()
    return {row[dimension]: row[name] for row in rows}


def check_all(lake: Lake) -> None:
    """Everything that the lake held when it was written, but for what stands as of an earlier moment."""
    span = {"since": "2025-12-30", "until": "2026-01-06"}
    assert by_day(lake, "visits", **span) == EXPECTED["visits_by_day"]
    assert by_group(lake, "visits", "site", **span) == EXPECTED["visits_by_site"]
    assert by_day(lake, "visits", grain="year", since="2025", until="2027") == EXPECTED["visits_by_year"]
    assert by_group(lake, "commits", "repo") == EXPECTED["commits_by_repo"]
    for name in ("views", "stars"):
        found = by_day(lake, name, since="2025-12-31", until="2026-01-03")
        assert found == EXPECTED[f"{name}_by_day"]
    result = ask(lake, "visits", **span)
    assert result.rows["coverage"].to_pylist() == EXPECTED["coverage_by_day"]
    assert all(any(part in note for note in result.notes) for part in EXPECTED["notes"])
    assert any("docs since 2026-01-03" in note for note in ask(lake, "commits").notes)


def check_earlier(lake: Lake) -> None:
    """The same as it was known after the first of two runs."""
    span: dict[str, Any] = {"since": "2025-12-30", "until": "2026-01-05", "as_of": FIRST_RUN}
    assert by_day(lake, "visits", **span) == EXPECTED["visits_by_day_at_first"]
    assert by_group(lake, "commits", "repo", as_of=FIRST_RUN) == EXPECTED["commits_by_repo_at_first"]
    for name in ("views", "stars"):
        found = by_day(lake, name, since="2025-12-31", until="2026-01-02", as_of=FIRST_RUN)
        assert found == EXPECTED[f"{name}_by_day_at_first"]


def in_force(lake: Lake) -> list[list[str]]:
    return [
        [f"{e.window.start:%Y-%m-%d}", str(e.status), e.fingerprint] for e in lake.known("old") if e.table == "visits"
    ]


def test_everything_is_read_and_nothing_is_written(lake: Lake) -> None:
    before = sorted(path.name for path in lake.root.rglob("*"))
    check_all(lake)
    check_earlier(lake)
    assert in_force(lake) == EXPECTED["visits_in_force"]
    for name, (app_id, position) in EXPECTED["cursors"].items():
        assert lake.cursor_position(TABLES[name], app_id) == position
    assert sorted(path.name for path in lake.root.rglob("*")) == before
    assert json.loads((lake.root / "footfall-lake.json").read_text())["format"] == 1


def test_maintaining_loses_nothing_and_an_earlier_moment_is_still_known(lake: Lake) -> None:
    for _ in range(2):
        maintain(lake, TABLES.values())
        check_all(lake)
        check_earlier(lake)
        assert in_force(lake) == EXPECTED["visits_in_force"]
    assert json.loads((lake.root / "footfall-lake.json").read_text())["format"] == 2


def test_maintained_long_after_it_holds_what_is_in_force(lake: Lake) -> None:
    lake.now = lambda: NOW + timedelta(days=400)
    maintain(lake, TABLES.values())
    check_all(lake)
    assert in_force(lake) == EXPECTED["visits_in_force"]


@dataclass
class Upstream:
    """What the old source has today: the failed days are there, the last one is whole, and there is a new one."""

    name: ClassVar[str] = "old"
    description: ClassVar[str] = "a test"
    Settings: ClassVar[type[BaseModel]] = BaseModel
    tables: Sequence[Table] = tuple(TABLES.values())
    metrics: Sequence[Metric] = tuple(METRICS.values())
    fetched: list[str] = field(default_factory=list)

    def offers(self, known: Known, now: datetime) -> Iterator[Offer]:
        looks = {"2025-12-30": "f30", "2025-12-31": "f31", "2026-01-02": "g2", "2026-01-03": "h3"}
        for text in ("2025-12-30", "2025-12-31", "2026-01-02", "2026-01-03", "2026-01-04", "2026-01-05", "2026-01-06"):
            yield Offer("visits", Window.of_day(date.fromisoformat(text)), fingerprint=looks.get(text, "new"))

    def fetch(self, offers: Sequence[Offer], tell: Progress) -> Iterator[Batch]:
        for offer in offers:
            self.fetched.append(f"{offer.window.start:%m-%d}")
            row = {"hour": offer.window.start, "page": "home", "site": "c", "visits": 100}
            yield Batch([offer.done(1)], {"visits": arrow(VISITS, [row])})


def test_it_is_collected_on(lake: Lake) -> None:
    upstream = Upstream()
    collect(lake, {"old": upstream}, now=lambda: NOW)
    assert upstream.fetched == ["01-03", "01-04", "01-05", "01-06"], "what failed, was provisional, or is new"
    wanted = EXPECTED["visits_by_day"] | dict.fromkeys(("2026-01-03", "2026-01-04", "2026-01-05", "2026-01-06"), 100)
    assert by_day(lake, "visits", since="2025-12-30", until="2026-01-07") == wanted
    assert ask(lake, "visits", since="2025-12-30", until="2026-01-07").rows["coverage"].to_pylist()[4:] == [1.0] * 4
    row = {"day": at("2025-12-31"), "repo": "core", "count": 95, "observed_at": NOW}
    for table in (VIEWS, STARS):
        lake.commit(table, arrow(table, [row]), cursors=[Cursor(f"old/{table.name}/", 2)])
    maintain(lake, TABLES.values())
    assert by_day(lake, "views", since="2025-12-31", until="2026-01-01") == {"2025-12-31": 95}
    assert by_day(lake, "stars", since="2025-12-31", until="2026-01-01") == {"2025-12-31": 95}
    again = Upstream()
    collect(lake, {"old": again}, now=lambda: NOW)
    assert again.fetched == []
    check_earlier(lake)
