"""`footfall cohort`, `funnel`, `stickiness`, `growth` and `import`, as they are typed."""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import redis

import footfall
from workspaces import run

pytestmark = pytest.mark.slow

RETENTION_OF_DECEMBER = "2010-12-01,948,948,362,317,367,341,376,360,336,336,374,354,474,"
FIRST_THREE_OF_CDNOW = (
    "1997-01-01,7846,7846,1157,964,810,679,736,720,582,559,594,673,634,528,511,664,472,497,498",
    "1997-02-01,8476,8476,1312,980,783,847,786,626,619,666,721,661,545,568,718,545,548,551,",
    "1997-03-01,7248,7248,1032,752,756,674,564,561,579,634,569,464,472,678,420,443,457,,",
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "footfall.toml").write_text("")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_published_retention_comes_out_of_a_file_exactly(
    folder: Path, shared_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Online retail, without the customers that have no number; of the last month nine days are there."""
    file = shared_data / "cohorts" / "online_retail" / "online_cohorts.csv"
    run(capsys, "mark", "buy", "--file", file, "--actor", "CustomerID", "--at", "InvoiceDate", "--skip-missing")
    words = ("--grain", "month", "--kind", "new", "--since", "2010-12", "--columns", "13", "--counts")
    ran = run(capsys, "cohort", "buy", "buy", *words, "--as-of", "2011-12-10")
    assert ran.out.splitlines()[:2] == ["period,size,0,1,2,3,4,5,6,7,8,9,10,11,12", RETENTION_OF_DECEMBER]
    whole = run(capsys, "cohort", "buy", "buy", *words, "--as-of", "2012")
    assert whole.out.splitlines()[1] == RETENTION_OF_DECEMBER + "260"


def test_cdnow_comes_out_of_a_file_exactly(folder: Path, shared_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with gzip.open(shared_data / "cohorts" / "cdnow" / "CDNOW_master.txt.gz", "rt") as master:
        rows = [line.split()[:2] for line in master if line.split()[0].isdigit()]
    (folder / "cdnow.csv").write_text("id,date\n" + "\n".join(",".join(row) for row in rows) + "\n")
    assert run(capsys, "mark", "buy", "--file", "cdnow.csv", "--actor", "id", "--at", "date").code == 0
    ran = run(
        capsys, "cohort", "buy", "buy", "--grain", "month", "--kind", "new", "--since", "1997-01", "--as-of", "1998-07",
        "--columns", "18", "--counts",
    )  # fmt: skip
    assert tuple(ran.out.splitlines()[1:4]) == FIRST_THREE_OF_CDNOW


@pytest.fixture
def marked(folder: Path) -> Path:
    ff = footfall.open(folder)
    for day in range(1, 29):
        ff.mark("active", range(day % 7, 40, 1 + day % 3), f"2026-02-{day:02}")
        ff.mark("paid", range(0, 40, 5), f"2026-02-{day:02}")
    return folder


@pytest.mark.parametrize(
    ("words", "head"),
    [
        (("cohort", "active", "paid", "--as-of", "2026-03"), "period,size,0,1,2"),
        (("funnel", "active", "paid", "--since", "2026-02", "--until", "2026-03"), "step,"),
        (("stickiness", "active", "--until", "2026-03", "--last", "5"), "period,dau,wau,mau"),
        (("growth", "active", "--until", "2026-03", "--last", "4"), "period,active,new"),
    ],
)
def test_a_pipe_gets_csv_and_asks_for_json_or_a_table(
    marked: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], head: str
) -> None:
    assert run(capsys, *words).out.startswith(head)
    assert json.loads(run(capsys, *words, "-f", "json").out)
    table = run(capsys, *words, "-f", "table").out
    assert "active" in table
    assert len(table.splitlines()) > 4


@pytest.mark.parametrize("command", [("cohort", "active", "paid"), ("growth", "active"), ("stickiness", "active")])
@pytest.mark.parametrize("suffix", ["png", "svg", "html", "csv", "json", "parquet", "arrow"])
def test_a_file_gets_what_its_name_says(
    marked: Path, capsys: pytest.CaptureFixture[str], command: tuple[str, ...], suffix: str
) -> None:
    ran = run(capsys, *command, "--until", "2026-03", "-o", f"answer.{suffix}")
    assert (ran.code, ran.out) == (0, "")
    *notes, wrote = ran.err.splitlines()
    assert re.fullmatch(rf"Wrote answer\.{suffix}( \(\d+ rows\))?\.", wrote)
    assert all(note.startswith("footfall: Whole weeks are shown") for note in notes)
    content = (marked / f"answer.{suffix}").read_bytes()
    magic = {"png": b"\x89PNG", "svg": b"<svg", "html": b"<!DOCTYPE html", "csv": b"period,", "json": b"{"}
    assert content.startswith(magic.get(suffix, b""))
    if suffix == "parquet":
        assert pq.read_table(marked / "answer.parquet").num_rows


def test_curves_are_another_picture(marked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, more in (("map", ()), ("curves", ("--curves",))):
        assert run(capsys, "cohort", "active", "paid", "--until", "2026-03", *more, "-o", f"{name}.svg").code == 0
    assert (marked / "map.svg").read_bytes() != (marked / "curves.svg").read_bytes()


def test_conditions_narrow_rows_and_columns(marked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = (
        "cohort",
        "active",
        "active",
        "--grain",
        "day",
        "--until",
        "2026-03",
        "--last",
        "2",
        "--columns",
        "2",
        "--counts",
    )
    ff = footfall.open(marked)
    paid, before, last = ff.event("paid").day("2026-02-27"), *(ff.event("active").day(f"2026-02-{d}") for d in (27, 28))
    rows = run(capsys, *words, "--where-first", "paid").out.splitlines()[1].split(",")
    assert rows == ["2026-02-27", *map(str, (len(before & paid), len(before & paid), len(before & paid & last)))]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("cohort", "activ", "paid"), "event 'activ' was never marked; did you mean 'active'?"),
        (("cohort", "active", "paid", "--grain", "hour"), "unknown grain 'hour'"),
        (("cohort", "active", "paid", "--kind", "old"), "unknown kind 'old'"),
        (("cohort", "active", "paid", "--retention", "rolling"), "unknown retention 'rolling'"),
        (("cohort", "active", "paid", "--last", "0"), "last is 0"),
        (("cohort", "active", "paid", "--since", "2999"), "is in the future"),
        (("growth", "active", "--since", "1998", "--until", "1997"), "since 1998-01-01 must come before until"),
        (("cohort", "active", "paid", "-f", "xml"), "unknown format 'xml'"),
        (("cohort", "active", "paid", "-o", "x.pdf"), "unknown file format '.pdf'"),
        (("cohort", "active", "paid", "-o", "absent/x.png"), "there is no folder absent"),
        (("cohort", "active", "paid", "--curves"), "--curves draws a picture: name one with -o"),
        (("cohort", "active", "paid", "--curves", "-o", "x.csv"), "--curves draws a picture: name one with -o"),
        (
            ("cohort", "active", "paid", "--curves", "--counts", "-o", "x.png"),
            "--curves and --counts cannot be combined",
        ),
        (("growth", "active", "-f", "csv", "-o", "x.json"), "--format csv and -o x.json are different formats"),
        (("funnel", "active"), "steps"),
        (("funnel", "active", "paid", "--within", "soon"), "within"),
        (("stickiness", "active", "--windows", "rolling"), "unknown windows 'rolling'"),
        (("growth", "activ"), "did you mean 'active'"),
        (("import", "bitmapist", "http://here"), "write redis://host:6379/0"),
        (("import", "bitmapist", "redis://127.0.0.1:1"), "does not answer"),
    ],
)
def test_a_mistake_is_one_sentence(
    marked: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    ran = run(capsys, *words)
    assert ran.code == 1
    assert said in ran.err
    assert ran.err.count("\n") == 1


def test_names_of_0_1_0_still_work_and_say_what_they_are_now(marked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("growth", "active", "--by", "day", "--since", "2026-02-10", "--until", "2026-03")
    ran = run(capsys, *words)
    assert len(ran.out.splitlines()) == 1 + 19
    assert ran.err == (
        "footfall: option names of 0.1.0: by='day' is now grain='day'; until, as the time of the query, is now as_of.\n"
    )
    ran = run(capsys, *words, "--rows", "3")
    assert [line.split(",")[0] for line in ran.out.splitlines()[1:]] == ["2026-02-10", "2026-02-11", "2026-02-12"]
    assert "rows=3 together with since is now until='2026-02-13'" in ran.err
    new = run(capsys, "growth", "active", "--grain", "day", "--since", "2026-02-10", "--until", "2026-02-13")
    assert (new.out, new.err) == (ran.out, "")
    last = run(capsys, "cohort", "active", "paid", "--by", "week", "--rows", "2")
    assert last.out == run(capsys, "cohort", "active", "paid", "--last", "2").out


def test_nobody_in_the_time_asked_is_one_line(marked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = "No actor did 'paid' in this time. It was last done on 2026-02-28; use --since or --until."
    words = ("growth", "paid", "--since", "2026-04", "--until", "2026-05")
    ran = run(capsys, *words)
    assert ran.err == f"footfall: Whole weeks are shown: until 2026-05-01 lies within 2026-W18.\nfootfall: {said}\n"
    assert said in run(capsys, *words, "-f", "table").out


def test_rows_that_cannot_be_encoded_are_one_sentence(marked: Path) -> None:
    footfall.open(marked).mark("größer", 1, "2026-02-01")
    words = ("funnel", "größer", "paid", "--since", "2026-02", "--until", "2026-03")
    ran = subprocess.run(
        [sys.executable, "-m", "footfall", *words],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
    )
    assert (ran.returncode, ran.stderr.count("\n")) == (1, 1)
    assert "the output's encoding, ascii, has no" in ran.stderr


def test_a_deployment_is_copied_and_again_adds_nothing(
    folder: Path, redis_server: str, capsys: pytest.CaptureFixture[str]
) -> None:
    bitmapist = pytest.importorskip("bitmapist", reason="bitmapist does not install on this Python")
    client = redis.Redis.from_url(redis_server)
    client.flushdb()
    for number in range(300):
        bitmapist.mark_event("task:done", number, system=client, track_hourly=number % 2 == 0)
    bitmapist.mark_unique("premium", 5, system=client)
    ran = run(capsys, "import", "bitmapist", redis_server)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("Copied 2 events: 1 day,")
    assert ran.out.endswith("Every count agrees.\n")
    ff = footfall.open(folder)
    assert list(ff.event("task:done").day()) == list(range(300))
    assert list(ff.event("premium").unique()) == [5]
    again = run(capsys, "import", "bitmapist", redis_server)
    assert "0 marks new" in again.out
    assert ff.event("task:done").day().occurrences() == 300
    client.flushdb()
    assert "has no data of bitmapist" in run(capsys, "import", "bitmapist", redis_server).err
