"""Small counts of actors: what is hidden, what else has to be, and that no face shows them."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from starlette.testclient import TestClient

import footfall
from footfall.communities.answer import Communities, Community
from footfall.errors import NotAllowedError
from footfall.hiding import Cell, hidden_cells, without
from footfall.report import write_report
from footfall.states import State
from footfall.web.app import create_app
from footfall.workspace import Workspace
from histories import History
from served import NOW, Clock, opened

LEAST = 2000
AUTHORS = {"small": 1373, "wide": 2411, "large": 4013}
"""By repository; of the sum, and of any two, the third follows."""
SMALL = re.compile(r"(?<![\d.])1[,.\u202f\u00a0 ]?373(?!\d)|1\.37?4?\s?k", re.IGNORECASE)


# --- which cells


def test_a_small_count_alone_takes_the_next_one_with_it() -> None:
    counts: dict[Cell, float | None] = {("May", "a"): 3, ("May", "b"): 20, ("May", "c"): 90, ("June", "a"): 9}
    assert hidden_cells(counts, 5) == {("May", "a")}
    assert hidden_cells(counts, 5, [without(1)]) == {("May", "a"), ("May", "b")}


def test_zero_and_unknown_hide_nothing() -> None:
    counts: dict[Cell, float | None] = {("May", "a"): 0, ("May", "b"): None, ("May", "c"): 5}
    assert hidden_cells(counts, 5, [without(1)]) == set()
    assert hidden_cells({**counts, ("May", "d"): 1}, 5, [without(1)]) == {("May", "d"), ("May", "c")}


def test_two_small_counts_that_are_small_together_take_a_third() -> None:
    counts: dict[Cell, float | None] = {("May", "a"): 1, ("May", "b"): 1, ("May", "c"): 8, ("May", "d"): 9}
    assert hidden_cells(counts, 5, [without(1)]) == {("May", "a"), ("May", "b"), ("May", "c")}


def test_no_sum_gives_a_hidden_count_away() -> None:
    random = Random(11)
    for _ in range(300):
        counts: dict[Cell, float | None] = {
            ("May", a, b): random.choice([0, 0, 1, 3, 7, 12, 50, None])
            for a, b in product("abc", "xyz")
            if random.random() < 0.9
        }
        hidden = hidden_cells(counts, 5, [without(1), without(2)])
        assert {cell for cell, n in counts.items() if n in (1, 3)} <= hidden
        for position, value in [*((1, a) for a in "abc"), *((2, b) for b in "xyz")]:
            line = [cell for cell in counts if cell[position] == value]
            gone = [counts[cell] or 0 for cell in line if cell in hidden]
            if gone and any(counts[cell] for cell in line if cell not in hidden):
                assert len(gone) > 1, (counts, hidden)
                assert sum(gone) >= 5, (counts, hidden)
        if not any(n in (1, 3) for n in counts.values()):
            assert not hidden


def test_communities_are_hidden_within_their_constellation() -> None:
    def one(name: str, constellation: str, users: float | None) -> Community:
        return Community(name, constellation, "", None, None, 1, users, 1.0, State.COMPLETE)

    found = Communities(
        (one("c", "X", 50.0), one("b", "X", 20.0), one("d", "Y", 9.0), one("e", "Y", 8.0), one("a", "X", 2.0)),
        NOW,
        NOW,
        NOW,
    )
    shown = {each.name: each.users for each in found.hiding(5).communities}
    assert shown == {"c": 50.0, "d": 9.0, "e": 8.0, "a": None, "b": None}
    assert found.hiding(1) is found
    assert found.hiding(5).version != found.version


# --- who came back


@pytest.fixture(scope="module")
def weeks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """Four weeks: 10 actors, 7 of them and 6 more, all 13 of these, 4 of the first."""
    folder = tmp_path_factory.mktemp("weeks")
    (folder / "footfall.toml").write_text("")
    with footfall.open(folder, now=Clock()) as workspace:
        for day, actors in {
            "2026-02-02": range(10),
            "2026-02-09": [*range(7), *range(10, 16)],
            "2026-02-16": [*range(7), *range(10, 16)],
            "2026-02-23": range(4),
        }.items():
            workspace.mark("active", list(actors), day)
        workspace.mark("tried", [0, 1, 2], "2026-02-23")
        yield workspace


def test_periods_with_a_small_group_are_left_out_of_growth(weeks: Workspace) -> None:
    shown = weeks.growth("active", grain="week", last=6).hiding(5)
    assert [(row.period.iso, *row.values) for row in shown.rows] == [
        ("2026-02-02", 10, 10, 0, 0, 0),  # in the next 3 are dormant
        ("2026-02-16", 13, 0, 13, 0, 0),  # in the next 4 are active, and these are dormant in the one after
        ("2026-03-09", 0, 0, 0, 0, 0),
    ]
    assert "3 rows with counts of actors from 1 to 4 are left out." in shown.notes


def test_a_row_of_a_cohort_ends_before_its_first_small_count(weeks: Workspace) -> None:
    asked = weeks.cohort("active", "active", grain="week", last=6, columns=6, kind="new")
    assert asked.rows[0].counts == (10, 7, 7, 4, 0, 0)
    shown = asked.hiding(5)
    assert [(row.size, row.counts) for row in shown.rows[:2]] == [(10, (10, 7, 7)), (6, (6, 6, 0, 0, 0))]
    assert "10,100.0,70.0,70.0,,,\n" in shown.to_csv()
    assert shown.averages[3] == 0.0, "of what is shown alone"
    assert shown.chart().to_svg().startswith("<svg")
    assert [row.size for row in asked.hiding(7).rows] == [10, 0, 0, 0, 0]


def test_stickiness_leaves_out_days_and_a_funnel_is_refused(weeks: Workspace) -> None:
    asked = weeks.stickiness("active", since="2026-02-16", until="2026-03-02")
    assert [row.period.iso for row in asked.hiding(5).rows] == [f"2026-02-{day}" for day in range(16, 23)]
    with pytest.raises(NotAllowedError, match="this funnel has counts of actors from 1 to 4"):
        weeks.funnel("active", "tried", since="2026-02-23", until="2026-02-24").hiding(5)
    whole = weeks.funnel("active", "tried", since="2026-02-02", until="2026-02-03", within="1d")
    assert [step.actors for step in whole.steps] == [10, 0]
    assert whole.hiding(5) is whole


# --- every face


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hiding")
    projects = ""
    for name, count in AUTHORS.items():
        history = History.new(folder / name)
        for n in (0, *range(count)):  # the first author wrote two commits, so that commits are another number
            history.commit("2026-02-05T12:00+00:00", author=f"{name} {n} <{name}{n}@example.org>")
        history.write()
        projects += f'[[projects]]\nname = "{name}"\ngit = "{name}"\n'
    (folder / "footfall.toml").write_text(
        f'[sources.git]\nrepositories = {list(AUTHORS)}\n{projects}[web]\nembed = ["https://docs.example.org"]\n'
    )
    with footfall.open(folder, now=Clock()) as workspace:
        workspace.collect()
        workspace.mark("seen", list(range(AUTHORS["small"])), "2026-02-10")
        workspace.mark("many", list(range(AUTHORS["large"])), "2026-02-10")
    return folder


@pytest.fixture(scope="module")
def hiding(folder: Path) -> Iterator[TestClient]:
    with opened(folder, Clock(), {"smallest_cell": LEAST}) as workspace, TestClient(create_app(workspace)) as client:
        yield client


@pytest.fixture(scope="module")
def showing(folder: Path) -> Iterator[TestClient]:
    with opened(folder, Clock()) as workspace, TestClient(create_app(workspace)) as client:
        yield client


BY_REPO = "grain=total&by=repo"


def test_the_api_hides_a_count_and_what_gives_it_away(hiding: TestClient) -> None:
    told = hiding.get(f"/api/v1/query/authors?{BY_REPO}").json()
    assert {row["repo"]: row["authors"] for row in told["rows"]} == {"small": None, "wide": None, "large": 4013}
    assert {row["coverage"] for row in told["rows"]} == {1.0}
    assert any("from 1 to 1,999 are hidden" in note for note in told["notes"])
    alone = hiding.get("/api/v1/query/authors?grain=total&project=wide").json()
    assert [row["authors"] for row in alone["rows"]] == [2411]
    commits = hiding.get(f"/api/v1/query/commits?{BY_REPO}").json()["rows"]
    assert {row["repo"]: row["commits"] for row in commits} == {
        name: n + 1 for name, n in AUTHORS.items()
    }  # commits are not actors


def test_the_order_of_rows_says_nothing_of_what_is_hidden(hiding: TestClient, showing: TestClient) -> None:
    asked = f"/api/v1/query/authors?{BY_REPO}"
    assert [row["repo"] for row in showing.get(asked).json()["rows"]] == ["large", "wide", "small"]
    assert [row["repo"] for row in hiding.get(asked).json()["rows"]] == ["large", "small", "wide"]
    least = f"{asked}&where=repo!=large"  # which leaves out 4013, and of which both are hidden
    assert [row["repo"] for row in hiding.get(least).json()["rows"]] == ["small", "wide"]


def test_downloads_hide_them_too(hiding: TestClient) -> None:
    for path in (
        f"/api/v1/query/authors?{BY_REPO}&format=parquet",
        f"/explore/answer.parquet?metric=authors&{BY_REPO}",
    ):
        table = pq.read_table(io.BytesIO(hiding.get(path).content))
        assert sorted(map(str, table["authors"].to_pylist())) == ["4013", "None", "None"]
    stream = hiding.get(f"/api/v1/query/authors?{BY_REPO}&format=arrow").content
    assert sorted(map(str, pa.ipc.open_stream(stream).read_all()["authors"].to_pylist())) == ["4013", "None", "None"]


FACES = (
    "/api/v1/query/authors?grain=total&project=small",
    "/api/v1/query/authors?grain=month&project=small&compare=previous&last=2",
    "/api/v1/query/authors?grain=month&project=small&format=csv",
    "/api/v1/query/authors?grain=month&project=small&format=spreadsheet",
    "/api/v1/projects/small",
    "/api/v1/projects/small/activity",
    "/api/v1/projects?by=authors",
    "/api/v1/beside?metric=authors&projects=small&projects=large",
    "/api/v1/query/seen?grain=month",
    "/api/v1/events",
    "/api/v1/events/seen",
    "/api/v1/events/seen?period=2026-02",
    "/api/v1/growth?event=seen&grain=month&last=3",
    "/api/v1/stickiness?event=seen&windows=calendar&last=2",
    "/api/v1/cohort?first=seen&then=seen&grain=month&last=2",
    "/api/v1/funnel?steps=many&steps=seen&since=2026-02-01",
    "/badge/authors/small.svg?window=total",
    "/badge/authors/small.json?window=total",
    "/chart/authors.svg?grain=month&project=small&by=repo",
    "/embed/authors?grain=month&project=small&by=repo",
    "/explore?metric=authors&grain=month&project=small",
    "/explore/answer.csv?metric=authors&grain=month&project=small",
    "/explore/answer.json?metric=authors&grain=month&project=small",
    "/projects?by=authors",
    "/compare?by=authors&name=small&name=large",
    "/retention?view=growth&event=seen&grain=month",
    "/retention?view=funnel&steps=many&steps=seen&since=2026-02-01",
    "/retention?view=stickiness&event=seen",
    "/retention?first=seen&then=seen&grain=month",
    "/retention/answer.csv?view=growth&event=seen&grain=month",
)


@pytest.mark.parametrize("path", FACES)
def test_no_face_shows_them(path: str, hiding: TestClient, showing: TestClient) -> None:
    open_said, said = (client.get(path).text for client in (showing, hiding))
    if (
        not path.startswith(("/chart", "/embed")) and "activity" not in path
    ):  # a drawing and napari's shape say it in no text
        assert SMALL.search(open_said), open_said[:2000]
    found = SMALL.search(said)
    assert not found, said[max(0, (found.start() if found else 0) - 300) :][:400]


def test_a_filter_that_leaves_little_out_is_refused(hiding: TestClient, showing: TestClient) -> None:
    base = "/api/v1/query/authors?grain=total&where=repo"
    assert showing.get(f"{base}!=small").json()["rows"][0]["authors"] == 2411 + 4013
    for where in ("!=small", "=wide,large", "=large,wide&by=repo"):  # the whole without it is 1373
        refused = hiding.get(f"{base}{where}")
        assert refused.status_code == 403, where
        assert "leaves out counts of actors from 1 to 1,999" in refused.json()["detail"]
    assert hiding.get(f"{base}!=large").json()["rows"][0]["authors"] == 1373 + 2411
    assert hiding.get(f"{base}=large").json()["rows"][0]["authors"] == 4013


def test_what_one_actor_did_is_not_said(hiding: TestClient, showing: TestClient) -> None:
    assert showing.get("/api/v1/events/seen/actors/5").json()["did"] is True
    refused = hiding.get("/api/v1/events/seen/actors/5")
    assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")


def test_a_mean_over_hidden_counts_is_refused(hiding: TestClient, showing: TestClient) -> None:
    asked = "/api/v1/query/authors?grain=week&project=small&rolling=2&since=2026-01-05&min_coverage=0.1"
    assert any(row["authors"] for row in showing.get(asked).json()["rows"])
    refused = hiding.get(asked)
    assert refused.status_code == 403, refused.text
    assert "leave out rolling" in refused.json()["detail"]
    whole = hiding.get(asked.replace("small", "large"))
    assert [row["authors"] for row in whole.json()["rows"]] == [
        row["authors"] for row in showing.get(asked.replace("small", "large")).json()["rows"]
    ]


def test_a_report_hides_them_in_every_file(folder: Path, tmp_path: Path) -> None:
    found = dict[bool, list[str]]()
    for least in (0, LEAST):
        site = tmp_path / str(least)
        with opened(folder, Clock(), {"smallest_cell": least}) as workspace:
            write_report(workspace, site, month="2026-02")
        files = [each for each in site.rglob("*") if each.suffix in (".html", ".csv", ".json", ".md", ".xml")]
        assert len(files) > 5
        found[least > 0] = [each.name for each in files if SMALL.search(each.read_text(encoding="utf-8"))]
    assert found[False]
    assert found[True] == []


@pytest.mark.parametrize("path", ["/", "/hubs", "/sources", "/projects/small", "/projects/small?months=12", "/metrics"])
def test_no_page_shows_them(path: str, hiding: TestClient) -> None:
    said = hiding.get(path)
    assert said.status_code == 200
    assert not SMALL.search(said.text)
