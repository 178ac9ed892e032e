"""A day that upstream lost is told as lost in every face: coverage 0 with the reason, never as a fall.

In October 2022 the archive of mybinder.org has files of days in which most launches were never recorded.
"""

from __future__ import annotations

import csv
import html
import io
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

import footfall
from binders import line, write
from footfall.report import write_report
from footfall.sources.binder.tables import KNOWN_WRONG
from footfall.workspace import Workspace
from sites import browsing
from workspaces import run

pytestmark = pytest.mark.slow

FIRST = date(2022, 10, 7)
DAYS = [FIRST + timedelta(days=n) for n in range(25)]
ASKED = DAYS[7:17]
NOW = datetime(2022, 11, 2, 12, tzinfo=UTC)
OURS = date(2022, 10, 16)
BUILT_IN = KNOWN_WRONG[0].reason
REASONS = (BUILT_IN, "our own day of tests")
WRONG = {OURS, *(day for day in DAYS if day >= date(2022, 10, 20))}
QUESTION = {"since": "2022-10-14", "until": "2022-10-24"}
OPTIONS = ("--since", "2022-10-14", "--until", "2022-10-24")
QUIET = date(2022, 10, 18)
"""A day of a whole file without a launch."""
SETTINGS = f"""
[sources.binder]
archive = "archive"
first_day = {FIRST}
[[known_wrong]]
source = "binder"
from = {OURS}
to = {OURS}
reason = "{REASONS[1]}"
[[known_wrong]]
source = "binder"
from = 2021-01-01
to = 2021-02-01
reason = "long before anything was collected"
"""


def launches_on(day: date) -> int:
    return 0 if day == QUIET else 40 if day < date(2022, 10, 20) else 8


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("wrong")
    for day in DAYS:
        write(made / "archive", day, *[line(day=day)] * launches_on(day))
    (made / "footfall.toml").write_text(SETTINGS)
    with footfall.open(made, now=lambda: NOW) as ff:
        ff.collect("binder")
    return made


@pytest.fixture
def ff(folder: Path) -> Iterator[Workspace]:
    with footfall.open(folder, now=lambda: NOW) as opened:
        yield opened


def check_rows(rows: list[dict[str, str]]) -> None:
    """Ten days: what is stored of each, and coverage 0 of those that are known to be wrong."""
    assert [(row["period"], float(row["launches"]), float(row["coverage"]), row["state"]) for row in rows] == [
        (str(day), launches_on(day), float(day not in WRONG), "known_wrong" if day in WRONG else "complete")
        for day in ASKED
    ]


def check_reasons(text: str) -> None:
    said = " ".join(html.unescape(text).split())
    for reason in REASONS:
        assert reason in said, reason
    assert "long before" not in said


def test_in_csv_and_beside_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ran = run(capsys, "-w", folder, "query", "launches", "--grain", "day", *OPTIONS)
    check_rows(list(csv.DictReader(io.StringIO(ran.out))))
    check_reasons(ran.err)


def test_in_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ran = run(capsys, "-w", folder, "query", "launches", "--grain", "day", *OPTIONS, "--format", "json")
    said = json.loads(ran.out)
    check_rows(said["rows"])
    check_reasons(" ".join(said["notes"]))


def test_in_the_table_of_a_terminal(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ran = run(capsys, "-w", folder, "query", "launches", "--grain", "day", *OPTIONS, "--format", "table")
    lines = {found[0]: text for text in ran.out.splitlines() if (found := text.split()) and found[0].startswith("2022")}
    assert {date.fromisoformat(day) for day, text in lines.items() if "known wrong" in text} == WRONG & set(ASKED)
    check_reasons(ran.out)


def test_in_a_chart(ff: Workspace, tmp_path: Path) -> None:
    answer = ff.query("launches", grain="day", since=QUESTION["since"], until=QUESTION["until"])
    assert answer.chart() is not None
    answer.save(tmp_path / "chart.svg")
    svg = (tmp_path / "chart.svg").read_text()
    assert "gap: not collected" in svg
    assert "main cluster was not recorded" in svg
    assert REASONS[1] in svg


def test_over_http(ff: Workspace) -> None:
    with browsing(ff) as client:
        said = client.get("/api/v1/query/launches", params={"grain": "day", **QUESTION})
        check_rows(said.json()["rows"])
        check_reasons(" ".join(said.json()["notes"]))
        for _ in range(2):  # the second one is the answer that was kept
            table = client.get("/api/v1/query/launches", params={"grain": "day", "format": "csv", **QUESTION})
            check_rows(list(csv.DictReader(io.StringIO(table.text))))
            check_reasons(" ".join(json.loads(table.headers["Footfall-Notes"])))
        assert "Footfall-Notes" not in said.headers, "JSON has them in it"


@pytest.mark.parametrize("page", ["/explore?metric=launches&", "/sources?year=2022&", "/?"])
def test_on_the_pages(ff: Workspace, page: str) -> None:
    with browsing(ff) as client:
        said = client.get(f"{page}since={QUESTION['since']}&until={QUESTION['until']}").text
    check_reasons(said)
    assert "known wrong" in said or "known to be wrong" in said


def test_in_a_report(ff: Workspace, tmp_path: Path) -> None:
    write_report(ff, tmp_path, month="2022-10")
    pages = [path.read_text() for path in tmp_path.rglob("*.html")]
    assert any(BUILT_IN in html.unescape(page) for page in pages)
    assert any("known wrong" in page for page in pages)


def test_in_status_without_what_was_before_the_archive(ff: Workspace, folder: Path) -> None:
    [state] = ff.status()
    assert [known.reason for known in ff.standing().wrong_in(state)] == [REASONS[1], BUILT_IN]


def test_before_anything_is_collected_nothing_is_known_to_be_wrong(tmp_path: Path) -> None:
    (tmp_path / "footfall.toml").write_text(SETTINGS)
    with footfall.open(tmp_path, now=lambda: NOW) as ff:
        [state] = ff.status()
        assert ff.standing().wrong_in(state) == []


def test_larger_periods_count_the_rest_alone(ff: Workspace) -> None:
    """25 days of October were collected, of which 13 are known to be wrong."""
    [month] = ff.query("launches", grain="month", since="2022-10", until="2022-11").to_dicts()
    right = len([day for day in DAYS if day not in WRONG])
    assert month["coverage"] == pytest.approx(right / 31)
    assert month["state"] == "known_wrong"


def test_a_quiet_day_between_busy_days_is_noted_by_itself(ff: Workspace) -> None:
    answer = ff.query("launches", grain="day", since=str(FIRST), until="2022-10-20", where=["provider=GitHub"])
    assert not [note for note in answer.notes if "settled day" in note], "of a part nothing is a common number"
    notes = ff.query("launches", grain="day", since=str(FIRST), until="2022-10-20").notes
    assert [note for note in notes if f"1 settled day between busy days is 0: {QUIET}" in note]
