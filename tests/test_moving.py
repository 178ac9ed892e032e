"""A workspace that is exported and imported elsewhere holds the same rows, and a second import changes nothing."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest

import footfall
from footfall.lake.files import read_as
from footfall.ledger import LEDGER
from footfall.moving.rows import hash_of
from workspaces import SETTINGS, run, write_workspace

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with launches, commits and marks."""
    folder = write_workspace(tmp_path_factory.mktemp("here"))
    with footfall.open(folder) as ff:
        ff.collect()
        ff.mark("signed_up", [1, 2, "ada", "=cmd()"], at="2026-03-01")
        ff.mark("signed_up", [2], at="2026-03-02T10:00Z", hourly=True)
        ff.mark("signed_up", [2, "ada"], at="2026-03-01")
        ff.mark("premium", ["ada"], unique=True)
    return folder


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "footfall.toml").write_text(SETTINGS, encoding="utf-8")
    return folder


def hashes(folder: Path) -> dict[str, tuple[int, str]]:
    """Of each table and the ledger of a workspace: how many rows there are, and their hash."""
    with footfall.open(folder) as ff:
        snapshot = ff.snapshot()
        pinned = {**snapshot.tables, **({"ledger": snapshot.ledger} if snapshot.ledger else {})}
        found = {**ff.tables, "ledger": LEDGER}
        return {
            name: hash_of(
                ff.lake.cursor(), read_as(table, pinned[name].files), [(c.name, c.type) for c in table.columns]
            )
            for name, table in found.items()
            if name in pinned
        }


def sets(folder: Path) -> dict[str, object]:
    """Every set of the activity, with the names of its actors."""
    with footfall.open(folder) as ff:
        store = ff.activity.store
        found: dict[str, object] = {}
        for event in ("signed_up", "premium"):
            for slot in store.slots(event):
                ids = list(store.union(event, slot, slot + 1))
                names = store.names_of([id for id in ids if id >= 1 << 32])
                who = sorted(map(str, [*(id for id in ids if id < 1 << 32), *names]))
                found[f"{event} {slot}"] = (who, store.occurrences(event, slot, slot + 1))
        return found


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_what_is_imported_elsewhere_has_the_same_rows(
    collected: Path, elsewhere: Path, tmp_path: Path, form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    done = run(capsys, "-w", collected, "export", out, "--format", form)
    assert done.code == 0, done.err
    done = run(capsys, "-w", elsewhere, "import", "export", out)
    assert done.code == 0, done.err
    assert hashes(elsewhere) == hashes(collected)
    assert sets(elsewhere) == sets(collected)
    before = hashes(elsewhere)
    assert run(capsys, "-w", elsewhere, "import", "export", out).out.startswith("Nothing new")
    assert hashes(elsewhere) == before
    assert sets(elsewhere) == sets(collected)


def test_numbers_and_their_coverage_are_the_same_elsewhere(
    collected: Path, elsewhere: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(capsys, "-w", collected, "export", tmp_path / "out")
    run(capsys, "-w", elsewhere, "import", "export", tmp_path / "out")
    for metric in ("launches", "commits", "signed_up"):
        asked = ("query", metric, "--grain", "month", "--since", "2025-12", "--until", "2026-04", "--format", "csv")
        assert run(capsys, "-w", elsewhere, *asked).out == run(capsys, "-w", collected, *asked).out


def test_collecting_goes_on_elsewhere_with_nothing_to_fetch(
    collected: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    moved = tmp_path / "moved"
    shutil.copytree(collected, moved, ignore=shutil.ignore_patterns("lake", "activity.db*", ".footfall"))
    run(capsys, "-w", collected, "export", tmp_path / "out")
    run(capsys, "-w", moved, "import", "export", tmp_path / "out")
    before = hashes(moved)["launches"]
    with footfall.open(moved) as ff:
        (binder,) = ff.collect("binder").sources
    assert binder.error == ""
    assert hashes(moved)["launches"] == before


def test_what_the_workspace_knows_better_stays(
    collected: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, later = tmp_path / "out", tmp_path / "later"
    run(capsys, "-w", collected, "export", out)
    shutil.copytree(collected, later)
    day = later / "sample-archive" / "events-2026-02-10.jsonl"
    lines = day.read_text(encoding="utf-8").splitlines(keepends=True)
    day.write_text("".join(lines[:10]), encoding="utf-8")
    index = later / "sample-archive" / "index.jsonl"
    entries = [json.loads(line) for line in index.read_text(encoding="utf-8").splitlines()]
    for entry in entries:
        if entry["name"] == day.name:
            entry["count"] = 10
    index.write_text("".join(f"{json.dumps(entry)}\n" for entry in entries), encoding="utf-8")
    with footfall.open(later) as ff:
        ff.collect("binder")
    restated = hashes(later)
    assert restated["launches"] != hashes(collected)["launches"]
    done = run(capsys, "-w", later, "import", "export", out)
    assert done.code == 0, done.err
    assert hashes(later)["launches"] == restated["launches"]


def test_a_file_that_was_changed_imports_nothing(
    collected: Path, elsewhere: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    run(capsys, "-w", collected, "export", out, "--format", "csv")
    file = out / "commits.csv"
    file.write_text(file.read_text(encoding="utf-8").replace("false", "true", 1), encoding="utf-8")
    done = run(capsys, "-w", elsewhere, "import", "export", out)
    assert (done.code, "commits.csv" in done.err, "Nothing was imported" in done.err) == (1, True, True)
    assert hashes(elsewhere) == {}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("export", "."), "is not empty"),
        (("export", "new", "--format", "xlsx"), "unknown format 'xlsx'"),
        (("export", "new", "--spreadsheet"), "--format csv"),
        (("import", "export", "nowhere"), "cannot be read"),
    ],
)
def test_what_cannot_be_is_one_sentence(
    collected: Path,
    words: tuple[str, ...],
    said: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(collected)
    done = run(capsys, *words)
    assert (done.code, done.err.count("\n")) == (1, 1)
    assert said in done.err


def test_csv_for_spreadsheets_changes_texts_and_no_number_and_is_not_imported(
    collected: Path, elsewhere: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert run(capsys, "-w", collected, "export", out, "--format", "csv", "--spreadsheet").code == 0
    with (out / "activity.marks.csv").open(newline="", encoding="utf-8") as file:
        names = {row["name"] for row in csv.DictReader(file)}
    assert "'=cmd()" in names
    assert "=cmd()" not in names
    assert "for spreadsheets" in run(capsys, "-w", elsewhere, "import", "export", out).err
