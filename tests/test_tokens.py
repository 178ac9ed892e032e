"""Tokens that cannot be used: not set, or with characters that no header holds. One sentence each, and the others continue."""

from __future__ import annotations

from pathlib import Path

import pytest

from histories import History
from lengths import IS_LONG
from workspaces import Ran, run

pytestmark = pytest.mark.slow

DEAD = "http://127.0.0.1:9"
SOURCES = {
    "github": f'api = "{DEAD}"\nrepositories = ["a/b"]\ntoken = {{ env = "A_TOKEN" }}\n',
    "github of an owner": f'api = "{DEAD}"\nrepositories = ["a/b"]\ntokens = {{ a = {{ env = "A_TOKEN" }} }}\n',
    "jupyterhub": f'names = "plain"\nhubs = [{{ name = "main", address = "{DEAD}", token = {{ env = "A_TOKEN" }} }}]\n',
    "prometheus": f'address = "{DEAD}"\npreset = ["hub_users"]\ntoken = {{ env = "A_TOKEN" }}\n',
    "prometheus through Grafana": f'grafana = "{DEAD}"\npreset = ["hub_users"]\ntoken = {{ env = "A_TOKEN" }}\n',
    "prometheus with a header": f'address = "{DEAD}"\npreset = ["hub_users"]\nheaders = {{ X-Key = {{ env = "A_TOKEN" }} }}\n',
    "pypi": f'packages = ["icepyx"]\nprovider = "clickhouse"\naddress = "{DEAD}"\npassword = {{ env = "A_TOKEN" }}\n',
    "pypi of BigQuery": f'packages = ["icepyx"]\nprovider = "bigquery"\naddress = "{DEAD}"\nbilling_project = "p"\n'
    'since = 2026-11-01\npassword = { env = "A_TOKEN" }\n',
    "warehouse": 'connection = "clickhouse+http://me@127.0.0.1:9/default"\npassword = { env = "A_TOKEN" }\n'
    'tables = [{ name = "t", query = "t.sql", time = "day", first_day = 2026-11-20, measures = ["n"] }]\n',
}
UNSENDABLE = {
    "umlaut": "ghp_ö-abcdefgh",
    "bullet": "ghp_•••••••••",
    "line end": "ghp_abcdefgh\nijkl",
    "escape": "ghp_\x1b[2Jabcd",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.sql").write_text("SELECT day, n FROM t WHERE day >= :since AND day < :until")
    history = History.new(tmp_path / "project")
    history.commit("2026-11-01T12:00+00:00")
    history.write()
    return tmp_path


def set_up(folder: Path, kind: str) -> None:
    name = kind.split()[0]
    text = f'[sources.{name}]\n{SOURCES[kind]}[sources.git]\nrepositories = ["project"]\n'
    (folder / "footfall.toml").write_text(text, encoding="utf-8")


def check_said(done: Ran, *words: str) -> None:
    said = done.out + done.err
    assert "Traceback" not in said
    assert "UnicodeEncodeError" not in said
    for word in words:
        assert word in " ".join(said.split()), said
    assert not any(token in said for token in UNSENDABLE.values())


PAIRS = [
    pytest.param(kind, token, id=f"{name}-{kind}")
    for n, kind in enumerate(SOURCES)
    for m, (name, token) in enumerate(UNSENDABLE.items())
    if IS_LONG or n == 0 or n % len(UNSENDABLE) == m
]
"""Each token in one source, and each source with one token; all with all takes long."""


@pytest.mark.parametrize(("kind", "token"), PAIRS)
def test_a_token_that_no_header_holds_is_one_sentence(
    folder: Path, kind: str, token: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("A_TOKEN", token)
    monkeypatch.setenv("COLUMNS", "200")
    set_up(folder, kind)
    collected = run(capsys, "collect")
    check_said(collected, "cannot be sent; copy it again")
    assert collected.code == 1
    check_said(run(capsys, "doctor"), "cannot be sent; copy it again")
    assert "1" in run(capsys, "query", "commits", "--since", "2026-11", "--format", "csv").out


@pytest.mark.parametrize("kind", SOURCES)
def test_a_variable_that_is_not_set_stops_only_its_source(
    folder: Path, kind: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("A_TOKEN", raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    set_up(folder, kind)
    collected = run(capsys, "collect")
    assert collected.code == 1
    check_said(collected, "the environment variable A_TOKEN is not set")
    check_said(run(capsys, "doctor"), "the environment variable A_TOKEN is not set")
    asked = run(
        capsys, "query", "commits", "--since", "2026-11", "--until", "2026-12", "--grain", "month", "--format", "csv"
    )
    assert (asked.code, asked.out.splitlines()[1].split(",")[1]) == (0, "1")


def test_doctor_names_every_variable_that_is_not_set(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also those of alerts and of keys for hashing, which no request needs."""
    monkeypatch.setenv("COLUMNS", "200")
    (folder / "footfall.toml").write_text(
        '[sources.git]\nrepositories = ["project"]\nhash_key = { env = "A_KEY" }\n'
        '[[alerts]]\nname = "still"\nwhen = "standstill"\nwebhook = { env = "A_HOOK" }\n'
        'email = { to = ["a@example.org"], from = "f@example.org", server = { env = "A_SERVER" } }\n'
    )
    done = run(capsys, "doctor")
    assert done.code == 1
    check_said(done, *(f"the environment variable {name} is not set" for name in ("A_KEY", "A_HOOK", "A_SERVER")))
    assert done.out.count("A_KEY is not set") == 1
