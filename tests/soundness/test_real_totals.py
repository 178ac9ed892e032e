"""Real totals of mybinder.org, as published, come out of the lake as they went in.

The published weekly series ends its weeks on Sundays, the monthly tables are split by provider and by origin: the
same launches, counted twice. Each figure is put at the last hour of its week or month, where a slip of an hour,
a week that starts on Sunday or a rounded timestamp would carry it into the next one.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

import footfall
from footfall.lake import Restated
from footfall.ledger import Entry, Status
from footfall.periods import ALL_TIME, Window
from footfall.settings import Settings
from footfall.workspace import Workspace

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def last_hour(day: date) -> datetime:
    return Window.of_day(day).end - timedelta(hours=1)


def workspace_of(folder: Path, facts: Iterable[dict[str, object]]) -> Workspace:
    """A workspace whose launches are `facts`; what they do not tell is left without a value."""
    settings = Settings(folder=folder, sources={"binder": {"archive": str(folder)}})
    ws = footfall.open(settings, now=lambda: NOW)
    table = ws.tables["launches"]
    rows = pa.Table.from_pylist([{"status": "success", **fact} for fact in facts], schema=table.arrow_schema())
    ws.lake.commit(table, rows, replaces=[Restated(ALL_TIME)])
    span = Window(datetime(2018, 11, 3, tzinfo=UTC), NOW)
    ws.lake.record([Entry("binder", "launches", "", span, Status.COMPLETE, NOW, rows.num_rows)])
    return ws


def months(path: Path) -> dict[str, dict[str, int]]:
    """month → column → launches, without the total."""
    with path.open() as file:
        return {
            row.pop("month_year"): {name: int(count) for name, count in row.items()} for row in csv.DictReader(file)
        }


def end_of_month(label: str) -> date:
    year, month = map(int, label.split("-"))
    return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)


def answered(ws: Workspace, grain: str, by: str | None = None) -> Counter[tuple[str, ...]]:
    result = ws.query("launches", grain=grain, by=[by] if by else [])
    return Counter(
        {
            (f"{row['period']:%Y-%m-%d}", *([row[by]] if by else [])): row["launches"]
            for row in result.to_arrow().to_pylist()
            if row["launches"]
        }
    )


def test_weekly_launches_by_origin_and_their_sums_by_year(tmp_path: Path, shared_data: Path) -> None:
    with (shared_data / "binder" / "launches_over_time_by_source.csv").open() as file:
        published = [
            (row["trace"], datetime.fromisoformat(row["x"]).date(), int(float(row["y"] or 0)))
            for row in csv.DictReader(file)
        ]
    ws = workspace_of(
        tmp_path, ({"hour": last_hour(sunday), "origin": origin, "launches": n} for origin, sunday, n in published)
    )
    by_week: Counter[tuple[str, ...]] = Counter()
    by_year: Counter[tuple[str, ...]] = Counter()
    for origin, sunday, n in published:
        assert sunday.isoweekday() == 7
        by_week[f"{sunday - timedelta(days=6)}", origin] += n
        by_year[f"{sunday.year}-01-01",] += n
    assert answered(ws, "week", "origin") == +by_week
    assert answered(ws, "year") == +by_year


@pytest.mark.parametrize(
    ("name", "dimension"),
    [("monthly_launches_by_origin_table.csv", "origin"), ("monthly_launches_table.csv", "provider")],
)
def test_monthly_launches_add_up_to_the_published_totals(
    tmp_path: Path, shared_data: Path, name: str, dimension: str
) -> None:
    published = months(shared_data / "binder" / name)
    totals = {label: row.pop("Total") for label, row in published.items()}
    ws = workspace_of(
        tmp_path,
        (
            {"hour": last_hour(end_of_month(label)), dimension: value, "launches": n}
            for label, row in published.items()
            for value, n in row.items()
        ),
    )
    assert answered(ws, "month") == Counter({(f"{label}-01",): n for label, n in totals.items()})
    split = {(f"{label}-01", value): n for label, row in published.items() for value, n in row.items() if n}
    assert answered(ws, "month", dimension) == Counter(split)


def test_weeks_that_the_archive_lost_are_no_fall(tmp_path: Path, shared_data: Path) -> None:
    """Most launches from 2022-10-20 to 11-23 never reached the archive: whatever stands there is no week to compare."""
    with (shared_data / "binder" / "launches_over_time_by_source.csv").open() as file:
        published = [
            (row["trace"], datetime.fromisoformat(row["x"]).date(), int(float(row["y"] or 0)))
            for row in csv.DictReader(file)
        ]
    ws = workspace_of(
        tmp_path, ({"hour": last_hour(sunday), "origin": origin, "launches": n} for origin, sunday, n in published)
    )
    result = ws.query("launches", grain="week", since="2022-10-10", until="2022-12-05")
    rows = result.to_arrow().to_pylist()
    wrong = [row for row in rows if row["state"] == "known_wrong"]
    assert [f"{row['period']:%Y-%m-%d}" for row in wrong] == [
        f"{date(2022, 10, 17) + timedelta(weeks=n)}" for n in range(6)
    ]
    assert [round(row["coverage"] * 7) for row in wrong] == [3, 0, 0, 0, 0, 4]
    assert all(row["state"] == "complete" for row in rows if row not in wrong)
    assert any("the main cluster was not recorded" in note for note in result.notes)
    means = ws.query("launches", grain="week", rolling=2, since="2022-10-10", until="2022-12-12").to_arrow().to_pylist()
    assert [row["launches"] is None for row in means] == [False, *[True] * 7, False]
    (month,) = (
        ws.query("launches", grain="month", since="2022-11", until="2022-12", compare="year").to_arrow().to_pylist()
    )
    assert month["compared"] == "7 of 30 days"
