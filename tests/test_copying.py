"""Copying a lake between folders and buckets: the same answers, nothing half, and few requests in a bucket."""

from __future__ import annotations

import uuid
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from footfall.cli import app
from footfall.errors import DamagedLakeError, LakeError, LakeStorageError
from footfall.lake import Lake
from footfall.lake.copying import BEGUN, copy_lake
from footfall.lake.examining import examine_lake
from footfall.lake.lake import MARKER
from footfall.lake.storage.remote import Remote
from lakes import LAUNCHES, LakeOf, at, collected
from s3 import BUCKET, Fault, Proxy

pytestmark = pytest.mark.slow

DAYS = [date(2020, month, 5) for month in range(1, 13)]


def built(folder: Path) -> LakeOf:
    rows = [{"hour": at(str(day)), "repo": "a/b", "launches": day.month} for day in DAYS]
    return LakeOf(folder, {"launches": rows}, collected(DAYS))


def answers(lake: Lake) -> list[tuple[object, ...]]:
    pinned = lake.snapshot([LAUNCHES]).tables["launches"]
    from footfall.lake.files import read_as

    return (
        lake.cursor().sql(f"SELECT hour, repo, launches FROM {read_as(LAUNCHES, pinned.current)} ORDER BY 1").fetchall()
    )


def address() -> str:
    return f"s3://{BUCKET}/{uuid.uuid4().hex}"


def test_a_lake_goes_to_a_bucket_and_back(bucket: Proxy, tmp_path: Path) -> None:
    lake, there = built(tmp_path / "lake").lake, address()
    done = copy_lake(str(tmp_path / "lake"), there, options=bucket.options)
    assert (done.kept, done.files > 12) == (0, True)
    assert copy_lake(there, str(tmp_path / "back"), options=bucket.options).files == done.files
    for copied in (Lake.open(there, options=bucket.options), Lake.open(str(tmp_path / "back"))):
        assert answers(copied) == answers(lake)
        assert all(found.is_intact for found in examine_lake(copied, [LAUNCHES]))
        assert [entry.window for entry in copied.known()] == [entry.window for entry in lake.known()]


def test_an_interrupted_copy_is_no_lake_and_continues(bucket: Proxy, tmp_path: Path) -> None:
    lake, there = built(tmp_path / "lake").lake, address()
    bucket.faults = [Fault(0, "PUT", r"2020-09.*\.parquet$", status=403, code="AccessDenied")]
    bucket.faults[0].times = 99
    with pytest.raises(LakeStorageError, match="refuses the credentials"):
        copy_lake(str(tmp_path / "lake"), there, options=bucket.options)
    with pytest.raises(LakeError, match="holds files and is not a Footfall lake"):
        Lake.open(there, options=bucket.options)
    built(tmp_path / "other")
    with pytest.raises(LakeError, match="unfinished copy of another lake"):
        copy_lake(str(tmp_path / "other"), there, options=bucket.options)
    bucket.faults = []
    assert copy_lake(str(tmp_path / "lake"), there, options=bucket.options).kept > 0
    assert answers(Lake.open(there, options=bucket.options)) == answers(lake)
    assert Remote(there, bucket.options).read(BEGUN) is None


def test_what_cannot_be_copied_is_refused(tmp_path: Path) -> None:
    lake = built(tmp_path / "lake").lake
    with pytest.raises(LakeError, match="there is no lake at"):
        copy_lake(str(tmp_path / "nothing"), str(tmp_path / "to"))
    built(tmp_path / "full")
    with pytest.raises(LakeError, match="is not empty; name an empty or a new place"):
        copy_lake(str(tmp_path / "lake"), str(tmp_path / "full"))
    with pytest.raises(LakeError, match="cannot be copied to itself"):
        copy_lake(str(tmp_path / "lake"), f"{tmp_path}/./lake")
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(LakeError, match="the same command continues"):
        copy_lake(str(tmp_path / "lake"), str(file))
    (damaged, *_) = sorted((lake.root / "launches").glob("month=*/*.parquet"))
    content = damaged.read_bytes()
    damaged.write_bytes(content[:-5] + b"x" + content[-4:])
    with pytest.raises(DamagedLakeError, match="its content has changed"):
        copy_lake(str(tmp_path / "lake"), str(tmp_path / "to"))
    damaged.unlink()
    with pytest.raises(DamagedLakeError, match="was gone before it was copied"):
        copy_lake(str(tmp_path / "lake"), str(tmp_path / "to"))
    assert not (tmp_path / "to" / MARKER).exists()
    damaged.write_bytes(content)
    assert copy_lake(str(tmp_path / "lake"), str(tmp_path / "to")).kept > 0


def test_the_command_says_what_it_did(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built(tmp_path / "lake")
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["copy", "lake", "moved"])
    assert done.exit_code == 0
    assert "of lake to moved" in done.output
    assert answers(Lake.open(str(tmp_path / "moved"))) == answers(Lake.open(str(tmp_path / "lake")))
