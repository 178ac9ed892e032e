"""Files of marks as other tools write them: other columns, other delimiters, ids as floats, damage."""

from __future__ import annotations

import bz2
import gzip
import io
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import footfall
from footfall.errors import MarkError
from lengths import IS_LONG
from workspaces import run

pytestmark = pytest.mark.slow

MARK = ("mark", "a", "--file", "x.csv", "--actor", "who")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "footfall.toml").write_text("")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def marked(folder: Path) -> list[int | str]:
    return list(footfall.open(folder).event("a").ever())


# Columns


def test_columns_that_nobody_asked_for_are_not_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("footfall.activity.portions.PORTION_BYTES", 4096)
    rows = [f"{n},{n}" for n in range(2000)] + ["7,many", "8,\xff"]
    (folder / "x.csv").write_text("who,amount\n" + "\n".join(rows) + "\n", encoding="latin-1")
    assert footfall.open(folder).mark_file("a", "x.csv", actor="who").marked == 2002


def test_a_column_that_is_there_twice_is_refused_where_it_is_wanted(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "x.csv").write_text("who,who,b,b\n1,2,3,4\n")
    assert "x.csv has 2 columns 'who', which is ambiguous" in run(capsys, *MARK).err
    (folder / "x.csv").write_text("who,b,b\n1,3,4\n")
    assert run(capsys, *MARK).code == 0
    pq.write_table(pa.table([[1], [2]], names=["who", "who"]), folder / "x.parquet")
    ran = run(capsys, "mark", "a", "--file", "x.parquet", "--actor", "who")
    assert "x.parquet has 2 columns 'who'" in ran.err


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_a_semicolon_or_a_tab_is_known_by_the_header(
    folder: Path, capsys: pytest.CaptureFixture[str], delimiter: str
) -> None:
    (folder / "x.csv").write_text("who,when,amount\n17,2026-01-05,1\n".replace(",", delimiter))
    assert run(capsys, *MARK, "--at", "when").code == 0
    assert marked(folder) == [17]


def test_a_byte_order_mark_is_no_part_of_a_name(folder: Path) -> None:
    (folder / "x.csv").write_bytes(b"\xef\xbb\xbfwho,b\r\n17,1\r\n")
    footfall.open(folder).mark_file("a", "x.csv", actor="who")
    assert marked(folder) == [17]


# Ids


def test_whole_numbers_that_were_written_as_floats_are_whole_numbers(folder: Path) -> None:
    frame = pd.DataFrame({"who": [17850.0, math.nan, 13047.0]})
    frame.to_csv(folder / "x.csv")
    frame.to_parquet(folder / "x.parquet")
    ff = footfall.open(folder)
    for file in ("x.csv", "x.parquet"):
        with pytest.raises(MarkError, match="row 2 has nothing in column 'who'"):
            ff.mark_file("a", file, actor="who")
        found = ff.mark_file("a", file, actor="who", skip_missing=True)
        assert (found.marked, found.skipped) == (2, 1)
        assert marked(folder) == [13047, 17850]


def test_a_csv_column_can_say_nothing_in_many_words(folder: Path) -> None:
    (folder / "x.csv").write_text('who,b\nNA,1\nNaN,1\nnull,1\nNone,1\n,1\n" ",1\n"NA",1\n007,1\n7,1\nada.0,1\n')
    found = footfall.open(folder).mark_file("a", "x.csv", actor="who", skip_missing=True)
    assert found.skipped == 6
    assert marked(folder) == [7, "007", "NA", "ada.0"]


def test_floats_of_an_array_are_the_whole_numbers_that_they_are(folder: Path) -> None:
    ff = footfall.open(folder)
    for held in (np.array([17.0]), pa.array([18.0]), pd.Series([19.0]), np.array([20.0], dtype=np.float32)):
        ff.mark("a", held)
    assert marked(folder) == [17, 18, 19, 20]
    ff.mark("a", "17.0")
    assert marked(folder)[-1] == "17.0"  # a text that a program gives stays one
    for held, said in (
        (np.array([1.0, 1.5]), r"1.5 \(a float\) is not an actor"),
        (np.array([-1.0]), "-1 is not an actor"),
        (np.array([1.0, math.nan]), "value 2 of the actors is missing"),
        (pa.array([math.nan]), "value 1 of the actors is missing"),
        (np.array([math.inf]), "inf"),
        (np.array([2.0**53]), "digits may be lost"),
        (17.0, "a float"),
    ):
        with pytest.raises(MarkError, match=said):
            ff.mark("a", held)


# Rows


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (b"who,b\n1,1\n2,1\n-5,1\n", "row 3, column 'who': -5 is not an actor"),
        (b"who,b\n1,1\n-5.0,1\n", "row 2, column 'who': -5.0 is not an actor"),
        (b"who,b\n1,1\nM\xfcller,1\n", "row 2, column 'who': b'M\\xfcller' is not UTF-8; save the file as UTF-8"),
        (b"who,b\n1,1\n2,1,1\n", "cannot be read as CSV with a header: row 2: expected 2 columns, got 3: 2,1,1;"),
        (b"who,b\n1,1\n2,1\n" + b"x" * 5000 + b",1\n", "row 3, column 'who'"),
        ("who,b\n1,1\n".encode("utf-16"), "x.csv is text in UTF-16; save it as UTF-8"),
        ("who,b\n1,1\n".encode("utf-16-le"), "CSV and Parquet are read"),
        (b"PK\x03\x04xlsx", "CSV and Parquet are read"),
    ],
)
def test_what_cannot_be_read_is_named(folder: Path, capsys: pytest.CaptureFixture[str], rows: bytes, said: str) -> None:
    (folder / "x.csv").write_bytes(rows)
    ran = run(capsys, *MARK)
    assert ran.code == 1
    assert said in ran.err
    assert ran.err.count("\n") == 1
    assert marked(folder) == []


def test_rows_that_are_left_out_are_numbered_too(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "x.csv").write_text("who,when\n,2026-01-05\n1,\n1,2026-02-05\n2,soon\n")
    assert "row 4, column 'when'" in run(capsys, *MARK, "--at", "when", "--skip-missing").err
    pq.write_table(pa.table({"who": [None, 1, 2, -3, 4]}), folder / "x.parquet")
    ran = run(capsys, "mark", "a", "--file", "x.parquet", "--actor", "who", "--skip-missing")
    assert "row 4, column 'who': -3 is not an actor" in ran.err


@pytest.mark.parametrize("at", ["2026", "2026-11", "2026-W48", "2026W48"])
def test_a_file_s_year_month_or_week_is_no_moment_of_a_mark(
    folder: Path, capsys: pytest.CaptureFixture[str], at: str
) -> None:
    (folder / "x.csv").write_text(f"who,when\n1,{at}\n")
    assert f"row 1, column 'when': {at} is a whole" in run(capsys, *MARK, "--at", "when").err
    assert f"has no column '{at}', and {at} is a whole" in run(capsys, *MARK, "--at", at).err
    assert marked(folder) == []


# Streams


def test_standard_input_is_read_as_csv(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"who,b\n17,1\n")))
    assert run(capsys, "mark", "a", "--file", "-", "--actor", "who").code == 0
    assert marked(folder) == [17]
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"b\n1\n")))
    assert "standard input has no column 'who'" in run(capsys, "mark", "a", "--file", "-", "--actor", "who").err


def test_bz2_and_zstd_are_read(folder: Path) -> None:
    (folder / "x.csv.bz2").write_bytes(bz2.compress(b"who,b\n17,1\n"))
    with pa.output_stream(folder / "x.csv.zst", compression="zstd") as out:
        out.write(b"who,b\n18,1\n")
    for name in ("x.csv.bz2", "x.csv.zst"):
        footfall.open(folder).mark_file("a", name, actor="who")
    assert marked(folder) == [17, 18]


_ROWS = b"who,b\n" + b"".join(b"%d,%d\n" % (n * 7919, n * n) for n in range(100_000))
_ZIPPED = gzip.compress(_ROWS)
_MARK_DAMAGED = """
import footfall
import footfall.activity.portions as portions
portions.PORTION_BYTES = 1 << 16
for file in ("cut.csv.gz", "changed.csv.gz", "none.csv.gz"):
    try:
        footfall.open().mark_file("a", file, actor="who")
    except footfall.FootfallError as error:
        print(error)
"""


def test_a_damaged_file_is_one_sentence_every_time(folder: Path) -> None:
    """A reader's thread that reads a Python object hangs or aborts the process at its end, now and then."""
    half = len(_ZIPPED) // 2
    (folder / "cut.csv.gz").write_bytes(_ZIPPED[:-1000])
    (folder / "changed.csv.gz").write_bytes(_ZIPPED[:half] + b"\xff" * 200 + _ZIPPED[half:])
    (folder / "none.csv.gz").write_bytes(b"who,b\n" * 20_000)
    for _ in range(20 if IS_LONG else 4):
        ran = subprocess.run([sys.executable, "-c", _MARK_DAMAGED], capture_output=True, text=True, timeout=60)
        said = ran.stdout.splitlines()
        assert (ran.returncode, ran.stderr, len(said)) == (0, "", 3)
        assert said[0] == "cut.csv.gz is damaged: Truncated compressed stream; nothing was marked."
        assert said[2].startswith("none.csv.gz is damaged: ")
    assert marked(folder) == []
