"""Addresses of databases: what they say, what is hidden in messages, and what is refused."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from footfall.errors import SettingsError
from footfall.http import Client
from footfall.settings import Secret
from footfall.warehouses.opening import Access, open_warehouse


def access(address: str, folder: Path = Path("/nowhere"), password: str = "") -> Access:
    return Access(Secret(address), folder, Client, Secret(password) if password else None)


@pytest.mark.parametrize(
    ("address", "user", "password", "where"),
    [
        (
            "postgresql://ada:s3cret@db.example.org:5433/usage",
            "ada",
            "s3cret",
            "postgresql://db.example.org:5433/usage",
        ),
        ("postgresql://a%40b:p%2Fq%3F@db/usage?sslmode=require", "a@b", "p/q?", "postgresql://db/usage"),
        ("postgresql://db/usage", "", None, "postgresql://db/usage"),
        ("clickhouse+https://me@[::1]:8443/default", "me", None, "clickhouse+https://[::1]:8443/default"),
        ("sqlite:///usage.db", "", None, "sqlite:///usage.db"),
    ],
)
def test_the_parts_of_an_address(address: str, user: str, password: str | None, where: str) -> None:
    found = access(address)
    assert (found.user, found.where) == (user, where)
    assert (found.secret.reveal() if found.secret else None) == password


def test_a_password_of_the_settings_wins_over_that_of_the_address() -> None:
    found = access("postgresql://ada:old-one@db/usage", password="new-one").secret
    assert found is not None
    assert found.reveal() == "new-one"


def test_options_follow_the_question_mark() -> None:
    assert access("postgresql://db/usage?sslmode=require&options=").options == {"sslmode": "require", "options": ""}


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("usage.db", "the connection begins with ''"),
        ("sqlit:///usage.db", "the connection begins with 'sqlit'; did you mean 'sqlite://'"),
        ("mysql://db/usage", "the connection begins with 'mysql'"),
        ("postgresql://db:port/usage", "the connection is not an address; write one such as postgresql://"),
        ("postgresql://db:99999/usage", "the connection is not an address"),
        ("postgresql://[::1/usage", "the connection is not an address"),
        (
            "sqlite:///nowhere.db",
            r"there is no file /nowhere/nowhere\.db; correct `connection`, such as sqlite:///usage\.db",
        ),
        ("duckdb:///nowhere.duckdb", r"there is no file /nowhere/nowhere\.duckdb"),
        ("sqlite:///", "there is no file /nowhere"),
        ("bigquery://project?locaton=EU", "the connection has the option 'locaton'; did you mean 'location'"),
        ("snowflake://ada@account/db?port=https", "the port of the connection is 'https'; write a whole number"),
    ],
)
def test_what_cannot_be_opened_is_one_sentence(address: str, sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence):
        open_warehouse(access(address))


def test_a_path_is_of_the_workspace_or_of_the_machine(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "a b.db")) as database, database:
        database.execute("CREATE TABLE t (n INT)")
    for address in ("sqlite:///a%20b.db", f"sqlite:////{str(tmp_path).lstrip('/')}/a%20b.db"):
        found = open_warehouse(access(address, tmp_path))
        assert found.ask("SELECT count(*) AS n FROM t").to_pylist() == [{"n": 0}]
        found.close()


@pytest.mark.parametrize("address", ["duckdb://", "duckdb:///", "duckdb:///:memory:"])
def test_duckdb_needs_no_file(address: str, tmp_path: Path) -> None:
    found = open_warehouse(access(address, tmp_path))
    assert found.ask("SELECT 1 AS n").to_pylist() == [{"n": 1}]
    found.close()
