"""Users of hubs from CSV files: strict lines, one count a hub, day and span, and the communities of hubs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import footfall
from footfall.sources.hub_files import HubFiles
from footfall.testing import Upstream, check_source
from footfall.workspace import Workspace
from lengths import STEP

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
HEAD = "date,cluster,hub,timescale,users"
LINES = (
    "2026-11-25,north,physics,daily,10",
    "2026-11-25,north,physics,monthly,40",
    "2026-11-25,north,staging,daily,2",
    "2026-11-25,south,physics,daily,5",
    "2026-11-26,north,physics,daily,20.0",
    "2026-11-26,north,staging,daily,2",
    "2026-11-26,south,physics,daily,7",
    "2026-11-27,north,physics,daily,1",
)


def opened(folder: Path, lines: tuple[str, ...] = LINES, head: str = HEAD, more: str = "") -> Workspace:
    (folder / "users.csv").write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    (folder / "footfall.toml").write_text(f'[sources.hub_files]\nusers = "users.csv"\n{more}', encoding="utf-8")
    return footfall.open(folder, now=lambda: NOW)


def test_users_are_added_over_hubs_and_staging_is_left_out(tmp_path: Path) -> None:
    with opened(tmp_path) as ff:
        (done,) = ff.collect().sources
        assert (done.error, done.failed) == ("", 0)
        days = ff.query("hub_users", since="2026-11-25", until="2026-11-27", by=["cluster"]).to_dicts()
        assert {(f"{row['period']:%d}", row["cluster"]): row["hub_users"] for row in days} == {
            ("25", "north"): 10,
            ("25", "south"): 5,
            ("26", "north"): 20,
            ("26", "south"): 7,
        }
        (both,) = ff.query("hub_users", since="2026-11-25", until="2026-11-26", policies={"staging": "included"})
        assert both["hub_users"] == 17
        (monthly,) = ff.query("hub_users", since="2026-11-25", until="2026-11-26", policies={"timescale": "monthly"})
        assert monthly["hub_users"] == 40
        today = ff.query("hub_users", since="2026-11-27").to_dicts()
        assert [row["hub_users"] for row in today] == [None], "a day that is not over is not stated"
        again = ff.collect().sources[0]
        assert (again.complete, again.unchanged) == (0, 2)


def test_communities_come_with_their_hubs(tmp_path: Path) -> None:
    (tmp_path / "communities.csv").write_text(
        "name,hubs,constellation,location,latitude,longitude\n"
        'Physicists,"[""north/physics""]",Stars,Oslo,59.9,10.7\nOthers,south/physics,,,,\n',
        encoding="utf-8",
    )
    with opened(tmp_path, more='communities = "communities.csv"\n') as ff:
        assert ff.collect().sources[0].error == ""
        asked: dict[str, Any] = {"since": "2026-11-26", "until": "2026-11-27", "by": ["community"]}
        rows = ff.query("hub_users", **asked).to_dicts()
        assert {row["community"]: row["hub_users"] for row in rows} == {"Physicists": 20, "Others": 7}
        assert [one["community"] for one in ff.communities(days=28).to_dicts()] == ["Physicists", "Others"]


@pytest.mark.parametrize(
    ("lines", "head", "said"),
    [
        (
            ("2026-11-25,north,physics,daily,ten",),
            HEAD,
            r"users.csv, line 2: users is 'ten', which is not a whole number",
        ),
        (("2026-11-25,north,physics,daily,-1",), HEAD, "is not a whole number of at least 0"),
        (("2026-11-25,north,physics,hourly,1",), HEAD, "timescale is 'hourly'; valid: daily, weekly, monthly"),
        (("25.11.2026,north,physics,daily,1",), HEAD, "date is '25.11.2026'; write it like 2026-11-23"),
        (("20261125,north,physics,daily,1",), HEAD, "date is '20261125'"),
        (("2026-11-25,north,,daily,1",), HEAD, "line 2: hub is empty"),
        (("2026-11-25,north,physics,daily",), HEAD, "it has more or fewer values than the first line"),
        (("2026-11-25,north,physics,daily,1,2",), HEAD, "it has more or fewer values than the first line"),
        ((LINES[0], "2026-11-25,north,physics,daily,11"), HEAD, "line 3: physics on 2026-11-25 is stated twice"),
        (LINES, "day,cluster,hub,timescale,users", "users.csv has no column 'date'"),
    ],
)
def test_a_wrong_line_is_named_and_what_was_stored_stays(
    tmp_path: Path, lines: tuple[str, ...], head: str, said: str
) -> None:
    with opened(tmp_path) as ff:
        ff.collect()
    with opened(tmp_path, lines, head) as ff:
        (done,) = ff.collect().sources
        assert said in done.error
        (row,) = ff.query("hub_users", since="2026-11-26", until="2026-11-27")
        assert row["hub_users"] == 27


def test_no_file_is_one_sentence(tmp_path: Path) -> None:
    with opened(tmp_path) as ff:
        (tmp_path / "users.csv").unlink()
        assert "there is no CSV file at" in ff.collect().sources[0].error
        assert [check.state for check in ff.sources["hub_files"].checks(NOW)] == ["failed"]  # type: ignore[attr-defined]


class Published(Upstream):
    """A folder of CSV files, one a cluster."""

    def settings(self) -> dict[str, Any]:
        return {"users": str(self.folder / "files")}

    def begin(self) -> None:
        self.write("a", {ago: 3 + ago for ago in (9, 2, 1, 0)})

    def write(self, cluster: str, days: dict[int, int]) -> None:
        lines = [f"{self.starts_at - timedelta(days=ago):%Y-%m-%d},{cluster},h,daily,{n}" for ago, n in days.items()]
        (self.folder / "files").mkdir(exist_ok=True)
        (self.folder / "files" / f"{cluster}.csv").write_text("\n".join([HEAD, *lines]) + "\n")

    def restate(self) -> None:
        self.write("a", {9: 90, 2: 5, 1: 4, 0: 3})

    def take_back(self) -> None:
        self.begin()

    def fail(self) -> None:
        (self.folder / "files").rename(self.folder / "away")

    def be_empty(self) -> None:
        (self.folder / "files" / "a.csv").write_text("")

    def recover(self) -> None:
        if (self.folder / "away").exists():
            (self.folder / "away").rename(self.folder / "files")
        self.take_back()


@pytest.mark.slow
def test_the_source_keeps_every_promise(tmp_path: Path) -> None:
    check_source(HubFiles, Published, tmp_path, step=STEP)
