"""Every kind of answer offers the same: whatever is promised of one is promised of all, and of one that comes from elsewhere."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import polars
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest

import footfall
import footfall.projects.beside
from footfall.answer import PICTURES, ROWS, Answer, by_name
from footfall.cli import app
from footfall.errors import FootfallError, QueryError, UnknownNameError
from footfall.options import QUESTIONS
from histories import ADA, History
from hub_workspaces import PLACES, collect_hubs
from hub_workspaces import settings as hub_settings

if TYPE_CHECKING:
    from footfall.charts.look import Look
    from footfall.workspace import Workspace

NOW = datetime(2026, 3, 11, 12, tzinfo=UTC)


@dataclass(frozen=True, repr=False)
class Ages(Answer):
    """A kind of answer that is not part of Footfall: this class, the function that draws it, and a command are all of it."""

    command: ClassVar[str] = "ages"
    chart_by: ClassVar[str] = f"{__name__}:draw_ages"

    ages: tuple[int, ...] = (3, 5)
    notes: tuple[str, ...] = ("Born <elsewhere>.",)
    version: str = "1"
    coverage: float = 0.5
    title: str = "Ages"
    span: str = "2026-01-01 (UTC)"
    description: str = "How old each is."

    @property
    def question(self) -> dict[str, Any]:
        return {}

    def definition(self) -> dict[str, Any]:
        return {"unit": "years"}

    def to_arrow(self) -> pa.Table:
        return pa.table({"name": ["a", "b"], "age": list(self.ages)})

    def lines(self, *, is_marked: bool) -> tuple[list[str], list[list[str]]]:
        return ["name", "age"], [[row["name"], str(row["age"])] for row in self]


def draw_ages(ages: Ages, look: Look) -> Any:
    import altair as alt

    from footfall.charts.look import finished

    bars = alt.Chart(alt.InlineData(values=ages.to_dicts())).mark_bar().encode(x="age:Q", y="name:N")
    return finished(alt.LayerChart(layer=[bars]), ages.title, [[ages.span]], look)


KINDS: dict[str, Callable[[Workspace], Answer]] = {
    "query": lambda ff: ff.query("commits", grain="month", since="2026-01", until="2026-04", by=["repo"]),
    "cohort": lambda ff: ff.cohort("active", "active", grain="month", last=3, columns=3),
    "funnel": lambda ff: ff.funnel("signed_up", "active"),
    "stickiness": lambda ff: ff.stickiness("active", last=4),
    "growth": lambda ff: ff.growth("active", grain="month", last=2),
    "project": lambda ff: ff.project("tool", months=3),
    "projects": lambda ff: ff.projects_by("commits"),
    "beside": lambda ff: ff.beside("commits", ["tool"], months=3),
    "communities": lambda ff: ff.communities(days=2),
    "ages": lambda ff: Ages(),
}
OURS = [kind for kind in KINDS if kind != "ages"]


@pytest.fixture(scope="module")
def ff(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    folder = tmp_path_factory.mktemp("alike")
    history = History.new(folder / "project")
    for day in ("2026-01-05", "2026-01-20", "2026-03-05"):
        history.commit(f"{day}T12:00+00:00", author=ADA)
    history.write()
    (folder / "footfall.toml").write_text(
        '[sources.git]\nrepositories = ["project"]\n[notes]\ngit = "a <real> history"\n'
        f'[[projects]]\nname = "tool"\ngit = "project"\n{hub_settings(3)}'
    )
    collect_hubs(folder, PLACES, days=3)
    opened = footfall.open(folder, now=lambda: NOW)
    opened.collect("git")
    opened.mark("signed_up", [1, 2, 3], "2026-02-10")
    opened.mark("active", [1, 2], "2026-02-20")
    opened.mark("active", [1], "2026-03-05")
    return opened


@pytest.fixture(params=KINDS)
def answer(request: pytest.FixtureRequest, ff: Workspace) -> Answer:
    return KINDS[request.param](ff)


def test_every_kind_is_in_the_list() -> None:
    assert all(getattr(footfall, name) for name in footfall.__all__)  # public names are loaded when they are used
    assert {each.command for each in kinds_of(Answer)} == set(KINDS)  # type: ignore[type-abstract]
    assert set(QUESTIONS) == set(OURS) - {"project", "projects", "communities", "beside"}, (
        "these have no options of a question"
    )
    commands = {command.name or getattr(command.callback, "__name__", "") for command in app.registered_commands}
    assert set(OURS) - {"projects"} <= commands


def kinds_of(of: type[Answer]) -> list[type[Answer]]:
    found = [each for child in of.__subclasses__() for each in kinds_of(child)]
    return found if found else [of]


def test_it_says_what_it_is(answer: Answer) -> None:
    assert answer.title
    assert answer.span
    assert answer.description
    assert isinstance(answer.definition(), dict)
    assert 0 <= answer.coverage <= 1
    assert answer.version
    assert all(isinstance(note, str) for note in answer.notes)
    assert json.loads(json.dumps(answer.question)) == answer.question
    assert callable(by_name(answer.chart_by))
    assert callable(by_name(answer.table_by))


@pytest.mark.parametrize("kind", OURS)
def test_its_question_asks_the_same_again(kind: str, ff: Workspace) -> None:
    answer = KINDS[kind](ff)
    asked = dict(answer.question)
    ask = ff.projects_by if kind == "projects" else getattr(ff, kind)
    again = ask(*asked.pop("steps", ()), **asked)
    assert again.question == answer.question
    assert again.to_arrow().equals(answer.to_arrow())
    assert again.version == answer.version


def test_its_rows_are_the_same_in_every_shape(answer: Answer, tmp_path: Path) -> None:
    rows, table = answer.to_dicts(), answer.to_arrow()
    assert len(answer) == len(rows) == table.num_rows > 0
    assert list(answer) == rows
    assert polars.DataFrame(answer).to_dicts() == answer.to_polars().to_dicts()
    assert pa.table(answer).equals(table)
    frame = answer.to_pandas()
    assert len(frame) == len(rows)
    assert frame.attrs["question"] == answer.question
    assert frame.attrs["notes"] == list(answer.notes)
    assert frame.attrs["version"] == answer.version
    assert len(answer.pivot()) <= len(rows)
    head, *lines = csv.reader(io.StringIO(answer.to_csv()))
    assert len(lines) == answer.line_count
    assert all(len(line) == len(head) for line in lines)
    told = json.loads(answer.to_json())
    assert (told["command"], told["title"], told["version"]) == (answer.command, answer.title, answer.version)
    assert len(told["rows"]) == answer.line_count


@pytest.mark.parametrize("suffix", [*ROWS, *PICTURES])
def test_one_door_writes_rows_and_pictures(answer: Answer, suffix: str, tmp_path: Path) -> None:
    file = tmp_path / f"answer{suffix}"
    answer.save(file)
    content = file.read_bytes()
    match suffix:
        case ".parquet":
            read = pq.read_table(file)
        case ".arrow":
            read = pyarrow.feather.read_table(file)
        case _:
            begin = {".png": b"\x89PNG", ".svg": b"<svg", ".html": b"<!DOCTYPE html", ".json": b"{", ".vl.json": b"{"}
            assert content.startswith(begin.get(suffix, b""))
            return
    assert read.equals(answer.to_arrow())
    assert json.loads(read.schema.metadata[b"footfall"])["version"] == answer.version


def test_its_pictures_are_offline_and_follow_their_reader(answer: Answer, tmp_path: Path) -> None:
    answer.chart().save(tmp_path / "x.html")
    page = (tmp_path / "x.html").read_text()
    assert "prefers-color-scheme: dark" in page
    assert '"width": "container"' in page or '"vconcat"' in page, "one drawing by its frame, several by the script"
    assert "src=" not in page.replace("data:", "")
    assert "cdn" not in page.split('id="vega"')[0]
    assert len(page) < 700_000
    dark = answer.chart(theme="dark", title="Mine & <yours>", size=(300, 200))
    assert dark.to_dict()["config"]["background"] == "#14171c"
    assert "prefers-color-scheme" not in dark.to_html().split("<body>")[0]
    assert "Mine &amp; &lt;yours&gt;" in dark.to_html()
    assert {"image/svg+xml", "text/plain"} <= set(dark._repr_mimebundle_())


def test_what_cannot_be_drawn_or_written_is_one_sentence(answer: Answer, tmp_path: Path) -> None:
    for wrong, said in (
        ({"theme": "drak"}, "unknown theme 'drak'"),
        ({"size": (10, 10)}, "give width and height in pixels"),
        ({"size": 7}, "give width and height in pixels"),
        ({"title": 5}, "title=5 is not text"),
        ({"colour": "red"}, "unknown option for a chart"),
    ):
        with pytest.raises(FootfallError, match=said.replace("(", r"\(")):
            answer.chart(**wrong)
    with pytest.raises(UnknownNameError, match=r"unknown file format '\.pdf'"):
        answer.save(tmp_path / "x.pdf")
    with pytest.raises(QueryError, match="only a picture has options"):
        answer.save(tmp_path / "x.csv", theme="dark")
    with pytest.raises(QueryError, match="3 is not a path; give the name of a file"):
        answer.save(3)  # type: ignore[arg-type]
    for suffix in (".csv", ".parquet", ".arrow", ".json", ".png", ".html"):
        with pytest.raises(FootfallError, match="there is no folder"):
            answer.save(tmp_path / "absent" / f"x{suffix}")


def test_it_is_one_line_in_a_console_and_a_safe_table_in_a_notebook(answer: Answer) -> None:
    assert len(repr(answer)) < 200
    assert "\n" not in repr(answer)
    page = answer._repr_html_()
    assert "<real>" not in page
    assert "<elsewhere>" not in page
    assert answer.description.split("'")[0] in page
    assert "white" not in page
    assert "#" not in page.replace("&#x27;", "")  # no colour of its own: those around it, light or dark
    for choice in answer.policies.values():
        assert choice in page


def test_it_fits_a_terminal(answer: Answer) -> None:
    for width in (80, 60):
        text = answer.draw(width)
        assert max(map(len, text.splitlines())) <= width
        assert answer.title.split()[0] in text


def test_counts_with_holes_stay_whole_in_pandas(ff: Workspace) -> None:
    days = ff.query("commits", since="2026-03-09", until="2026-03-14").to_pandas()
    assert str(days["commits"].dtype) == "Int64"
    assert days["commits"].isna().any()
    whole = ff.query("commits", grain="month", since="2026-01", until="2026-03").to_pandas()
    assert str(whole["commits"].dtype) == "int64"


def test_a_pivot_has_a_column_a_group(ff: Workspace) -> None:
    frame = ff.query("commits", grain="month", since="2026-01", until="2026-03", by=["repo"]).pivot()
    assert frame.to_dict("list") == {"project": [2, 0]}
    wide = ff.cohort("active", "active", grain="month", last=2, columns=2).pivot()
    assert [int(name) for name in wide.columns] == [0, 1]
    assert wide.iloc[0].tolist() == [100.0, 50.0]


def test_collected_events_have_words_of_their_own(ff: Workspace) -> None:
    again = ff.cohort("commit_author", "commit_author", kind="new", grain="month")
    assert again.title == "Authors who committed again, by month of first commit"
    later = ff.cohort("active", "signed_up", retention="unbounded")
    assert later.title == "Actors who did signed_up after active (then or later), by week of active"
