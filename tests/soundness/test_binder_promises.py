"""Wrong numbers that earlier aggregations of the Binder archive gave, each pinned once.

What they got wrong in queries (weeks, rolling means, missing days in a sum) is pinned next to the queries.
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from batches import entries_of, rows_in
from footfall.http import Client
from footfall.ledger import Entry, Known, Status
from footfall.sources import Context
from footfall.sources.binder import Binder, BinderSettings

DAY = date(2019, 6, 12)
NOW = datetime(2019, 7, 20, tzinfo=UTC)


def launch(at: str = "2019-06-12T09:00:00+00:00", **fields: Any) -> dict[str, Any]:
    return {"timestamp": at, "version": 3, "provider": "GitHub", "spec": "a/b/HEAD", "status": "success", **fields}


def collected(
    folder: Path, days: dict[date, list[Any]], index: dict[date, int] | None = None
) -> tuple[pa.Table, dict[date, Entry]]:
    """Rows and outcomes of an archive that holds `days`; a text stands in its file as it is."""
    for day, lines in days.items():
        texts = (one if isinstance(one, str) else json.dumps(one) for one in lines)
        (folder / f"events-{day}.jsonl").write_text("".join(text + "\n" for text in texts))
    items = ({"name": f"events-{day}.jsonl", "date": str(day), "count": str(n)} for day, n in (index or {}).items())
    (folder / "index.jsonl").write_text("\n".join(map(json.dumps, items)))
    settings = BinderSettings.model_validate({"archive": str(folder), "first_day": min(days)})
    source = Binder(settings, Context(folder, folder / "scratch", lambda: NOW, Client))
    tables, outcomes = [], {}
    for batch in source.fetch([offer for offer in source.offers(Known(), NOW) if not offer.absent], lambda **_: None):
        outcomes.update({entry.window.start.date(): entry for entry in entries_of(batch, "binder", NOW)})
        if (rows := rows_in(batch)) is not None:
            tables.append(rows)
    return pa.concat_tables(tables), outcomes


def test_a_launch_after_noon_is_not_rounded_into_the_next_day(tmp_path: Path) -> None:
    rows, _ = collected(tmp_path, {DAY: [launch("2019-06-12T12:31:00+00:00"), launch("2019-06-12T23:59:00Z")]})
    assert sorted(rows["hour"].to_pylist()) == [datetime(2019, 6, 12, hour, tzinfo=UTC) for hour in (12, 23)]


def test_launches_without_an_origin_are_not_lost_where_others_have_one(tmp_path: Path) -> None:
    """The day the field came: half of it has no origin, and a group-by of pandas drops those rows."""
    before = [launch(f"2019-06-12T{hour:02}:00:00Z", version=2) for hour in range(12)]
    after = [launch(f"2019-06-12T{hour:02}:00:00Z", origin="gesis.mybinder.org") for hour in range(12, 24)]
    rows, outcomes = collected(tmp_path, {DAY: [*before, *after]})
    assert sum(rows["launches"].to_pylist()) == outcomes[DAY].rows == 24
    assert sorted(set(rows["federation"].to_pylist())) == ["gesis", "gke"]
    assert rows["origin"].null_count == 12


@pytest.mark.parametrize(
    ("provider", "spec"),
    [
        ("GitHub", "a/b/HEAD"),
        ("GitHub", "A/B/master"),
        ("GitHub", "a/b.git/HEAD"),
        ("GitHub", "a/b/feature/new"),
        ("Git", "https%3A%2F%2Fgithub.com%2Fa%2Fb/HEAD"),
        ("Git", "https:%2F%2FGitHub.com%2FA%2FB.git/HEAD"),
        ("Git", "git@github.com:a%2Fb.git/HEAD"),
    ],
)
def test_one_repository_under_many_spellings_is_one(tmp_path: Path, provider: str, spec: str) -> None:
    rows, _ = collected(tmp_path, {DAY: [launch(provider=provider, spec=spec)]})
    assert rows["repo"].to_pylist() == ["GitHub:a/b"]


def test_the_same_name_at_two_providers_is_two_repositories(tmp_path: Path) -> None:
    rows, _ = collected(tmp_path, {DAY: [launch(), launch(provider="GitLab", spec="a%2Fb/HEAD")]})
    assert sorted(rows["repo"].to_pylist()) == ["GitHub:a/b", "GitLab:a/b"]


def test_a_gist_is_not_a_repository_of_github(tmp_path: Path) -> None:
    rows, _ = collected(tmp_path, {DAY: [launch(spec="user/0a1b2c3d4e5f60718293a4b5c6d7e8f9")]})
    assert rows["repo"].to_pylist() == ["Gist:user/0a1b2c3d4e5f60718293a4b5c6d7e8f9"]


def test_a_dataset_is_not_cut_at_the_second_slash(tmp_path: Path) -> None:
    """The published list of top repositories holds `10.7910/DVN`: all datasets of a Dataverse as one."""
    specs = ("10.7910/DVN/TJCLKP", "10.7910/DVN/ABCDEF")
    rows, _ = collected(tmp_path, {DAY: [launch(provider="Dataverse", spec=spec) for spec in specs]})
    assert len(set(rows["repo"].to_pylist())) == 2


def test_one_bad_line_does_not_discard_its_day_nor_one_bad_day_its_month(tmp_path: Path) -> None:
    days: dict[date, list[Any]] = {
        day: [launch(f"{day}T09:00:00Z")] for day in (DAY + timedelta(days=n) for n in range(5))
    }
    days[DAY + timedelta(days=1)].append("rubbish")
    days[DAY + timedelta(days=2)] = ["<html>"]
    del days[DAY + timedelta(days=3)]
    rows, outcomes = collected(tmp_path, days)
    assert sum(rows["launches"].to_pylist()) == 3
    assert outcomes[DAY + timedelta(days=1)].rejected == 1
    assert outcomes[DAY + timedelta(days=2)].status is Status.FAILED


def test_a_day_that_the_index_counts_as_zero_is_counted_from_its_file(tmp_path: Path) -> None:
    rows, outcomes = collected(tmp_path, {DAY: [launch(), launch()]}, index={DAY: 0})
    assert sum(rows["launches"].to_pylist()) == 2
    assert outcomes[DAY].reason == "the index lists 0 events, the file has 2 lines"


def test_an_empty_file_that_the_index_contradicts_is_a_failure_not_a_quiet_day(tmp_path: Path) -> None:
    """A broken upload must not erase a good day; where the index says 0, or nothing, the day was quiet."""
    next_day = DAY + timedelta(days=1)
    days: dict[date, list[Any]] = {
        DAY: [],
        next_day: [],
        next_day + timedelta(days=1): [launch("2019-06-14T09:00:00Z")],
    }
    _, outcomes = collected(tmp_path, days, index={DAY: 28, next_day: 0})
    assert (outcomes[DAY].status, outcomes[next_day].status) == (Status.FAILED, Status.COMPLETE)
    assert outcomes[DAY].reason == "the file is empty, but the index lists 28 events"


def test_a_file_cut_off_in_a_line_does_not_pass_for_its_day(tmp_path: Path) -> None:
    """Half a download ends in half a line; only the index can tell it from a day with one bad line at its end."""
    next_day = DAY + timedelta(days=1)
    half = '{"timestamp": "2019-06-1'
    days: dict[date, list[Any]] = {DAY: [launch(), half], next_day: [launch("2019-06-13T09:00:00Z"), half]}
    _, outcomes = collected(tmp_path, days, index={DAY: 28, next_day: 2})
    assert outcomes[DAY].status is Status.FAILED
    assert "the file is cut off" in outcomes[DAY].reason
    assert (outcomes[next_day].status, outcomes[next_day].rows, outcomes[next_day].rejected) == (Status.COMPLETE, 1, 1)


def test_values_of_a_wrong_type_are_not_quietly_made_texts(tmp_path: Path) -> None:
    """A JSON reader with a schema turns 7 into "7" and "5" into 5, and counts a repository nobody launched."""
    rows, outcomes = collected(tmp_path, {DAY: [launch(), launch(spec=7), launch(version="3"), launch(spec=["a/b/c"])]})
    assert sum(rows["launches"].to_pylist()) == 1
    assert outcomes[DAY].rejected == 3


def test_the_same_event_twice_is_two_launches(tmp_path: Path) -> None:
    """Times are cut to the minute, so equal lines are different launches: dropping duplicates loses them."""
    rows, _ = collected(tmp_path, {DAY: [launch(), launch(), launch()]})
    assert rows["launches"].to_pylist() == [3]


GIST = "0A1b2c3d4e5f60718293a4b5c6d7e8f9"


def test_two_spellings_of_one_gist_are_one_until_gists_had_a_provider_of_their_own(tmp_path: Path) -> None:
    """Before 2019-03-05 a gist came as GitHub's, with a ref behind it; the month of the change has both."""
    day, next_day = date(2019, 3, 4), date(2019, 3, 5)
    early = [
        launch(f"{day}T09:00:00Z", spec=f"User/{GIST}/master"),
        launch(f"{day}T23:59:00Z", spec=f"user/{GIST.lower()}"),
        launch(f"{day}T10:00:00Z", spec="user/0a1b2c3d4e5f60718293.git/master"),
        launch(f"{day}T10:00:00Z", spec="user/0a1b2c3d4e5f6071829/master"),
    ]
    late = [
        launch(f"{next_day}T00:00:00Z", spec=f"User/{GIST}/master"),
        launch(f"{next_day}T00:00:00Z", provider="Gist", spec=f"user/{GIST}/master"),
    ]
    rows, _ = collected(tmp_path, {day: early, next_day: late})
    counted = Counter[tuple[date, str]]()
    for row in rows.to_pylist():
        counted[row["hour"].date(), row["repo"]] += row["launches"]
    assert counted == {
        (day, f"Gist:user/{GIST.lower()}"): 2,
        (day, "Gist:user/0a1b2c3d4e5f60718293"): 1,
        (day, "GitHub:user/0a1b2c3d4e5f6071829"): 1,
        (next_day, f"GitHub:user/{GIST.lower()}"): 1,
        (next_day, f"Gist:user/{GIST.lower()}"): 1,
    }


def test_a_gist_is_the_same_on_the_path_of_a_file_with_a_broken_line(tmp_path: Path) -> None:
    day = date(2019, 3, 4)
    rows, _ = collected(tmp_path, {day: [launch(f"{day}T09:00:00Z", spec=f"user/{GIST}/master"), "rubbish"]})
    assert rows["repo"].to_pylist() == [f"Gist:user/{GIST.lower()}"]


def test_hosts_that_are_not_known_are_not_one_member_because_they_begin_alike(tmp_path: Path) -> None:
    hosts = ("binder.example.org", "binder.example.com", "10.0.0.1", "10.0.0.2:8888", "[::1]:80", "[::2]:80")
    rows, _ = collected(tmp_path, {DAY: [launch(origin=host) for host in hosts]})
    assert set(rows["federation"].to_pylist()) == {
        "binder.example.org",
        "binder.example.com",
        "10.0.0.1",
        "10.0.0.2",
        "[::1]",
        "[::2]",
    }
