"""Communities: the list as it was read, with users that were counted, and none where none were."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

import footfall
from footfall.errors import QueryError, UnknownNameError
from footfall.workspace import Workspace
from hub_workspaces import NOW, PLACES, Place, open_hubs, write_hub_workspace
from workspaces import run

DAYS = 12
HOSTILE = ("<script>alert(1)</script>", "'; drop table x; --", "=cmd()", "‮evil", "a" * 300)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    strange = [Place(name, "east", f"hub-{n}", 3, name, name, 10.0, 20.0) for n, name in enumerate(HOSTILE)]
    return write_hub_workspace(tmp_path_factory.mktemp("hubs"), (*PLACES, *strange), DAYS)


@pytest.fixture
def ff(folder: Path) -> Iterator[Workspace]:
    with open_hubs(folder) as opened:
        yield opened


def test_users_are_the_mean_of_the_monthly_counts_of_the_days(ff: Workspace) -> None:
    answer = ff.communities(days=7)
    ages = [n / DAYS for n in range(DAYS - 7, DAYS)]
    for place in PLACES:
        counted = [math.floor(place.users * (0.9 + 0.1 * age)) for age in ages]
        assert answer.named(place.name).users == pytest.approx(sum(counted) / 7)
    assert answer.coverage == 1
    assert [each.name for each in answer.communities][:2] == ["Berkeley", "Toronto"]


def test_days_that_were_not_collected_are_missing_from_the_coverage(ff: Workspace) -> None:
    answer = ff.communities(days=2 * DAYS)
    assert answer.named("Berkeley").coverage == 0.5
    assert answer.lines(is_marked=True)[1][0][-2] == "50 %"


def test_the_list_is_kept_and_places_are_as_it_has_them(ff: Workspace) -> None:
    answer = ff.communities()
    for place in PLACES:
        each = answer.named(place.name)
        assert (each.latitude, each.longitude, each.location) == (place.latitude, place.longitude, place.location)
        assert each.is_placed is (place.latitude is not None)
    assert [each.name for each in answer.unplaced] == ["Nowhere"]
    assert answer.constellations[:2] == ("University of California", "Canada")


def test_before_the_first_list_the_first_one_stands_and_says_so(ff: Workspace) -> None:
    answer = ff.communities(until=NOW - timedelta(days=2), days=3)
    assert "first read on 2026-03-11, after the requested time" in " ".join(answer.notes)
    assert answer.named("Berkeley").users


def test_a_community_of_the_list_without_counts_is_not_zero(tmp_path: Path) -> None:
    folder = write_hub_workspace(tmp_path, PLACES[:3], 4)
    extra = "Ghost,,Somewhere,1,2,west/ghost\n"
    (folder / "communities.csv").write_text((folder / "communities.csv").read_text() + extra)
    with footfall.open(folder, now=lambda: NOW) as ff:
        before = ff.communities().version
    later = NOW + timedelta(days=1)
    from hub_workspaces import collect_hubs

    collect_hubs(folder, (*PLACES[:3], replace(PLACES[8], users=0, name="Ghost", hub="other")), 5, later)
    with footfall.open(folder, now=lambda: later) as ff:
        answer = ff.communities(days=2, until="2026-03-11")
        assert [each.name for each in answer.communities] == ["Berkeley", "Stanislaus", "San Francisco"]
        assert ff.communities().version != before


@pytest.mark.parametrize("name", HOSTILE)
def test_names_of_any_kind_are_asked_for_and_shown(name: str, ff: Workspace, tmp_path: Path) -> None:
    answer = ff.communities(name)
    assert [each.name for each in answer.communities] == [name]
    answer.save(tmp_path / "map.svg")
    assert "<script" not in (tmp_path / "map.svg").read_text()
    assert name in answer.to_csv() or '"' in answer.to_csv()


def test_what_cannot_be_asked_is_one_sentence(ff: Workspace, tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="unknown constellation 'Afrika'; did you mean 'Africa'"):
        ff.communities("Afrika")
    with pytest.raises(QueryError, match="days is 0"):
        ff.communities(days=0)
    with pytest.raises(UnknownNameError, match="unknown community"):
        ff.communities().named("nobody's")
    (tmp_path / "footfall.toml").write_text("")
    with footfall.open(tmp_path) as empty, pytest.raises(QueryError, match="no list of communities is set up"):
        empty.communities()


def test_a_list_that_was_never_read_says_what_to_do(tmp_path: Path) -> None:
    text = 'communities = "communities.csv"\npreset = ["hub_users"]\naddress = "https://p"\n'
    (tmp_path / "footfall.toml").write_text(f"[sources.prometheus]\n{text}")
    with footfall.open(tmp_path) as ff, pytest.raises(QueryError, match="run `footfall collect`"):
        ff.communities()


def test_the_command_writes_maps_and_tables(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    done = run(capsys, "communities", "--until", "2026-03-11", "--constellation", "California State")
    assert done.out.splitlines()[1].startswith("Stanislaus,California State")
    done = run(capsys, "communities", "--until", "2026-03-11", "--area", "usa", "-o", tmp_path / "usa.svg")
    assert (done.code, "Wrote" in done.err) == (0, True)
    assert "Honolulu" in (tmp_path / "usa.svg").read_text()
    assert "needs a picture" in run(capsys, "communities", "--area", "usa").err
    done = run(capsys, "communities", "--until", "2026-03-11", "--area", "mars", "-o", tmp_path / "x.svg")
    assert (done.code, "unknown area of a map 'mars'" in done.err) == (1, True)
