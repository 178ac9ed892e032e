from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from footfall.errors import FootfallError
from footfall.ledger import Status
from footfall.result import Result
from lakes import USERS, LakeOf, at, collected, days


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> LakeOf:
    launches = [
        {"hour": at("2021-02-01T05"), "provider": "GitHub", "repo": "a/b", "origin": "ovh", "launches": 1200},
        {"hour": at("2021-02-01T07"), "provider": 'Git, "plain"', "repo": "c/d", "origin": None, "launches": 3},
        {"hour": at("2021-02-03T07"), "provider": "GitHub", "repo": "a/b", "origin": "ovh", "launches": 5},
    ]
    samples = [{"sampled_at": at("2021-02-01T06"), "hub": hub, "users": n} for hub, n in (("a", 1.5), ("b", 2.0))]
    entries = collected(days("2021-02-01", "2021-02-01")) + collected(days("2021-02-01", "2021-02-01"), USERS)
    entries += collected(days("2021-02-03", "2021-02-03"), status=Status.PROVISIONAL, until=at("2021-02-03T12"))
    folder = tmp_path_factory.mktemp("lake")
    return LakeOf(folder, {"launches": launches, "users": samples}, entries)


def csv_of(result: Result) -> list[list[str]]:
    return list(csv.reader(io.StringIO(result.to_csv())))


def test_csv(lake: LakeOf) -> None:
    assert (
        lake.ask("launches").to_csv()
        == "period,launches,coverage,state\n2021-02-01,1203,1,complete\n2021-02-02,,0,lost\n2021-02-03,5,0.5,lost\n"
    )


def test_csv_of_dimensions_in_the_order_asked(lake: LakeOf) -> None:
    assert csv_of(lake.ask("launches", by=["provider", "origin"], until="2021-02-02")) == [
        ["period", "provider", "origin", "launches", "coverage", "state"],
        ["2021-02-01", 'Git, "plain"', "(none)", "3", "1", "complete"],
        ["2021-02-01", "GitHub", "ovh", "1200", "1", "complete"],
    ]


def test_csv_of_hours_and_numbers(lake: LakeOf) -> None:
    lines = csv_of(lake.ask("launches", grain="hour", since="2021-02-01T05:00Z", until="2021-02-01T07:00Z"))
    assert lines[1:] == [
        ["2021-02-01T05:00:00Z", "1200", "1", "complete"],
        ["2021-02-01T06:00:00Z", "0", "1", "complete"],
    ]
    assert csv_of(lake.ask("users"))[1] == ["2021-02-01", "3.5", "1", "complete"]
    assert csv_of(lake.ask("latest_launch", grain="total"))[1][1] == "2021-02-03T07:00:00Z"


def test_csv_of_a_comparison(lake: LakeOf) -> None:
    asked: dict[str, Any] = {"since": "2021-02-03", "until": "2021-02-04", "compare": "previous"}
    assert csv_of(lake.ask("launches", **asked)) == [
        ["period", "launches", "launches_previous", "change", "change_percent", "compared", "coverage", "state"],
        ["2021-02-03", "5", "", "", "", "", "0.5", "lost"],
    ]


def test_json(lake: LakeOf) -> None:
    result = lake.ask("launches", by="origin", last=3, until="2021-02-04", where="origin!=gke")
    told = json.loads(result.to_json())
    assert told["definition"]["description"] == "What launches counts."
    assert told["question"]["since"] == "2021-02-01T00:00:00Z"
    assert told["question"]["where"] == ["origin!=gke"]
    assert told["question"]["policies"] == {"hosts": "all"}
    assert told["version"] == result.version
    assert told["coverage"] == 0.5
    row = {"period": "2021-02-01", "origin": None, "launches": 3, "coverage": 1.0, "is_provisional": False}
    row |= {"state": "complete"}
    assert told["rows"][1] == row
    assert len(told["rows"]) == 6


def test_arrow_types(lake: LakeOf) -> None:
    schema = (
        lake.ask("launches", by=["origin", "token"], last=1, until="2021-02-02", compare="previous").to_arrow().schema
    )
    assert schema == pa.schema(
        [
            ("period", pa.timestamp("us", "UTC")),
            ("origin", pa.string()),
            ("token", pa.bool_()),
            ("launches", pa.int64()),
            ("launches_previous", pa.int64()),
            ("change", pa.int64()),
            ("change_percent", pa.float64()),
            ("compared", pa.string()),
            ("coverage", pa.float64()),
            ("is_provisional", pa.bool_()),
            ("state", pa.string()),
        ]
    )
    assert lake.ask("launches", rolling=2).rows.schema.field("launches").type == pa.float64()
    assert lake.ask("latest_launch").rows.schema.field("latest_launch").type == pa.timestamp("us", "UTC")


def test_data_frames(lake: LakeOf) -> None:
    result = lake.ask("launches", by="origin")
    assert result.to_pandas()["launches"].sum() == 1208
    assert result.to_polars()["launches"].sum() == 1208
    assert str(result.to_pandas()["period"].dt.tz) == "UTC"


def test_parquet_carries_its_definition(lake: LakeOf, tmp_path: Path) -> None:
    result = lake.ask("launches", by="origin")
    result.to_parquet(tmp_path / "answer.parquet")
    read = pq.read_table(tmp_path / "answer.parquet")
    assert read.equals(result.rows)
    told = json.loads(read.schema.metadata[b"footfall"])
    assert (told["definition"]["name"], told["version"]) == ("launches", result.version)
    with pytest.raises(FootfallError, match="cannot be written"):
        result.to_parquet(tmp_path / "no" / "folder.parquet")


def test_notebooks_show_a_safe_table(lake: LakeOf) -> None:
    shown = lake.ask("launches", by="provider")._repr_html_()
    assert "Git, &quot;plain&quot;" in shown
    assert ">1,200</td>" in shown
    assert lake.ask("launches", grain="hour")._repr_html_().count("<tr>") == 21


def test_the_former_name_of_the_version_warns(lake: LakeOf) -> None:
    result = lake.ask("launches")
    with pytest.warns(DeprecationWarning, match=r"Result\.version"):
        assert result.lake_version == result.version
