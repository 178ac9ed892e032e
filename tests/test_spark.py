"""Spark Connect servers: what they read of the lake, and what is said when they cannot."""

from __future__ import annotations

import re
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import footfall
from conftest import client_needed, end, free_port, start_sail, start_spark, wait_for
from footfall import concealing
from footfall.engine import Engine, connect
from footfall.errors import LakeError, SettingsError
from footfall.lake import Lake, Pinned, Restated
from footfall.periods import Window
from footfall.upkeep.examining import table_read
from lakes import LAUNCHES, NOW, LakeOf, arrow, at, days
from s3 import BUCKET, KEY, SECRET, Proxy
from spark_servers import spark_lacks
from workspaces import write_workspace

ROWS = [{"hour": at("2021-01-03T23"), "launches": 7}, {"hour": at("2021-02-03T23"), "launches": 8}]


def pinned_in(folder: Path) -> Pinned:
    """A table with 15 launches in two files."""
    return LakeOf(folder, {"launches": ROWS}).lake.snapshot([LAUNCHES]).tables["launches"]


def sum_of(engine: Engine, pinned: Pinned) -> object:
    counted = engine.mount(pinned, LAUNCHES).aggregate(n=lambda rows: rows.launches.sum())
    return engine.run(counted).to_pylist()[0]["n"]


@pytest.fixture
def spark_engine(server: str) -> Iterator[Engine]:
    engine = connect(server)
    yield engine
    engine.close()


def test_a_lake_may_be_in_any_folder(spark_engine: Engine, tmp_path: Path) -> None:
    """Servers take paths for patterns or addresses, each with characters that it treats in a special way."""
    for name in (
        "plain",
        "with space",
        "ölçü",
        "br[a]ck",
        "br{a,b}",
        "st*r",
        "q?x",
        "co:lon",
        "ha#sh",
        "pl+us",
        "com,ma",
    ):
        assert sum_of(spark_engine, pinned_in(tmp_path / name)) == 15, name


def test_the_pinned_version_is_read_while_the_lake_changes(spark_engine: Engine, tmp_path: Path) -> None:
    old = pinned_in(tmp_path)
    new = LakeOf(tmp_path, {"launches": [{"hour": at("2021-01-04T01"), "launches": 100}]}).lake
    versions = (old, new.snapshot([LAUNCHES]).tables["launches"], old)
    assert [sum_of(spark_engine, pinned) for pinned in versions] == [15, 115, 15]


@pytest.mark.parametrize("has_delta", [True, False], ids=["delta", "files"])
def test_columns_that_older_files_lack_are_null(spark_engine: Engine, tmp_path: Path, has_delta: bool) -> None:
    """Also those that the table has since the newest commit only, or not yet."""
    spark_engine._has_delta = has_delta  # type: ignore[attr-defined]
    older = replace(LAUNCHES, columns=tuple(c for c in LAUNCHES.columns if c.name != "token"), rollups=())
    lake = Lake.open(str(tmp_path), now=lambda: NOW)

    def tokens() -> list[tuple[int, bool | None]]:
        rows = spark_engine.mount(lake.snapshot([LAUNCHES]).tables["launches"], LAUNCHES)
        return sorted((row["launches"], row["token"]) for row in spark_engine.run(rows).to_pylist())

    early, late = days("2021-01-03", "2021-01-04")
    lake.commit(older, arrow(older, [ROWS[0]]), replaces=[Restated(Window.of_day(early))])
    assert tokens() == [(7, None)]
    new = {"hour": at("2021-01-04T10"), "launches": 9, "token": True}
    lake.commit(LAUNCHES, arrow(LAUNCHES, [new]), replaces=[Restated(Window.of_day(late))])
    assert tokens() == [(7, None), (9, True)]


def test_a_lake_may_have_another_address_for_the_server(server: str, tmp_path: Path) -> None:
    """Such as the same share, mounted elsewhere."""
    here, there = tmp_path / "here", tmp_path / "there"
    pinned = pinned_in(here)
    shutil.move(here, there)
    with pytest.raises(LakeError, match=r"the server itself reads the lake.* set `lake` under \[engine\]"):
        _asked(server, pinned)
    assert _asked(server, pinned, lake=str(here), lake_there=str(there)) == 15
    assert _asked(server, pinned, lake=f"{here}/", lake_there=f"{there}/") == 15
    beside = pinned_in(tmp_path / "here2")
    assert _asked(server, beside, lake=str(here), lake_there=str(there)) == 15, "of another lake"


def _asked(server: str, pinned: Pinned, *, lake: str = "", lake_there: str = "") -> object:
    engine = connect(server, lake=lake, lake_there=lake_there)
    try:
        return sum_of(engine, pinned)
    finally:
        engine.close()


def test_a_missing_file_is_an_error_and_not_a_smaller_number(
    spark_engine: Engine, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    pinned = pinned_in(tmp_path)
    counted = spark_engine.mount(pinned, LAUNCHES).aggregate(n=lambda rows: rows.launches.sum())
    Path(pinned.files[0]).unlink()
    with pytest.raises(LakeError, match="engine sc://"):
        spark_engine.run(counted)
    with pytest.raises(LakeError, match="engine sc://"):
        sum_of(spark_engine, replace(pinned, address=f"{pinned.address}/"))
    assert capfd.readouterr().err == "", "the client's own log of the server's stack"


def test_a_session_that_the_server_ended_is_opened_again(spark_engine: Engine, tmp_path: Path) -> None:
    """Servers end sessions that were idle for an hour."""
    first, second = pinned_in(tmp_path / "first"), pinned_in(tmp_path / "second")
    assert (sum_of(spark_engine, first), sum_of(spark_engine, second)) == (15, 15)
    for file in second.files:
        Path(file).unlink()
    spark_engine._session.client.release_session()  # type: ignore[attr-defined]
    assert sum_of(spark_engine, first) == 15
    spark_engine._session.client.release_session()  # type: ignore[attr-defined]
    assert sum_of(spark_engine, pinned_in(tmp_path / "third")) == 15


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sail", pytest.param("spark", marks=pytest.mark.spark)])
def test_a_server_may_be_started_again(kind: str, sail: str, tmp_path: Path) -> None:
    """Between two questions of a process that goes on."""
    port = free_port()

    def started() -> subprocess.Popen[bytes]:
        server = start_sail(port) if kind == "sail" else start_spark(port, tmp_path)
        wait_for(port, server)
        return server

    pinned = pinned_in(tmp_path / "lake")
    server = started()
    try:
        engine = connect(f"sc://127.0.0.1:{port}")
        assert sum_of(engine, pinned) == 15
        end(server)
        server = started()
        assert sum_of(engine, pinned) == 15
        engine.close()
    finally:
        end(server)


def test_doctor_reads_a_table_on_the_server(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a server without access to the lake, or with another lake at its address, is found before a question."""
    folder = write_workspace(tmp_path / "here")
    with footfall.open(folder) as ff:
        ff.collect()
    monkeypatch.setenv("FOOTFALL_ENGINE", server)

    def found(lake: str = "") -> tuple[str, str]:
        monkeypatch.setenv("FOOTFALL_ENGINE__LAKE", lake)
        with footfall.open(folder) as ff:
            checks = {each.check.name: each.check for each in ff.examine() if each.about == "engine"}
        assert checks["start"].state == "ok"
        return checks["read"].state, checks["read"].detail

    assert found() == ("ok", "4 rows of commits")
    state, said = found(str(tmp_path / "nowhere"))
    assert state == "failed"
    assert re.search(rf"cannot read the files of commits in {tmp_path}/nowhere/commits.*the server itself reads", said)
    monkeypatch.setenv("FOOTFALL_LAKE", str(tmp_path / "empty"))
    assert found() == ("ok", "the lake has no rows yet")


def test_doctor_finds_that_the_server_reads_another_lake(sail: str, tmp_path: Path) -> None:
    """Delta reads what is there at the pinned version, whose files may be others than ours."""
    here, there = LakeOf(tmp_path / "here", {"launches": ROWS}), LakeOf(tmp_path / "there", {"launches": ROWS[:1]})
    engine = connect(sail, lake=str(here.folder), lake_there=str(there.folder))
    try:
        with pytest.raises(LakeError, match="the server finds 1 row of launches, and the lake has 2: it reads another"):
            table_read(engine, here.lake, [LAUNCHES])
    finally:
        engine.close()


def test_a_server_reads_a_lake_in_a_bucket(bucket: Proxy, tmp_path: Path) -> None:
    """With its own credentials; the data does not pass through this process."""
    client_needed()
    address = f"s3://{BUCKET}/{uuid.uuid4().hex}"
    lake = Lake.open(address, now=lambda: NOW, options=bucket.options, copies=tmp_path / "copies")
    for row, day in zip(ROWS, days("2021-01-03", "2021-02-03")[::31], strict=True):
        lake.commit(LAUNCHES, arrow(LAUNCHES, [row]), replaces=[Restated(Window.of_day(day))])
    shutil.rmtree(tmp_path / "copies")
    lake = Lake.open(address, now=lambda: NOW, options=bucket.options, copies=tmp_path / "copies")
    pinned = lake.snapshot([LAUNCHES]).tables["launches"]
    port = free_port()
    variables = {
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT": bucket.endpoint,
        "AWS_ALLOW_HTTP": "true",
        "AWS_VIRTUAL_HOSTED_STYLE_REQUEST": "false",
    }
    server = start_sail(port, **variables)
    try:
        wait_for(port, server)
        assert _asked(f"sc://127.0.0.1:{port}", pinned) == 15
        engine = connect(f"sc://127.0.0.1:{port}")
        engine._has_delta = False  # type: ignore[attr-defined]
        assert sum_of(engine, pinned) == 15, "as a list of files"
        engine.close()
        with pytest.raises(LakeError, match=rf"cannot read the files of launches in {address}-/launches"):
            _asked(f"sc://127.0.0.1:{port}", pinned, lake=address, lake_there=f"{address}-")
    finally:
        end(server)
    assert not list((tmp_path / "copies").rglob("*=*/*.parquet")), "no data was copied to this machine"


def test_a_token_in_the_address_is_in_no_message() -> None:
    with pytest.raises(Exception, match="cannot be reached") as caught:
        connect("sc://127.0.0.1:1/;use_ssl=true;token=dapi%2Dhush-hush;x-databricks-cluster-id=0123-456")
    assert "hush" not in str(caught.value)
    assert concealing.concealed("Bearer dapi-hush-hush") == "Bearer …"
    with pytest.raises(SettingsError, match="is not known") as caught:
        connect("sparc://127.0.0.1/;token=dapi-hush-hush")
    assert "hush" not in str(caught.value)


@pytest.mark.spark
def test_the_server_of_make_test_spark_is_installed() -> None:
    assert spark_lacks() == ""
