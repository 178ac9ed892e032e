"""The command line, as a person and as a program use it."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import date
from pathlib import Path

import pyarrow.feather
import pyarrow.parquet
import pytest

from footfall import __version__
from footfall.sources.binder.sample import write_sample_archive
from workspaces import HOLES, Ran, launches, run, write_workspace

pytestmark = pytest.mark.slow

FOOTFALL = (sys.executable, "-m", "footfall")
EVERYTHING = ("--since", "2025-12-20", "--until", "2026-03-10")


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace that was collected by the command."""
    folder = write_workspace(tmp_path_factory.mktemp("workspace"))
    done = subprocess.run([*FOOTFALL, "-w", folder, "collect"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


def table(ran: Ran) -> list[dict[str, str]]:
    assert ran.code == 0, ran.err
    assert all(line.startswith("footfall: ") for line in ran.err.splitlines())  # what a reader must know
    return list(csv.DictReader(io.StringIO(ran.out)))


def on_terminal(*arguments: str | Path) -> tuple[int, str]:
    """What a person sees: standard output is a terminal of 120 columns."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "COLUMNS": "120", "TERM": "xterm"}
    with subprocess.Popen([*FOOTFALL, *arguments], stdout=theirs, stderr=theirs, env=environment) as process:
        os.close(theirs)
        seen = b""
        while True:
            try:
                chunk = os.read(ours, 65536)
            except OSError:  # Linux says so when the other end is closed
                break
            if not chunk:
                break
            seen += chunk
    os.close(ours)
    return process.returncode, re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", seen.decode())


# --- answers


def test_a_total_is_the_archives_own_count(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = table(
        run(capsys, "-w", workspace, "query", "launches", "-g", "total", "--since", "2026", "--until", "2026-03")
    )
    assert [row["launches"] for row in rows] == [str(launches(workspace, "2026-01-01", "2026-03-01").total())]


def test_by_provider_and_where_are_the_archives_own_count(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = table(run(capsys, "-w", workspace, "query", "launches", "-g", "total", *EVERYTHING, "--by", "provider"))
    counted = launches(workspace, "2025-12-20", "2026-03-10", "provider")
    assert Counter({row["provider"]: int(row["launches"]) for row in rows}) == counted
    some = table(
        run(capsys, "-w", workspace, "query", "launches", "-g", "total", *EVERYTHING, "--where", "provider!=GitHub,Git")
    )
    assert int(some[0]["launches"]) == counted.total() - counted["GitHub"] - counted["Git"]


def test_a_gap_is_empty_with_coverage_zero(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = table(run(capsys, "-w", workspace, "query", "launches", "--since", "2026-01-13", "--until", "2026-01-17"))
    days = {row["period"]: (row["launches"], row["coverage"]) for row in rows}
    assert [days[str(hole)] for hole in HOLES] == [("", "0"), ("", "0")]
    assert days["2026-01-13"] == (str(launches(workspace, "2026-01-13", "2026-01-14").total()), "1")


def test_notes_reach_people_when_rows_go_to_a_pipe_or_a_file(
    workspace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ("-w", workspace, "query", "launches", "-g", "week", "--since", "2026", "--until", "2026-02")
    for more in ((), ("-f", "json"), ("-o", tmp_path / "x.csv"), ("-o", tmp_path / "x.parquet")):
        err = run(capsys, *asked, *more).err
        assert "footfall: The window was widened to whole weeks in UTC (2025-12-29 … 2026-02-02)" in err
        assert "footfall: 2 days missing: the source has nothing for 2026-01-14, 2026-01-15" in err


def test_git_and_binder_answer_side_by_side(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = table(
        run(capsys, "-w", workspace, "query", "commits", "-g", "month", "--since", "2026", "--until", "2026-04")
    )
    assert [row["commits"] for row in rows] == ["2", "1", "1"]


def test_in_a_pipe_csv_has_the_columns_as_promised(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ran = run(
        capsys,
        "-w",
        workspace,
        "query",
        "launches",
        "-g",
        "month",
        *EVERYTHING,
        "--by",
        "federation",
        "--by",
        "provider",
    )
    assert ran.out.splitlines()[0] == "period,federation,provider,launches,coverage,state"


def test_every_format_holds_the_same_rows(workspace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ("-w", workspace, "query", "launches", "-g", "month", "--since", "2026", "--until", "2026-03")
    values = [int(row["launches"]) for row in table(run(capsys, *asked))]
    for suffix in ("csv", "json", "parquet", "arrow"):
        ran = run(capsys, *asked, "-o", tmp_path / f"x.{suffix}")
        assert (ran.code, ran.out) == (0, "")
        assert "2 rows" in ran.err
    with (tmp_path / "x.csv").open() as file:
        assert [int(row["launches"]) for row in csv.DictReader(file)] == values
    assert [row["launches"] for row in json.loads((tmp_path / "x.json").read_text())["rows"]] == values
    assert pyarrow.parquet.read_table(tmp_path / "x.parquet")["launches"].to_pylist() == values
    assert pyarrow.feather.read_table(str(tmp_path / "x.arrow"))["launches"].to_pylist() == values
    shown = run(capsys, *asked, "-f", "table").out
    assert all(f"{value:,}" in shown for value in values)


def test_parquet_and_arrow_can_be_piped(workspace: Path) -> None:
    asked = [*FOOTFALL, "-w", str(workspace), "query", "launches", "-g", "month", *EVERYTHING, "-f"]
    for form in ("parquet", "arrow"):
        done = subprocess.run([*asked, form], capture_output=True, check=True)
        rows = (
            pyarrow.parquet.read_table(io.BytesIO(done.stdout))
            if form == "parquet"
            else pyarrow.feather.read_table(io.BytesIO(done.stdout))
        )
        assert rows.num_rows == 4


def test_a_terminal_gets_a_table_and_no_binary(workspace: Path) -> None:
    code, shown = on_terminal("-w", workspace, "query", "launches", "--since", "2026-03-01", "--until", "2026-03-05")
    assert code == 0
    assert "Launches per day" in shown
    assert re.search(r"2026-03-0\d\s+\d+", shown)
    assert "sample data, generated by footfall demo" in shown
    code, shown = on_terminal("-w", workspace, "query", "launches", "-f", "parquet")
    assert code == 1
    assert "is a binary format; add `-o answer.parquet`" in shown


def test_charts_are_written_and_carry_the_sample_note(
    workspace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "x.svg"
    ran = run(
        capsys, "-w", workspace, "chart", "launches", "--by", "federation", "--rolling", "7", *EVERYTHING, "-o", file
    )
    assert (ran.code, ran.err) == (0, f"Wrote {file}.\n")
    assert "sample data" in file.read_text()


def test_a_reader_that_stops_early_is_no_error(workspace: Path) -> None:
    asked = " ".join(map(str, [*FOOTFALL, "-w", workspace, "query", "launches", "-g", "hour", *EVERYTHING]))
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {asked} | head -1"], capture_output=True, text=True, check=False
    )
    assert done.stdout == "period,launches,coverage,state\n"
    assert all(line.startswith("footfall: ") for line in done.stderr.splitlines())


# --- mistakes


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("query launchs", "unknown metric 'launchs'; did you mean 'launches'"),
        ("query launches --by providr", "did you mean 'provider'?"),
        ("query launches --where federation=gesi", "did you mean 'gesis'?"),
        ("query launches --where federation", "write dimension=value"),
        ("query launches --grain weekly", "did you mean 'week'?"),
        ("query launches --since 2025-13", "not a date or time"),
        ("query launches --compare yesterday", "valid: previous, year"),
        ("query launches --policy status", "write NAME=CHOICE"),
        ("query launches --policy status=succes", "did you mean 'success'?"),
        ("query launches --top 3", "top ranks groups"),
        ("query launches -f xls", "valid: table, csv, json, parquet, arrow"),
        ("query launches -o x.cvs", "did you mean '.csv'?"),
        ("query launches -o x.pdf", "unknown file format '.pdf'"),
        ("query launches -o no/x.csv", "no/x.csv cannot be written: there is no folder no"),
        ("query launches -o no/x.parquet", "no/x.parquet cannot be written: there is no folder no"),
        ("chart launches -o no/x.png", "no/x.png cannot be written: there is no folder no"),
        ("chart launches -o x.gif", "valid: png, svg, html, json"),
        ("chart repos --by federation --stacked -o x.png", "repos cannot be stacked"),
        ("metrics lanches", "did you mean 'launches'?"),
        ("collect bindr", "did you mean 'binder'?"),
        ("maintain --keep-days 0", "at least 1 day"),
        ("init", "exists already and was not changed"),
        ("query launches --last soon", "or a span such as 2w"),
        ("-w nowhere status", "no footfall.toml in"),
    ],
)
def test_a_mistake_is_one_sentence_with_what_is_valid(
    workspace: Path,
    arguments: str,
    sentence: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(workspace)
    ran = run(capsys, *arguments.split())
    assert ran.code == 1
    assert ran.out == ""
    assert ran.err.startswith("footfall: ")
    assert ran.err.count("\n") == 1
    assert sentence in ran.err


@pytest.mark.parametrize(
    "arguments", ["query", "chart launches", "query launches --top soon", "colect", "query launches --bye x"]
)
def test_wrong_usage_is_status_2(arguments: str, workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ran = run(capsys, "-w", workspace, *arguments.split())
    assert (ran.code, ran.out) == (2, "")
    assert "Traceback" not in ran.err


# --- collecting and its state


def test_collecting_again_finds_nothing_new_and_status_knows_the_gap(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    again = run(capsys, "-w", workspace, "collect", "binder")
    assert again.code == 0
    line = next(line for line in again.out.splitlines() if line.split()[:1] == ["binder"])
    assert line.split()[1] == "–"
    shown = run(capsys, "-w", workspace, "status").out
    assert "2026-01-14 to 2026-01-15" in shown
    assert "since 2025-12-20" in shown
    assert "footfall collect git" in shown


def test_a_dry_run_fetches_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_workspace(tmp_path)
    ran = run(capsys, "-w", folder, "collect", "binder", "--dry-run", "--since", "2026-03-01", "--until", "2026-03-05")
    assert ran.code == 0
    line = next(line for line in ran.out.splitlines() if line.split()[:1] == ["binder"])
    assert line.split()[1] == "4"
    assert "nothing yet" in run(capsys, "-w", folder, "status").out


def test_refused_lines_are_shown_with_reason_and_sample(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_workspace(tmp_path)
    with (folder / "sample-archive" / "events-2026-03-01.jsonl").open("a") as file:
        file.write("<html>not an event</html>\n")
    ran = run(capsys, "-w", folder, "collect", "binder", "--since", "2026-03-01", "--until", "2026-03-02")
    assert ran.code == 0
    assert "2026-03-01" in ran.out
    assert "<html>not an event</html>" in ran.out
    assert "<html>not an event</html>" in run(capsys, "-w", folder, "status").out


def test_a_source_that_cannot_be_had_is_status_1_and_the_others_are_collected(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_workspace(tmp_path)
    settings = (folder / "footfall.toml").read_text().replace('"sample-archive"', '"no-such-folder"')
    (folder / "footfall.toml").write_text(settings)
    ran = run(capsys, "-w", folder, "collect")
    assert ran.code == 1
    assert "no-such-folder" in ran.out
    assert ran.err.splitlines()[-1].startswith("footfall: binder could not be collected completely")
    assert table(run(capsys, "-w", folder, "query", "commits", "-g", "total"))[0]["commits"] == "4"


def test_interrupted_collecting_says_so_and_goes_on_where_it_stopped(tmp_path: Path) -> None:
    folder = write_workspace(tmp_path)
    archive, until = folder / "sample-archive", date(2026, 3, 11)
    whole = write_sample_archive(archive, 69, 6_000, until=until, repositories=2_000, has_rhythm=False)
    collect = [*FOOTFALL, "-w", str(folder), "collect", "binder"]
    # In the first moment Python is interrupted, later DuckDB in the middle of a query.
    for wait in (0.0, 0.4):
        with subprocess.Popen(collect, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            assert process.stderr
            assert "windows to fetch" in process.stderr.readline()
            time.sleep(wait)
            process.send_signal(signal.SIGINT)
            said = process.stderr.read()
        assert process.returncode == 130
        assert said == "footfall: interrupted; what was committed stays, `footfall collect` continues from there.\n"
    subprocess.run(collect, check=True, capture_output=True)
    query = [*FOOTFALL, "-w", str(folder), "query", "launches", "-g", "total", "--since", "2026"]
    done = subprocess.run(query, check=True, capture_output=True, text=True)
    assert done.stdout.splitlines()[1].split(",")[1] == str(whole)


def test_maintain_says_what_it_did(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = table(run(capsys, "-w", workspace, "query", "launches", "-g", "month", *EVERYTHING))
    ran = run(capsys, "-w", workspace, "maintain")
    assert ran.code == 0
    assert {"launches", "commits", "ledger"} <= {line.split()[0] for line in ran.out.splitlines() if line.split()}
    assert table(run(capsys, "-w", workspace, "query", "launches", "-g", "month", *EVERYTHING)) == before


# --- beginning


def test_init_writes_settings_that_can_be_read_and_name_every_setting(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from footfall.settings import read_settings

    ran = run(capsys, "-w", tmp_path, "init")
    assert ran.code == 0
    assert read_settings(tmp_path).sources == {}
    for command in ("status", "metrics"):
        assert "Next: enable a source" in run(capsys, "-w", tmp_path, command).out
    assert "no source is set up" in run(capsys, "-w", tmp_path, "collect").err


def test_init_beside_a_git_history_collects_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_workspace(tmp_path) / "project"
    assert run(capsys, "-w", folder, "init").code == 0
    assert run(capsys, "-w", folder, "collect").code == 0
    assert table(run(capsys, "-w", folder, "query", "commits", "-g", "total"))[0]["commits"] == "4"


def test_init_keeps_what_is_collected_out_of_git(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_workspace(tmp_path) / "project"
    before = set(subprocess.check_output(["git", "status", "--porcelain", "-u"], cwd=folder, text=True).splitlines())
    assert "stays out of git" in run(capsys, "-w", folder, "init").out
    assert run(capsys, "-w", folder, "collect").code == 0
    (folder / "activity.db-wal").touch()
    said = subprocess.run(
        ["git", "status", "--porcelain", "-u"], cwd=folder, capture_output=True, text=True, check=True
    )
    assert set(said.stdout.splitlines()) - before == {"?? .gitignore", "?? footfall.toml"}


def test_init_never_touches_a_gitignore(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_workspace(tmp_path) / "project"
    (folder / ".gitignore").write_text("lake\n")
    ran = run(capsys, "-w", folder, "init")
    assert "to keep collected data out of git: /.footfall/ /activity.db* /alerts.json /tokens.json" in ran.out
    assert (folder / ".gitignore").read_text() == "lake\n"


def test_init_outside_of_git_writes_settings_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "-w", tmp_path, "init").code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["footfall.toml"]


def test_what_init_comments_out_can_be_commented_in(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The template is written from the settings' records; each line of it must be valid when it is switched on."""
    from footfall.sources import installed_sources
    from footfall.workspace import open as open_workspace

    run(capsys, "-w", tmp_path, "init")
    file = tmp_path / "footfall.toml"
    lines = [re.sub(r"^# (?=\[|\w+ = )", "", line) for line in file.read_text().splitlines()]
    file.write_text("\n".join(line for line in lines if not re.search(r'\benv"? =', line)))
    assert set(open_workspace(tmp_path).sources) == set(installed_sources())


def test_metrics_lists_all_and_explains_one(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    listed = run(capsys, "-w", workspace, "metrics").out
    for name in ("launches", "repos", "commits", "authors", "latest_commit"):
        assert name in listed
        assert f"footfall query {name}" in run(capsys, "-w", workspace, "metrics", name).out


def test_version_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "--version").out == f"footfall {__version__}\n"
    shown = run(capsys, "--help").out
    for command in ["init", "collect", "status", "query", "chart", "metrics", "maintain", "demo"]:
        assert re.search(rf"\b{command}\b", shown)


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; sys.argv = ['footfall', '--help']\n"
        "from footfall.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'pandas', 'numpy', 'pyarrow', 'duckdb', 'ibis', 'deltalake', 'altair', 'pydantic', 'httpx2'}\n"
        "print('LOADED', sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "LOADED []"


def test_a_query_loads_no_pandas_and_tells_no_warnings(workspace: Path) -> None:
    """pandas costs as much as a third of a cold query, and answers need none of it."""
    program = (
        "import sys, warnings\n"
        "from footfall.cli import main\n"
        "try: main()\n"
        "finally:\n"
        "    warnings.warn('old', FutureWarning)\n"
        "    assert 'pandas' not in sys.modules"
    )
    for asked in (("--grain", "month"), ("--by", "repo", "--grain", "hour")):
        words = ["-w", str(workspace), "query", "launches", *asked, *EVERYTHING]
        done = subprocess.run([sys.executable, "-c", program, *words], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "Warning" not in done.stderr


@pytest.mark.parametrize(
    ("words", "unneeded"),
    [
        (["collect", "binder"], {"pyarrow", "pyroaring", "ibis", "footfall.activity.sets"}),
        (
            ["query", "launches", *EVERYTHING],
            {"pyroaring", "statistics", "footfall.activity.sets", "footfall.retention.cohorts"},
        ),
    ],
)
def test_a_command_loads_only_what_it_needs(workspace: Path, words: list[str], unneeded: set[str]) -> None:
    """Collecting with nothing new reads no rows; a metric of a table needs no sets of actors."""
    program = (
        "import sys\n"
        "from footfall.cli import main\n"
        "try: main()\n"
        "finally: print('LOADED', *sorted(sys.modules), sep='\\n')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "-w", str(workspace), *words], capture_output=True, text=True, check=True
    )
    assert not unneeded & set(done.stdout.rpartition("LOADED")[2].split())


def test_what_the_command_line_spared_still_works(workspace: Path) -> None:
    program = f"""
import sys, footfall.cli.sparing, footfall
footfall.cli.sparing.spare_unused()
result = footfall.open({str(workspace)!r}).query("launches", grain="month")
assert result.rows.num_rows > 0
assert not {{"pandas", "ibis.backends.sql.compilers.snowflake"}} & sys.modules.keys()
assert len(result.to_pandas()) == result.rows.num_rows
import ibis
import ibis.backends.sql.compilers as dialects
assert dialects.pyspark.PySparkCompiler and "ibis.backends.sql.compilers.snowflake" not in sys.modules
from ibis.backends.sql.compilers import SnowflakeCompiler
assert "SELECT" in ibis.to_sql(ibis.table({{"one": "int64"}}, name="all"), dialect="mysql")
"""
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize("form", ["table", "csv"])
def test_a_full_disk_behind_the_output_is_one_sentence(workspace: Path, form: str) -> None:
    asked = " ".join(map(str, [*FOOTFALL, "-w", workspace, "query", "launches", *EVERYTHING, "-f", form]))
    for where, sentence in (
        (">/dev/full", "the output cannot be written: No space left on device."),
        (">&-", "there is no standard output"),
    ):
        done = subprocess.run(["bash", "-c", f"{asked} {where}"], capture_output=True, text=True, check=False)
        assert done.returncode == 1
        assert sentence in done.stderr
        assert done.stderr.count("\n") == 1


def test_a_daemon_without_standard_error_gets_its_answer(workspace: Path) -> None:
    asked = " ".join(map(str, [*FOOTFALL, "-w", workspace, "query", "launches", *EVERYTHING]))
    done = subprocess.run(["bash", "-c", f"{asked} 2>&-"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout[:7]) == (0, "period,")


def test_a_command_leaves_its_store_closed(workspace: Path) -> None:
    """It does not wait for Python to let go of everything: what it opened is closed before."""
    for words in (["mark", "active", "ada", "grace"], ["events"], ["forget", "ada"]):
        done = subprocess.run([*FOOTFALL, "-w", workspace, *words], capture_output=True, text=True, check=True)
        assert done.stdout
        assert not [path.name for path in workspace.iterdir() if path.name.endswith(("-wal", "-shm", "-journal"))]


def test_a_pipe_gets_the_reason_of_an_empty_answer_on_the_side(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "footfall.toml").write_text("[sources.git]\n")
    ran = run(capsys, "-w", tmp_path, "query", "commits")
    assert (ran.code, ran.out) == (0, "period,commits,coverage,state\n")
    assert ran.err == "footfall: Nothing was collected yet for commits; run `footfall collect`.\n"


@pytest.mark.parametrize("command", ["query launches", "chart launches -o x.png", "metrics launches"])
def test_without_a_source_every_question_says_what_to_do(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "footfall.toml").write_text("")
    ran = run(capsys, "-w", tmp_path, *command.split())
    assert ran.code == 1
    assert "no source is set up" in ran.err
