"""Downloads of pypistats.org and users of hubs that others kept, taken into the tables of their sources."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

import footfall
from footfall.moving.downloads import import_downloads
from pypistats_faked import FakePyPIStats, plain
from test_pypi import NOON, YESTERDAY, Place
from workspaces import Ran, run

SETTINGS = """
[sources.pypi]
packages = ["icepyx"]
[sources.jupyterhub]
hubs = [{ name = "c1", address = "http://127.0.0.1:9/" }]
"""
OVERALL = "category,date,downloads\nwith_mirrors,2026-06-01,12\nwithout_mirrors,2026-06-01,9\n"
USERS = "date,cluster,hub,timescale,users\n2026-06-01,c1,prod,daily,12\n2026-06-01,c1,prod,monthly,50\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "footfall.toml").write_text(SETTINGS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def taken(capsys: pytest.CaptureFixture[str], *words: str) -> Ran:
    done = run(capsys, "import", *words)
    assert (done.code, done.err) == (0, "")
    return done


def value(folder: Path, metric: str, *where: str) -> float | None:
    with footfall.open(folder) as ff:
        asked = ff.query(metric, since="2026-06-01", until="2026-06-02", grain="total", where=where)
        found: float | None = asked.rows.to_pylist()[0][metric]
    return found


def test_downloads_come_with_their_breakdowns(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "kept").mkdir()
    (folder / "kept" / "overall.csv").write_text(OVERALL, encoding="utf-8")
    systems = "category,date,downloads\nLinux,2026-06-01,5\nLinux,2026-06-01,7\nnull,2026-06-01,1\nnull,2026-06-02,1\n"
    (folder / "kept" / "systems.csv").write_text(systems, encoding="utf-8")
    body = {"data": [{"category": "3.10", "date": "2026-06-01", "downloads": 9}], "package": "Icepyx"}
    (folder / "kept" / "x.json").write_text(json.dumps({**body, "type": "python_minor_downloads"}), encoding="utf-8")
    done = taken(capsys, "pypistats", "kept")
    assert done.out == (
        "Imported 1 day of pypi_downloads, 1 day of pypi_pythons and 1 day of pypi_systems.\n"
        "1 day of breakdowns were left out: no file has their totals.\n"
    )
    assert (value(folder, "downloads"), value(folder, "installs")) == (12, 9)
    assert value(folder, "installs", "system=Linux") == 7
    assert value(folder, "installs", "system=(none)") == 2, "what the breakdown lacks has no system"
    assert value(folder, "installs", "python_minor=3.10") == 9
    assert taken(capsys, "pypistats", "kept").out.startswith("Nothing new")


def test_polls_and_imports_agree_and_what_was_collected_stays(tmp_path: Path) -> None:
    days = {YESTERDAY - timedelta(days=n): plain(10 + n) for n in range(4)}
    place = Place(tmp_path, FakePyPIStats({"icepyx": days}, NOON.date(), reach=4))
    text = "category,date,downloads\n"
    for day, found in {**days, YESTERDAY - timedelta(days=9): plain(77)}.items():
        text += f"with_mirrors,{day},{found.without_mirrors + found.mirrors}\nwithout_mirrors,{day},{found.without_mirrors}\n"
    file = tmp_path / "overall.csv"
    file.write_text(text, encoding="utf-8")
    assert import_downloads(file, "icepyx", place.lake(), "pypi", place.source().tables, NOON).days == {
        "pypi_downloads": 5,
        "pypi_pythons": 0,
        "pypi_systems": 0,
    }
    version = place.lake().snapshot(place.source().tables).tables["pypi_downloads"].version
    assert not place.collect(NOON).failed
    assert place.lake().snapshot(place.source().tables).tables["pypi_downloads"].version == version
    file.write_text(
        text.replace(f"without_mirrors,{YESTERDAY},10", f"without_mirrors,{YESTERDAY},11"), encoding="utf-8"
    )
    place.upstream.projects["icepyx"][YESTERDAY] = plain(12)
    assert not place.collect(NOON + timedelta(days=1)).failed
    assert not any(import_downloads(file, "icepyx", place.lake(), "pypi", place.source().tables, NOON).days.values())


def test_users_of_hubs_come_once_and_what_is_known_stays(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "users.csv").write_text(USERS, encoding="utf-8")
    assert taken(capsys, "hub-users", "users.csv").out == "Imported 2 counts of users.\n"
    (folder / "users.csv").write_text(USERS.replace(",12", ",99") + "2026-06-01,c1,other,daily,3\n", encoding="utf-8")
    assert taken(capsys, "hub-users", "users.csv").out == "Imported 1 count of users.\n"
    assert value(folder, "hub_users") == 15
    assert value(folder, "hub_users", "hub=prod") == 12
    assert taken(capsys, "hub-users", "users.csv").out.startswith("Nothing new")


@pytest.mark.parametrize(
    ("kind", "name", "text", "said"),
    [
        ("pypistats", "x.csv", "category,date,downloads\nwithout_mirrors,2026-06-01,9\n", "no downloads with_mirrors"),
        ("pypistats", "x.csv", "date,downloads\n2026-06-01,9\n", "line 1: there is no column category"),
        ("pypistats", "x.csv", OVERALL + "without_mirrors,2026-06-02,many\n", "line 4: downloads is 'many'"),
        ("pypistats", "x.csv", OVERALL + "without_mirrors,2036-06-02,1\n", "a day that is not over"),
        ("pypistats", "x.csv", OVERALL + "Linux,2026-06-02,1\n", "mixes totals with other categories"),
        ("pypistats", "x.csv", "category,date,downloads\n3,2026-06-01,9\n", "major versions"),
        ("pypistats", "x.csv", "category,date,downloads\nnull,2026-06-01,9\n", "only the category null"),
        ("pypistats", "x.json", '{"data": [], "type": "recent_downloads"}', "of the type 'recent_downloads'"),
        ("pypistats", "x.json", "[]", "not an answer of pypistats.org"),
        ("hub-users", "x.csv", USERS.replace("monthly", "yearly"), "line 3: timescale is 'yearly'"),
        ("hub-users", "x.csv", USERS + "2026-06-01,c1,prod,daily,13\n", "line 4: prod on 2026-06-01 is stated twice"),
        ("hub-users", "x.csv", USERS + "2026-06-01,c1,prod,daily,1.5\n", "line 4: users is '1.5'"),
        ("hub-users", "x.csv", USERS.splitlines()[0] + "\n", "no lines after its header"),
        ("hub-users", "x.csv", USERS + "2036-06-01,c1,prod,daily,1\n", "a day that is not over"),
    ],
)  # fmt: skip
def test_a_file_that_is_not_what_it_should_be_is_one_sentence(
    folder: Path, kind: str, name: str, text: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / name).write_text(text, encoding="utf-8")
    done = run(capsys, "import", kind, name, *(["--project", "icepyx"] if kind == "pypistats" else []))
    assert (done.code, done.err.count("\n")) == (1, 1)
    assert said in done.err
    assert not (folder / "lake").exists()


def test_a_project_that_is_not_said_is_one_sentence(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "x.csv").write_text(OVERALL, encoding="utf-8")
    assert "add --project NAME" in run(capsys, "import", "pypistats", "x.csv").err
    assert "not the name of a project" in run(capsys, "import", "pypistats", "x.csv", "--project", "a b").err
