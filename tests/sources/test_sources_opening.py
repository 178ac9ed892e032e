"""One kind of source that is set up several times, each under its own name."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

import footfall
from footfall.errors import FootfallError
from footfall.workspace import Workspace
from histories import History

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
TWO = """
[sources.ours]
kind = "git"
repositories = ["one"]
[sources.theirs]
kind = "git"
repositories = ["two"]
[notes]
theirs = "not our own work"
"""


def opened(folder: Path, settings: str) -> Workspace:
    (folder / "footfall.toml").write_text(settings)
    return footfall.open(folder, now=lambda: NOW)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, commits, hour in (("one", 2, 12), ("two", 3, 13)):
        history = History.new(tmp_path / name)
        for n in range(commits):
            history.commit(f"2026-01-0{n + 1}T{hour}:00+00:00", parents=[f":{n}"] if n else [])
        history.write()
    return tmp_path


def test_two_of_a_kind_share_table_and_metrics_and_keep_their_own_ledger(folder: Path) -> None:
    ff = opened(folder, TWO)
    assert [s.source for s in ff.collect("theirs").sources] == ["theirs"]
    assert {entry.source for entry in ff.lake.known()} == {"theirs"}
    assert [s.error for s in ff.collect().sources] == ["", ""]
    answer = ff.query("commits", grain="total", by=["repo"]).rows
    assert {row["repo"]: row["commits"] for row in answer.to_pylist()} == {"one": 2, "two": 3}
    assert {(s.source, s.scopes) for s in ff.status()} == {("ours", ("one",)), ("theirs", ("two",))}
    assert "not our own work" in ff.query("commits").notes
    table = ff.tables["commits"]
    cursors = [ff.lake.cursor_position(table, name) for name in ("ours/commits/one", "theirs/commits/two")]
    assert None not in cursors, "each has cursors of its own"


def test_two_of_a_kind_cannot_collect_the_same_scope(folder: Path) -> None:
    ff = opened(folder, TWO.replace('"two"', '"one"'))
    first, second = ff.collect().sources
    assert first.error == ""
    assert second.error == (
        "the source theirs would collect 'one' in commits, which the source ours collects already; leave it to one of them."
    )
    assert ff.query("commits", grain="total").rows["commits"].to_pylist() == [2]


def test_a_source_that_gets_another_name_takes_its_scopes_along(folder: Path) -> None:
    opened(folder, TWO).collect("ours")
    ff = opened(folder, TWO.replace("sources.ours", "sources.mine"))
    assert [s.error for s in ff.collect().sources] == ["", ""]
    assert ff.query("commits", grain="total").rows["commits"].to_pylist() == [5]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("[sources.ours]\n", "unknown source 'ours'"),
        ("[sources.ours]\n", 'a name of your own needs a kind, such as kind = "git"'),
        ('[sources.ours]\nkind = "gti"\n', "unknown kind of source 'gti'; did you mean 'git'?"),
        ("[sources.ours]\nkind = 7\n", "sources.ours: kind is 7; write the name of a source"),
        ('[sources."../x"]\nkind = "git"\n', "'../x' is not a name for a source"),
        ('[sources.ours]\nkind = "git"\nrepos = []\n', "sources.ours: unknown setting 'repos'"),
        (
            '[sources.a]\nkind = "binder"\narchive = "x"\n[sources.b]\nkind = "binder"\narchive = "y"\n',
            "[sources.a] and [sources.b] are both binder, which states each window of its table launches for everything",
        ),
    ],
)
def test_what_is_wrong_with_a_kind_is_one_sentence(tmp_path: Path, settings: str, said: str) -> None:
    with pytest.raises(FootfallError) as raised:
        _ = opened(tmp_path, settings).sources
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)
