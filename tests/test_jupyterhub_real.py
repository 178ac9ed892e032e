"""The jupyterhub source against a real JupyterHub: users who sign in, servers that run, and questions about them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import footfall
from footfall.workspace import Workspace
from hubs_real import TOKEN, RealHub, jupyterhub

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def hub() -> Iterator[RealHub]:
    with jupyterhub() as one:
        for name in ("ada", "bob", "hubtraf-1"):
            one.sign_in(name)
        one.api("POST", "/users/eve")  # never signed in
        one.start_server("ada")
        yield one


def workspace(folder: Path, hub: RealHub, token: str = TOKEN) -> Workspace:
    folder.mkdir(exist_ok=True)
    (folder / "footfall.toml").write_text(
        f'[sources.jupyterhub]\nhash_key = "a key"\n'
        f'hubs = [{{ name = "main", address = "{hub.address}", token = "{token}" }}]\n'
    )
    return footfall.open(folder, now=lambda: datetime.now(UTC) + timedelta(seconds=1))


def test_what_a_hub_says_is_counted(hub: RealHub, tmp_path: Path) -> None:
    ff = workspace(tmp_path, hub)
    (source,) = ff.collect().sources
    assert (source.error, source.failed) == ("", 0), source.notes
    today: dict[str, Any] = {"grain": "day", "last": 1}

    def value(metric: str, **asked: Any) -> Any:
        return ff.query(metric, **{**today, **asked}).to_dicts()[0][metric]

    assert value("hub_unique_users") == 2  # ada and bob; the account of a service is left out
    assert value("hub_unique_users", policies={"services": "included"}) == 3
    assert value("hub_unique_users", policies={"activity": "started"}) == 1
    assert value("running_servers") == 1
    assert value("total_users") == 4
    assert value("hub_active") == 2
    assert value("hub_started") == 1
    assert ff.query("hub_unique_users", **today).coverage < 1  # the day is not over: a lower bound
    assert len(ff.event("hub_active").day()) == 2


def test_no_name_of_a_user_is_stored(hub: RealHub, tmp_path: Path) -> None:
    workspace(tmp_path, hub).collect()
    stored = b"".join(path.read_bytes() for path in (tmp_path / "lake").rglob("*") if path.is_file())
    for name in (b"hubtraf-1", b"bob", TOKEN.encode()):
        assert name not in stored


def test_a_start_between_two_polls_is_counted(hub: RealHub, tmp_path: Path) -> None:
    """An hour keeps its last answer, so the second poll is made an hour later by our clock."""
    ff = workspace(tmp_path, hub)
    ff.collect()
    hub.start_server("bob")
    later = footfall.open(tmp_path, now=lambda: datetime.now(UTC) + timedelta(hours=1))
    later.collect()
    assert sum(row["server_starts"] or 0 for row in later.query("server_starts", grain="hour", last=2)) == 1
    assert later.query("running_servers", grain="hour", last=1).to_dicts()[0]["running_servers"] == 2


def test_a_wrong_token_is_refused_with_the_scopes(hub: RealHub, tmp_path: Path) -> None:
    ff = workspace(tmp_path, hub, "wrong")
    (source,) = ff.collect().sources
    assert source.failed == 4
    assert any("give the token of the service" in note.reason for note in source.notes)
    assert all(row["hub_users"] is None for row in ff.query("hub_users", grain="day", last=1))
    assert ff.query("hub_users", grain="day", last=1).coverage == 0
