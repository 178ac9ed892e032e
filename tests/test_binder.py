"""The Binder source: rules, reading by both paths, archives in folders and behind addresses."""

from __future__ import annotations

import csv
import json
import os
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from batches import entries_of, rows_in, windows_of
from binders import DAY, NOW, Read, binder, collected, event, fetched, line, read, write
from footfall.collect import collect
from footfall.errors import SourceError
from footfall.lake import Lake
from footfall.ledger import Entry, Known, Status
from footfall.metrics import Fact
from footfall.periods import Window
from footfall.sources.binder import BinderSettings, launches_table, orders, reading, settles_at
from footfall.sources.binder.names import FEDERATION, REPO_RULES, member_of, repo_of
from footfall.sources.binder.reading import File, Reader
from footfall.sources.binder.texts import tally
from footfall.tables import Role
from lengths import examples

pytestmark = pytest.mark.slow


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "archive"


@pytest.fixture
def one_day(tmp_path: Path, folder: Path) -> Callable[..., tuple[Read, Entry]]:
    """Write one day's lines and read them."""

    def run(*lines: str | bytes, end: bytes = b"\n", **changes: Any) -> tuple[Read, Entry]:
        write(folder, DAY, *lines, end=end)
        result = read(binder(folder, tmp_path, **changes))
        return result, result.outcomes[DAY]

    return run


OneDay = Callable[..., tuple[Read, Entry]]

# Rules


@pytest.mark.parametrize(
    ("provider", "spec", "repo"),
    [
        ("GitHub", "Owner/Name/HEAD", "GitHub:owner/name"),
        ("GitHub", "owner/name.git/master", "GitHub:owner/name"),
        ("GitHub", "owner/name/feature/with/slashes", "GitHub:owner/name"),
        ("GitHub", "owner/name.github.io/master", "GitHub:owner/name.github.io"),
        ("GitHub", "user/0a1b2c3d4e5f60718293a4b5c6d7e8f9", "Gist:user/0a1b2c3d4e5f60718293a4b5c6d7e8f9"),
        ("GitHub", "https://github.com/Owner/Name/master", "GitHub:owner/name"),
        ("GitHub", "Owner%2FName/HEAD", "GitHub:owner/name"),
        ("Gist", "User/ABC/master", "Gist:user/abc"),
        ("Gist", "user/abc/master/master", "Gist:user/abc"),
        ("Gist", "user/abc", "Gist:user/abc"),
        ("Gist", "0a1b2c3d4e5f60718293a4b5c6d7e8f9/master", "Gist:0a1b2c3d4e5f60718293a4b5c6d7e8f9"),
        ("Git", "git%40gist.github.com%3A0a1b2c3d4e5f60718293.git/HEAD", "Gist:0a1b2c3d4e5f60718293"),
        ("Gist", "0a1b2c3d4e5f60718293/0a1b2c3d4e5f60718294", "Gist:0a1b2c3d4e5f60718293/0a1b2c3d4e5f60718294"),
        ("GitHub", "user/0a1b2c3d4e5f60718293/master", "GitHub:user/0a1b2c3d4e5f60718293"),
        ("Gist", "https%3A%2F%2Fgist.github.com%2FUser%2Fabc.git/master", "Gist:user/abc"),
        ("GitLab", "Group%2FName/master", "GitLab:group/name"),
        ("GitLab", "group%2Fsub%2Fname/feature%2Fx", "GitLab:group/sub/name"),
        ("GitLab", "group%2Fname.git/feature/x", "GitLab:group/name"),
        ("GitLab", "group/name/master", "GitLab:group/name"),
        ("GitLab", "https%3A%2F%2Fgitlab.com%2FGroup%2FName.git/master", "GitLab:group/name"),
        ("GitLab", "https%3A%2F%2Fgitlab.example.org%2FA%2FB/master", "Git:gitlab.example.org/A/B"),
        ("Git", "https%3A%2F%2Fgit.Example.org%2FUser%2FRepo.git/HEAD", "Git:git.example.org/User/Repo"),
        ("Git", "https:%2F%2Fexample.org%2Fa%2Fb/ref", "Git:example.org/a/b"),
        ("Git", "https:%2F%2Fexample.org/a/b/ref", "Git:example.org/a/b"),
        ("Git", "https://example.org/a/b/ref", "Git:example.org/a/b"),
        ("Git", "https%253A%252F%252Fexample.org%252Fa%252Fb/ref", "Git:example.org/a/b"),
        ("Git", "https%3A%2F%2Fexample.org%2Fa%2Fb/feature/x", "Git:example.org/a/b"),
        ("Git", "https%3A%2F%2Fexample.org%2Fa%2F%2Fb%2F/HEAD", "Git:example.org/a/b"),
        ("Git", "https%3A%2F%2Fexample.org%3A8443%2Fa/HEAD", "Git:example.org:8443/a"),
        ("Git", "git@example.org:user%2Frepo.git/master", "Git:example.org/user/repo"),
        ("Git", "git@example.org:user/repo.git/master", "Git:example.org/user/repo"),
        ("Git", "git%40example.org%3Arepo.git/feature/x", "Git:example.org/repo"),
        ("Git", "ssh%3A%2F%2Fgit%40example.org%3A22%2Fa%2Fb/HEAD", "Git:example.org/a/b"),
        ("Git", "https%3A%2F%2Fada:token@example.org%2Fa%2Fb/HEAD", "Git:example.org/a/b"),
        ("Git", "https%3A%2F%2FGitHub.com%2FOwner%2FName.git/HEAD", "GitHub:owner/name"),
        ("Git", "git@github.com:Owner%2FName/HEAD", "GitHub:owner/name"),
        ("Git", "https%3A%2F%2Fgist.github.com%2FUser%2Fabc.git/HEAD", "Gist:user/abc"),
        ("Git", "https%3A%2F%2Fgitlab.com%2FGroup%2FName.git/HEAD", "GitLab:group/name"),
        ("Git", "https%3A%2F%2Fbitbucket.org%2FUser%2FRepo/HEAD", "Git:bitbucket.org/user/repo"),
        ("Zenodo", "10.5281/zenodo.3242074", "Zenodo:10.5281/zenodo.3242074"),
        ("Zenodo", "10.22002/D1.1250", "Zenodo:10.22002/d1.1250"),
        ("Zenodo", "https%3A%2F%2Fdoi.org%2F10.5281%2Fzenodo.3242074", "Zenodo:10.5281/zenodo.3242074"),
        ("Figshare", "10.6084/m9.figshare.9782777.v3", "Figshare:10.6084/m9.figshare.9782777"),
        ("Figshare", "10.6084/m9.figshare.9782777", "Figshare:10.6084/m9.figshare.9782777"),
        ("Dataverse", "10.7910/DVN/TJCLKP", "Dataverse:10.7910/dvn/tjclkp"),
        ("Hydroshare", "B8F6EAE9D89241CF8B5904033460AF61", "Hydroshare:b8f6eae9d89241cf8b5904033460af61"),
        (
            "Hydroshare",
            "https%3A%2F%2Fwww.hydroshare.org%2Fresource%2Fb8f6eae9d89241cf8b5904033460af61%2F",
            "Hydroshare:b8f6eae9d89241cf8b5904033460af61",
        ),
        ("CKAN", "https%3A%2F%2Fdemo.ckan.org%2Fdataset%2Fs1", "CKAN:demo.ckan.org/dataset/s1"),
        ("CKAN", "https%3A%2F%2Fdemo.ckan.org%2Fdataset%2Fs1%2Fhistory%2F4f", "CKAN:demo.ckan.org/dataset/s1"),
        ("CKAN", "https%3A%2F%2Fdemo.ckan.org%2Fdataset%2Fs1%3Factivity_id%3D4f", "CKAN:demo.ckan.org/dataset/s1"),
        ("Sourcehut", "~user%2Frepo/HEAD", "Sourcehut:~user/repo/HEAD"),
        ("GitHub", "", ""),
        ("GitHub", "  ", ""),
        ("GitHub", None, ""),
        (None, "a/b/c", ""),
    ],
)
def test_repo_of(provider: str | None, spec: str | None, repo: str) -> None:
    assert repo_of(provider, spec) == repo


@given(st.sampled_from(["GitHub", "Gist", "GitLab", "Git", "Zenodo", "Figshare", "Hydroshare", "CKAN"]), st.text())
def test_repo_of_takes_any_text(provider: str, spec: str) -> None:
    assert repo_of(provider, spec) == repo_of(provider, spec)
    assert bool(repo_of(provider, spec)) == bool(spec.strip())


@pytest.mark.parametrize(
    ("origin", "member"),
    [
        (None, "gke"),
        ("", "gke"),
        ("gke.mybinder.org:443", "gke"),
        ("gke2.mybinder.org", "gke"),
        ("OVH2.mybinder.org", "ovh"),
        ("binder.mybinder.ovh", "ovh"),
        ("notebooks.gesis.org", "gesis"),
        ("notebooks-test.gesis.org", "gesis"),
        ("binder.mybinder.turing.ac.uk", "turing"),
        ("2i2c.mybinder.org", "2i2c"),
        ("2i2c-bare.mybinder.org", "2i2c-bare"),
        ("bids.mybinder.org", "bids"),
        ("binder.curvenote.dev", "curvenote"),
        ("hub.example.org", "hub.example.org"),
        ("hub.example.com:8443", "hub.example.com"),
        ("https://Hub.example.com./", "hub.example.com"),
        ("10.1.2.3", "10.1.2.3"),
        ("10.9.9.9:8888", "10.9.9.9"),
        ("[2001:db8::1]:443", "[2001:db8::1]"),
        ("[2001:db8::2]", "[2001:db8::2]"),
        ("2001:db8::3", "2001:db8::3"),
        ("lab.gesis.mybinder.org", "lab.gesis.mybinder.org"),
        ("localhost:8585", "localhost"),
    ],
)
def test_member_of(origin: str | None, member: str) -> None:
    assert member_of(origin, FEDERATION, "gke") == member


def test_the_federation_is_a_setting(one_day: OneDay) -> None:
    lines = [line(origin="ovh2.mybinder.org"), line(origin="Lab.example.org"), line(origin=None)]
    result, _ = one_day(*lines, federation={"lab.example.org": "lab"}, federation_default="unknown")
    assert {row["origin"]: row["federation"] for row in result.rows} == {
        "ovh2.mybinder.org": "ovh",
        "Lab.example.org": "lab",
        None: "unknown",
    }


@pytest.mark.parametrize(
    ("now", "is_done"),
    [("2024-01-10T23:59", False), ("2024-01-11T04:59", False), ("2024-01-11T05:00", True), ("2024-02-01T00:00", True)],
)
def test_a_day_is_settled_from_five_the_next_morning(now: str, is_done: bool) -> None:
    assert (settles_at(DAY) <= datetime.fromisoformat(now).replace(tzinfo=UTC)) is is_done


# Reading one day


def test_launches_are_counted_by_hour_and_dimensions(one_day: OneDay) -> None:
    result, outcome = one_day(line("09:00"), line("09:59"), line("10:00"), line("09:10", spec="other/repo/main"))
    assert sorted((row["hour"].hour, row["spec"], row["launches"]) for row in result.rows) == [
        (9, "Owner/Name/HEAD", 2),
        (9, "other/repo/main", 1),
        (10, "Owner/Name/HEAD", 1),
    ]
    row = next(row for row in result.rows if row["hour"].hour == 10)
    assert row == {
        "hour": datetime(2024, 1, 10, 10, tzinfo=UTC),
        "provider": "GitHub",
        "spec": "Owner/Name/HEAD",
        "repo": "GitHub:owner/name",
        "origin": "gesis.mybinder.org",
        "federation": "gesis",
        "status": "success",
        "version": 5,
        "build_token": True,
        "request_origin": None,
        "launches": 1,
    }
    assert (outcome.status, outcome.rows, outcome.rejected, outcome.reason) == (Status.COMPLETE, 4, 0, "")
    assert [o.position for o in result.batches[0].outcomes] == [(DAY - date(1970, 1, 1)).days + 1]


def test_every_version_of_the_schema_in_one_file(one_day: OneDay) -> None:
    old: dict[str, Any] = {"origin": None, "ref": None, "build_token": None}
    result, outcome = one_day(
        line(version=1, **old),
        line(version=2, provider="Gist", **old),
        line(version=3, **{**old, "origin": "gke.mybinder.org"}),
        line(version=4, build_token=None),
        line(version=5),
        line(version=6, request_origin=""),
        line(version=6, request_origin="https://example.org"),
    )
    assert outcome.rows == 7
    assert outcome.reason == ""
    got = sorted(
        ((row["version"], row["origin"], row["build_token"], row["request_origin"]) for row in result.rows), key=str
    )
    assert got == [
        (1, None, None, None),
        (2, None, None, None),
        (3, "gke.mybinder.org", None, None),
        (4, "gesis.mybinder.org", None, None),
        (5, "gesis.mybinder.org", True, None),
        (6, "gesis.mybinder.org", True, ""),
        (6, "gesis.mybinder.org", True, "https://example.org"),
    ]


def test_ref_is_dropped_unless_a_setting_keeps_it(one_day: OneDay) -> None:
    lines = [line(ref="a" * 40), line(ref="b" * 40), line(ref=None)]
    assert [row["launches"] for row in one_day(*lines)[0].rows] == [3]
    kept, _ = one_day(*lines, keep_ref=True)
    assert {row["ref"]: row["launches"] for row in kept.rows} == {"a" * 40: 1, "b" * 40: 1, None: 1}


def test_failures_are_kept_apart(one_day: OneDay) -> None:
    result, _ = one_day(line(), line(status="failure"), line(status=None))
    assert {row["status"] for row in result.rows} == {"success", "failure", None}


@pytest.mark.parametrize(
    ("timestamp", "hour"),
    [
        ("2024-01-10T12:31:00+00:00", 12),
        ("2024-01-10T12:59:59Z", 12),
        ("2024-01-10T23:59:59.999999Z", 23),
        ("2024-01-10T00:00:00Z", 0),
        ("2024-01-10 12:31:00+00:00", 12),
        ("2024-01-10T12:31:00-00:00", 12),
        ("2024-01-10T01:31:00+05:30", None),
        ("2024-01-11T01:31:00+05:30", 20),
        ("2024-01-09T22:00:00-0300", 1),
        ("2024-01-10T12:31Z", 12),
        ("2024-01-11T00:00:00Z", None),
        ("2024-01-10T12:31:00", None),
        ("2024-01-10", None),
        ("2024-01-10T24:00:00Z", None),
        ("2024-01-10T12:60:00Z", None),
        ("2024-02-30T12:00:00Z", None),
        ("now", None),
        ("epoch", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("", None),
    ],
)
def test_timestamps(one_day: OneDay, timestamp: str, hour: int | None) -> None:
    result, outcome = one_day(line("05:00"), line(timestamp=timestamp))
    assert sorted(row["hour"].hour for row in result.rows) == sorted([5] + ([hour] if hour is not None else []))
    assert (outcome.rows, outcome.rejected) == ((2, 0) if hour is not None else (1, 1))


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("not json", "1 not JSON"),
        ('{"timestamp": "2024-01-10T09:30:00Z", "spec": "tru', "1 not JSON"),
        (line() + line(), "1 not JSON"),
        (line() + " trailing", "1 not JSON"),
        ("[1, 2]", "1 not a JSON object"),
        ("null", "1 not a JSON object"),
        (f"[{line()}]", "1 not a JSON object"),
        ("{}", "1 without timestamp"),
        (line(timestamp=1704879000), "1 whose timestamp is not a text"),
        (line(timestamp="yesterday"), "1 whose timestamp is not a time"),
        (line(timestamp="2024-01-10T09:30:00"), "1 whose timestamp has no time zone"),
        (line(day=date(2024, 1, 11)), "1 outside the file's day"),
        (line(spec=None), "1 without spec"),
        (line(provider=None), "1 without provider"),
        (line(spec=7), "1 whose spec is not a text"),
        (line(spec=True), "1 whose spec is not a text"),
        (line(spec=["a"]), "1 whose spec is not a text"),
        (line(spec={"a": 1}), "1 whose spec is not a text"),
        (line(origin=3.5), "1 whose origin is not a text"),
        (line(ref=5), "1 whose ref is not a text"),
        (line(version="5"), "1 whose version is not a whole number"),
        (line(version=5.5), "1 whose version is not a whole number"),
        (line(version=True), "1 whose version is not a whole number"),
        (line(version=-1), "1 whose version is out of range"),
        (line(version=10**30), "1 whose version is out of range"),
        (line(build_token="true"), "1 whose build_token is not true or false"),
        (line(build_token=1), "1 whose build_token is not true or false"),
        (line(schema="example.org/other"), "1 of another schema"),
        (line().replace('"status"', '"spec": "a/b/c", "status"'), "1 with a field given twice"),
        (line().replace("Owner", "\\ud800"), "1 not UTF-8"),
        (line().replace("5", "NaN", 1), "1 not JSON"),
        (b"\xff\xfe" + line().encode(), "1 not UTF-8"),
        (line().encode().replace(b"Owner", b"Ow\0ner"), "1 not JSON"),
        (b"\0" * 50, "1 not JSON"),
        ("[" * 100_000, "1 not JSON"),
        ("x" * 20_000_000, "1 longer than 16 MiB"),
    ],
)
def test_a_bad_line_is_refused_with_its_reason_and_the_good_ones_stay(
    one_day: OneDay, bad: str | bytes, reason: str
) -> None:
    result, outcome = one_day(line("01:00"), bad, line("23:00"))
    assert result.launches == outcome.rows == 2
    assert outcome.rejected == 1
    assert outcome.reason == f"1 of 3 lines refused: {reason}"
    assert outcome.status is Status.COMPLETE
    assert 0 < len(outcome.sample) <= 201
    assert result.replaces == [Window.of_day(DAY)]


def test_reasons_are_counted_and_the_first_refused_line_is_the_sample(one_day: OneDay) -> None:
    _, outcome = one_day(line(), "first", "second", line(spec=None))
    assert outcome.reason == "3 of 4 lines refused: 2 not JSON, 1 without spec"
    assert outcome.sample == "first"


def test_unknown_fields_are_taken_and_told(one_day: OneDay) -> None:
    result, outcome = one_day(line(colour="red"), line(colour="blue", shape=[1]), line())
    assert result.launches == outcome.rows == 3
    assert outcome.rejected == 0
    assert outcome.reason == "unknown fields: colour (2), shape (1)"


@pytest.mark.parametrize(
    "same",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: "\ufeff" + text,
        lambda text: text.replace("\n", "\n\n  \n"),
        lambda text: text.rstrip("\n"),
        lambda text: text.replace(" ", "").replace("T", "T"),
        lambda text: text.replace("Owner", "\\u004fwner"),
        lambda text: text.replace("/", "\\/"),
        lambda text: text.replace('"status"', '"request_origin": null, "status"'),
        lambda text: text.replace("+00:00", "Z", 1),
        lambda text: text.replace(": ", ":", 3),
    ],
)
def test_another_spelling_of_the_same_events_is_the_same(
    tmp_path: Path, folder: Path, same: Callable[[str], str]
) -> None:
    plain = line("01:00") + "\n" + line("02:00", origin=None) + "\n"
    write(folder, DAY, plain, end=b"")
    expected = read(binder(folder, tmp_path))
    write(folder, DAY, same(plain), end=b"")
    result = read(binder(folder, tmp_path))
    assert sorted(result.rows, key=str) == sorted(expected.rows, key=str)
    assert result.outcomes[DAY].rows == 2
    assert result.outcomes[DAY].reason == ""


def test_text_beyond_ascii(one_day: OneDay) -> None:
    result, outcome = one_day(line(spec="jürgen/名前/🚀"), json.dumps(event(spec="jürgen/名前/🚀"), ensure_ascii=False))
    assert [(row["spec"], row["repo"], row["launches"]) for row in result.rows] == [
        ("jürgen/名前/🚀", "GitHub:jürgen/名前", 2)
    ]
    assert outcome.reason == ""


def test_an_empty_spec_is_a_launch_of_no_repository(one_day: OneDay) -> None:
    result, outcome = one_day(line(spec=""), line())
    assert outcome.rows == 2
    assert {row["repo"] for row in result.rows} == {None, "GitHub:owner/name"}


def test_an_empty_file_is_a_day_without_launches(one_day: OneDay) -> None:
    result, outcome = one_day()
    assert (outcome.status, outcome.rows) == (Status.COMPLETE, 0)
    assert result.rows == []
    assert result.replaces == [Window.of_day(DAY)]


def test_a_web_page_instead_of_events_fails_and_replaces_nothing(one_day: OneDay) -> None:
    result, outcome = one_day("<!doctype html>", "<html><body>Sorry", "</body></html>")
    assert outcome.status is Status.FAILED
    assert outcome.reason == "no line of the file is a launch event; 3 of 3 lines refused: 3 not JSON"
    assert outcome.sample == "<!doctype html>"
    assert outcome.rows == 0
    assert result.replaces == []
    assert not result.batches[0].rows


# Both paths give the same answer

TEXTS = st.one_of(
    st.sampled_from(
        [
            "a/b/c",
            "",
            "7",
            "true",
            "null",
            "[1]",
            '{"a": 1}',
            '"quoted"',
            "é",
            "a\\b",
            "x\ty",
            "1e5",
            "🚀",
            "a, ",
            ", ",
            "a,",
            '", "b": "',
        ]
    ),
    st.text(max_size=5),
)
VALUES = st.one_of(TEXTS, st.integers(-1, 300), st.booleans(), st.none(), st.floats(), st.just([1]), st.just({"a": 1}))
EVENTS = st.fixed_dictionaries(
    {},
    optional={
        "timestamp": st.one_of(st.sampled_from([f"{DAY}T09:30:00+00:00", f"{DAY}T10:00:00Z", f"{DAY}T11"]), VALUES),
        "schema": st.one_of(st.just("binderhub.jupyter.org/launch"), VALUES),
        "provider": st.one_of(st.sampled_from(["GitHub", "Git"]), VALUES),
        "version": st.one_of(st.integers(1, 6), VALUES),
        "spec": VALUES,
        "ref": VALUES,
        "origin": VALUES,
        "build_token": VALUES,
        "request_origin": VALUES,
        "status": VALUES,
        "extra": VALUES,
    },
)


SOUND = st.builds(
    event,
    st.sampled_from(["00:00", "09:30", "09:31", "23:59"]),
    spec=st.one_of(st.sampled_from(["a/b/HEAD", "a/c/HEAD"]), TEXTS),
    origin=st.one_of(st.none(), st.sampled_from(["gesis.mybinder.org", "ovh2.mybinder.org"])),
    ref=st.sampled_from(["0" * 40, "1" * 40]),
    build_token=st.one_of(st.none(), st.booleans()),
    version=st.integers(1, 6),
)
SPELLINGS: list[Callable[[str], str]] = [
    lambda text: text.replace("+00:00", "Z"),
    lambda text: text.replace(":00+00:00", "+00:00"),
    lambda text: text.replace(":00+00:00", ":59.123456+00:00"),
    lambda text: text.replace("+00:00", "+01:00"),
    lambda text: text.replace("+00:00", ""),
    lambda text: text.replace(f"{DAY}T", f"{DAY} "),
    lambda text: text.replace(f"{DAY}", f"{DAY + timedelta(days=1)}"),
    lambda text: text.replace("T09:", "T24:"),
    lambda text: text.replace(":30:", ":60:"),
    lambda text: text.replace("timestamp", "t\\u0069mestamp"),
    lambda text: text.replace('"timestamp"', '"timestamp" '),
    lambda text: text.replace('"ref"', '"timestamp"'),
    lambda text: text.replace('"ref": "', f'"ref": "\\"timestamp\\": \\"{DAY}T01:00'),
    lambda text: text.replace('"ref": "', '"extra": {"timestamp": "'),
    lambda text: text.replace("a/b", "a\\/b"),
    lambda text: text.replace("HEAD", "\\ud83d\\ude00"),
    lambda text: text.replace("HEAD", "\\udc00"),
    lambda text: text.replace("HEAD", "\\u0000"),
    lambda text: text.replace("HEAD", "}\n{"),
    lambda text: f"{text}{text}",
    lambda text: f"{text}\n",
    lambda text: f"{text}\r",
    lambda text: f" {text}",
    lambda text: f"\ufeff{text}",
    lambda text: text[: len(text) // 2] + "}",
    lambda text: text + "}",
    lambda text: "{" + text,
    lambda text: "{}",
    lambda text: "",
]


@st.composite
def files(draw: st.DrawFn) -> list[str]:
    """Files of mostly sound events in one or two styles, some of them several times, one or two oddly spelt."""
    styles: list[dict[str, Any]] = [{}, {"separators": (",", ":")}, {"ensure_ascii": False}]
    usual = draw(st.sampled_from(styles))
    events = draw(st.lists(SOUND, max_size=6))
    if draw(st.booleans()):
        events += draw(st.lists(EVENTS, max_size=2))
    lines = [json.dumps(one, **(draw(st.sampled_from(styles)) if draw(st.booleans()) else usual)) for one in events]
    lines += draw(st.lists(st.sampled_from(lines), max_size=6)) if lines else []
    for n in draw(st.lists(st.integers(0, len(lines) - 1), max_size=2)) if lines else []:
        lines[n] = draw(st.sampled_from(SPELLINGS))(lines[n])
    return lines


def reader(keep_ref: bool = False) -> Reader:
    return Reader(lambda origin: member_of(origin, FEDERATION, "gke"), keep_ref)


@settings(max_examples=examples(300), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files(), st.booleans(), st.sampled_from([b"\n", b"\r\n"]))
def test_both_paths_agree(tmp_path: Path, lines: list[str], keep_ref: bool, end: bytes) -> None:
    file = File(DAY, write(tmp_path, DAY, *(one.encode("utf-8", "surrogatepass") for one in lines), end=end))
    usual, careful = reader(keep_ref), reader(keep_ref)
    assert usual.read([file]) == [careful.read_by_line(file)]
    first, second = usual.rows(), careful.rows()
    if first is None or second is None:
        assert first is second
    else:
        schema = launches_table(keep_ref).arrow_schema()
        first, second = (rows.select(schema.names).cast(schema) for rows in (first, second))
        assert first.to_pylist() == second.to_pylist()


@settings(max_examples=examples(300), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files(), st.booleans(), st.randoms(use_true_random=False))
def test_both_paths_agree_on_fields_in_any_order(
    tmp_path: Path, lines: list[str], keep_ref: bool, chance: Random
) -> None:
    """Many orders are read in a way of their own: here every file is."""
    file = File(DAY, write(tmp_path, DAY, *(shuffled(one, chance) for one in lines)))
    usual, careful = reader(keep_ref), reader(keep_ref)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(orders, "MOST_ORDERS", -1)
        assert usual.read([file]) == [careful.read_by_line(file)]
    first, second = usual.rows(), careful.rows()
    assert (first is None) == (second is None)
    if first is not None and second is not None:
        names = launches_table(keep_ref).names
        assert first.select(names).to_pylist() == second.select(names).to_pylist()


def shuffled(text: str, chance: Random) -> bytes:
    """A line with its fields in another order, where it is an event."""
    try:
        fields = json.loads(text)
    except ValueError:
        return text.encode("utf-8", "surrogatepass")
    if not isinstance(fields, dict):
        return text.encode("utf-8", "surrogatepass")
    names = list(fields)
    chance.shuffle(names)
    return json.dumps({name: fields[name] for name in names}, ensure_ascii=chance.random() < 0.5).encode(
        "utf-8", "surrogatepass"
    )


NEARLY = (
    ('"version": 5', '"version": 5.0'),
    ('"version": 5', '"version": "5"'),
    ('"version": 5', '"version": NaN'),
    ('"spec": "a/b/HEAD"', '"spec": 7'),
    ('"spec": "a/b/HEAD"', '"spec": ["a/b/HEAD"]'),
    ('"spec": "a/b/HEAD"', '"spec": {"a": "b"}'),
    ('"spec": "a/b/HEAD"', '"spec": null'),
    ('"build_token": true', '"build_token": "true"'),
    ('"build_token": true', '"build_token": true, "build_token": true'),
    ('"build_token": true', '"build_token": true, "odd" : 1'),
    ("09:30:00", "09:60:00"),
    ("09:30:00", "24:30:00"),
    ("09:30:00+00:00", "09:30:00+01:00"),
    ("}", ",}"),
    ("}", ", }"),
    ("}", '} {"a": 1}'),
)


@pytest.mark.parametrize("odd", [*((one,) for one in NEARLY), (NEARLY[3], NEARLY[9])], ids=range(len(NEARLY) + 1))
def test_what_is_nearly_an_event_is_not_read_as_one_in_any_order(
    tmp_path: Path, odd: tuple[tuple[str, str], ...]
) -> None:
    """Lenient readers accept these, alone or where one hides the other; both ways of reading refuse the same ones."""
    chance = Random(1)
    lines = [line(spec="a/b/HEAD") for _ in range(40)]
    for n, (before, after) in enumerate(odd):
        assert before in lines[n]
        lines[n] = lines[n].replace(before, after)
    texts: list[str | bytes] = [*lines[: len(odd)], *(shuffled(one, chance) for one in lines[len(odd) :])]
    file = File(DAY, write(tmp_path, DAY, *texts))
    usual, careful = reader(), reader()
    assert usual.read([file]) == [careful.read_by_line(file)]
    assert (usual.rows() is None) == (careful.rows() is None)


def test_a_file_of_many_orders_is_read_at_once(tmp_path: Path) -> None:
    chance = Random(2)
    more: list[dict[str, Any]] = [{}, {"origin": None}, {"extra": 1.5}, {"spec": 'a\\b, "c"'}]
    texts = [shuffled(line(f"{n % 24:02}:05", **({"spec": f"a/b/{n % 3}"} | more[n % 4])), chance) for n in range(96)]
    file = File(DAY, write(tmp_path, DAY, *texts))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("footfall.sources.binder.texts._blank_times", lambda *_: pytest.fail("the usual way"))
        usual = reader()
        [found] = usual.read([file])
    assert (found.taken, found.unknown) == (96, {"extra": 24})
    rows = usual.rows()
    assert rows is not None
    assert Counter(row["hour"].hour for row in rows.to_pylist() for _ in range(row["launches"])) == dict.fromkeys(
        range(24), 4
    )


def test_equal_events_of_files_of_many_orders_are_equal_texts(tmp_path: Path) -> None:
    """However the fields of each file are ordered: else a month would have as many texts as its files together."""
    specs = [f"a/b/{n % 5}" for n in range(80)]
    found = []
    for n in range(3):
        chance, day = Random(n), DAY + timedelta(days=n)
        path = write(tmp_path, day, *(shuffled(line(day=day, spec=spec), chance) for spec in specs))
        one = tally(path, day)
        assert one is not None
        found.append(set(one.texts.to_pylist()))
    assert [len(texts) for texts in found] == [5, 5, 5]
    assert found[0] == found[1] == found[2]


def test_sound_files_take_the_quick_path(tmp_path: Path, folder: Path) -> None:
    days = [DAY + timedelta(days=n) for n in range(4)]
    spaced = [line(), line("23:59", origin=None), json.dumps(event(version=6, request_origin="é"), ensure_ascii=False)]
    turned = json.dumps(dict(reversed(event("00:00").items())))
    write(folder, days[0], *spaced, turned)
    write(folder, days[1], json.dumps(event(day=days[1]), separators=(",", ":")))
    write(folder, days[2], line(day=days[2]), end=b"")
    exact = event(day=days[3], extra=1)["timestamp"].replace(":00+", ":07.123456+")
    write(folder, days[3], line(day=days[3], extra=1), line(day=days[3], extra=2, timestamp=exact))
    found = [File(day, folder / f"events-{day}.jsonl") for day in days]
    taken = reader().read_at_once(found)
    assert {file.day: reading.taken for file, reading in taken.items()} == dict(zip(days, (4, 1, 1, 2), strict=True))
    assert {file.day: reading.unknown for file, reading in taken.items() if reading.unknown} == {days[3]: {"extra": 2}}


def test_files_that_were_begun_give_the_same(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    days = [DAY + timedelta(days=n) for n in range(6)]
    for n, day in enumerate(days):
        write(folder, day, *[line(day=day)] * (n + 1), *["{}"] * (n % 2))
    found = [File(day, folder / f"events-{day}.jsonl") for day in days]
    monkeypatch.setattr(reading, "MOST_BEGUN", 2 * found[-1].size)  # which is less than all of them
    with reader() as usual, reader() as ahead:
        for file in (*found, File(DAY, folder / "nowhere")):
            ahead.begin(file)
        assert ahead.read(found[:3]) == usual.read(found[:3])
        assert ahead.rows() == usual.rows()
        assert ahead.read(found[3:]) == usual.read(found[3:])
        assert ahead.rows() == usual.rows()


def test_a_month_that_is_read_stops_when_nobody_waits_for_it(tmp_path: Path) -> None:
    files = []
    for n in range(1, 6):
        day = date(2021, 1, n)
        path = tmp_path / f"events-{day}.jsonl"
        path.write_text(f'no json\n{{"timestamp": "{day}T00:00:00+00:00"}}\n', encoding="utf-8")
        files.append(File(day, path))
    asked: list[None] = []

    def go_on() -> None:
        asked.append(None)
        if len(asked) == 3:
            raise TimeoutError

    with Reader(str, go_on=go_on) as each, pytest.raises(TimeoutError):
        each.read(files)


# Files


def test_gzip_is_read_too(tmp_path: Path, folder: Path) -> None:
    write(folder, DAY, line(), line(), name="events-{}.jsonl.gz")
    result = read(binder(folder, tmp_path))
    assert result.launches == result.outcomes[DAY].rows == 2


@pytest.mark.parametrize(
    "spoil",
    [
        lambda body: body[:-20],
        lambda body: body[:-4] + b"\1\2\3\4",
        lambda body: body[:-8] + b"\1\2\3\4" + body[-4:],
        lambda body: body[:30] + bytes(200) + body[230:],
        lambda body: b"not gzip at all",
    ],
)
def test_a_broken_gzip_fails_and_replaces_nothing(
    tmp_path: Path, folder: Path, spoil: Callable[[bytes], bytes]
) -> None:
    path = write(folder, DAY, *(line(ref=f"{n:040x}") for n in range(500)), name="events-{}.jsonl.gz")
    path.write_bytes(spoil(path.read_bytes()))
    result = read(binder(folder, tmp_path))
    assert result.outcomes[DAY].status is Status.FAILED
    assert "gzip file is broken" in result.outcomes[DAY].reason
    assert result.replaces == []


def test_two_files_of_one_day_are_one_day(tmp_path: Path, folder: Path) -> None:
    write(folder, DAY, line())
    write(folder, DAY, line(), line(), name="events-{}.jsonl.gz")
    result = read(binder(folder, tmp_path))
    assert result.launches == 1
    assert result.outcomes[DAY].reason == f"events-{DAY}.jsonl.gz was left aside for events-{DAY}.jsonl"


def test_files_that_cannot_be_read_fail_alone(tmp_path: Path, folder: Path) -> None:
    write(folder, DAY, line())
    (folder / "events-2024-01-11.jsonl").mkdir()
    (folder / "events-2024-01-12.jsonl").symlink_to(folder / "nowhere")
    vanishing = write(folder, date(2024, 1, 13), line(day=date(2024, 1, 13)))
    source = binder(folder, tmp_path)
    offers = [offer for offer in source.offers(Known(), NOW) if not offer.absent]
    vanishing.unlink()
    (batch,) = source.fetch(offers, lambda **_: None)
    entries = entries_of(batch, "binder", NOW)
    assert [entry.status for entry in entries] == [
        Status.COMPLETE,
        Status.FAILED,
        Status.FAILED,
        Status.FAILED,
    ]
    assert entries[1].reason == "the file cannot be read: Is a directory"
    assert entries[3].reason == "the file cannot be read: No such file or directory"
    assert windows_of(batch) == [Window.of_day(DAY)]


def test_odd_folder_names_are_no_patterns(tmp_path: Path) -> None:
    folder = tmp_path / "it's [a] *folder?"
    write(folder, DAY, line(), line())
    assert read(binder(folder, tmp_path)).launches == 2


def test_months_are_batches_in_order(tmp_path: Path, folder: Path) -> None:
    days = [date(2024, 1, 30), date(2024, 1, 31), date(2024, 2, 1), date(2024, 3, 5)]
    for n, day in enumerate(days):
        write(folder, day, *[line(day=day)] * (n + 1))
    now, heard = datetime(2024, 3, 10, tzinfo=UTC), list[Any]()
    result = read(binder(folder, tmp_path, now, first_day=days[0]), now=now, heard=heard)
    assert [[window.start.date() for window in windows_of(batch)] for batch in result.batches] == [
        days[:2],
        days[2:3],
        days[3:],
    ]
    positions = [outcome.position or 0 for batch in result.batches for outcome in batch.outcomes]
    assert positions == sorted(positions)
    assert result.launches == 10
    assert sum(windows for windows, _ in heard) == 4
    assert sum(size for _, size in heard) == sum(path.stat().st_size for path in folder.iterdir())
    assert not list((tmp_path / "files").glob("*.jsonl"))


def test_the_archive_is_said_to_be_absent(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="does not exist; correct `archive`"):
        list(binder(tmp_path / "nowhere", tmp_path).offers(Known(), NOW))
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match="holds no events-YYYY-MM-DD"):
        list(binder(tmp_path / "empty", tmp_path).offers(Known(), NOW))
    (tmp_path / "file").touch()
    with pytest.raises(SourceError, match="cannot be read: Not a directory"):
        list(binder(tmp_path / "file", tmp_path).offers(Known(), NOW))
    with pytest.raises(ValidationError, match="http:// or https://"):
        BinderSettings.model_validate({"archive": "s3://bucket/archive"})


def test_two_runs_at_once_do_not_share_a_folder(tmp_path: Path, folder: Path) -> None:
    write(folder, DAY, line(), name="events-{}.jsonl.gz")
    first, second = binder(folder, tmp_path), binder(folder, tmp_path)
    offers = [offer for offer in first.offers(Known(), NOW) if not offer.absent]
    running = first.fetch(offers, lambda **_: None)
    batch = next(running)
    assert sum(row.rows for other in second.fetch(offers, lambda **_: None) for row in other.outcomes) == 1
    assert (rows := rows_in(batch)) is not None
    assert rows.num_rows == 1
    assert next(running, None) is None


def test_no_place_for_passing_files_is_said(tmp_path: Path, folder: Path) -> None:
    write(folder, DAY, line())
    (tmp_path / "file").touch()
    with pytest.raises(SourceError, match="cannot be written: Not a directory"):
        read(binder(folder, tmp_path / "file" / "binder"))


# What is offered, and what counts as changed


def test_every_day_is_offered_with_what_is_known_of_it(tmp_path: Path, folder: Path) -> None:
    write(folder, DAY, line())
    write(folder, date(2024, 1, 11))
    (folder / "index.jsonl").write_text(
        '{"name":"events-2024-01-10.jsonl","date":"2024-01-10","count":"3"}\nrubbish\n[]\n{"date": 7}\n'
        '{"name":"events-2024-01-12.jsonl","date":"2024-01-12","count":1234}\n'
        '{"name":"events-2024-01-13.jsonl","date":"2024-01-13","count":0}'
    )
    now = datetime(2024, 1, 14, 3, tzinfo=UTC)
    offers = list(binder(folder, tmp_path, now).offers(Known(), now))
    assert [offer.window.start.day for offer in offers] == [10, 11, 12, 13]
    assert [offer.absent for offer in offers] == [
        "",
        "",
        "the index lists 1,234 events, but there is no file",
        "no file",
    ]
    assert [offer.is_settled_at(now) for offer in offers] == [True, True, True, False]
    result = read(binder(folder, tmp_path, now), now=now)
    assert result.outcomes[DAY].reason == "the index lists 3 events, the file has 1 lines"
    assert result.outcomes[date(2024, 1, 11)].reason == "the index does not list it"
    assert result.outcomes[date(2024, 1, 12)].status is Status.MISSING


def test_today_is_covered_until_now_and_yesterday_may_change(tmp_path: Path, folder: Path) -> None:
    write(folder, DAY, line())
    write(folder, date(2024, 1, 11), line(day=date(2024, 1, 11)))
    now = datetime(2024, 1, 11, 4, 30, tzinfo=UTC)
    outcomes = read(binder(folder, tmp_path, now), now=now).outcomes
    assert outcomes[DAY].status is outcomes[date(2024, 1, 11)].status is Status.PROVISIONAL
    assert outcomes[DAY].covered_until == datetime(2024, 1, 11, tzinfo=UTC)
    assert outcomes[date(2024, 1, 11)].covered_until == now
    later = datetime(2024, 1, 11, 5, tzinfo=UTC)
    again = read(binder(folder, tmp_path, later), list(outcomes.values()), later).outcomes
    assert DAY not in again, "it is final by itself, and looks as it did"
    assert [outcomes[DAY].is_provisional_at(moment) for moment in (now, later)] == [True, False]


def test_only_a_restated_day_is_read_again(tmp_path: Path, folder: Path) -> None:
    days = [DAY, date(2024, 1, 11)]
    paths = [write(folder, day, line(day=day)) for day in days]
    source = binder(folder, tmp_path)
    known = collected(read(source))
    assert fetched(source, known) == []
    write(folder, days[1], line(day=days[1]), line(day=days[1]))
    assert fetched(source, known) == [days[1]]
    os.utime(paths[0], ns=(1, 1))
    assert fetched(source, known) == days
    again = read(source, known)
    assert again.outcomes[days[1]].rows == 2
    assert fetched(source, collected(again, known, NOW + timedelta(hours=1))) == []


def test_a_day_that_was_read_without_a_count_is_read_again_when_the_index_counts_otherwise(
    tmp_path: Path, folder: Path
) -> None:
    write(folder, DAY, "rubbish", line(), line())
    index = folder / "index.jsonl"
    known = collected(read(binder(folder, tmp_path)))
    index.write_text(json.dumps({"name": f"events-{DAY}.jsonl", "date": str(DAY), "count": 3}))
    assert fetched(binder(folder, tmp_path), known) == [], "two rows and one refused line"
    index.write_text(json.dumps({"name": f"events-{DAY}.jsonl", "date": str(DAY), "count": 5}))
    assert fetched(binder(folder, tmp_path), known) == [DAY]
    known = collected(read(binder(folder, tmp_path), known), known, NOW + timedelta(hours=1))
    assert fetched(binder(folder, tmp_path), known) == [], "what the index counts is known now, and was said"


def test_a_changed_index_count_is_a_restatement(tmp_path: Path, folder: Path) -> None:
    write(folder, DAY, line())
    index = folder / "index.jsonl"
    known = collected(read(binder(folder, tmp_path)))
    index.write_text(json.dumps({"name": f"events-{DAY}.jsonl", "date": str(DAY), "count": "1"}))
    assert fetched(binder(folder, tmp_path), known) == []  # not known before: nothing to compare with
    os.utime(folder / f"events-{DAY}.jsonl", ns=(1, 1))
    known = collected(read(binder(folder, tmp_path), known), known, NOW + timedelta(hours=1))
    assert fetched(binder(folder, tmp_path), known) == []
    index.write_text(json.dumps({"name": f"events-{DAY}.jsonl", "date": str(DAY), "count": 2}))
    assert fetched(binder(folder, tmp_path), known) == [DAY]


@pytest.mark.parametrize(
    "changes", [{"federation": {"x.org": "x"}}, {"federation_default": "none"}, {"keep_ref": True}]
)
def test_a_setting_that_shapes_rows_restates_every_day(tmp_path: Path, folder: Path, changes: dict[str, Any]) -> None:
    write(folder, DAY, line())
    known = collected(read(binder(folder, tmp_path)))
    assert fetched(binder(folder, tmp_path, concurrency=2), known) == []
    assert fetched(binder(folder, tmp_path, **changes), known) == [DAY]


def test_a_day_that_failed_is_tried_again(tmp_path: Path, folder: Path) -> None:
    write(folder, DAY, "<html>")
    source = binder(folder, tmp_path)
    known = collected(read(source))
    assert fetched(source, known) == [DAY]


def test_a_broken_restatement_leaves_the_good_day_in_the_lake(tmp_path: Path, folder: Path) -> None:
    write(folder, DAY, line(), line())
    source, lake = binder(folder, tmp_path), Lake.open(str(tmp_path / "lake"))
    collect(lake, {"binder": source}, now=lambda: NOW)
    write(folder, DAY, "<html>sorry</html>")
    collect(lake, {"binder": source}, now=lambda: NOW)
    snapshot = lake.snapshot(source.tables)
    assert sum(sum(pq.read_table(file)["launches"].to_pylist()) for file in snapshot.tables["launches"].files) == 2
    assert {entry.status for entry in lake.known() if entry.window == Window.of_day(DAY)} == {
        Status.COMPLETE,
        Status.FAILED,
    }


def test_one_file_that_is_cut_off_holds_up_no_other_day(tmp_path: Path, folder: Path) -> None:
    """In the middle of a line, and at the end of one where all of the day is stored."""
    days = [DAY + timedelta(days=n) for n in range(4)]
    for day in days:
        write(folder, day, *[line(day=day)] * 20)
    index = [json.dumps({"name": f"events-{day}.jsonl", "date": str(day), "count": 20}) for day in days]
    (folder / "index.jsonl").write_text("\n".join(index))
    whole = (folder / f"events-{days[1]}.jsonl").read_bytes()
    (folder / f"events-{days[1]}.jsonl").write_bytes(whole[: len(whole) // 2 + 7])
    source, lake = binder(folder, tmp_path), Lake.open(str(tmp_path / "lake"))

    def launches() -> dict[date, int]:
        collect(lake, {"binder": source}, now=lambda: NOW)
        counted: Counter[date] = Counter()
        for file in lake.snapshot(source.tables).tables["launches"].files:
            for row in pq.read_table(file).to_pylist():
                counted[row["hour"].date()] += row["launches"]
        return dict(counted)

    def failed() -> list[str]:
        entries = lake.known("binder")
        return [
            entry.reason for entry in entries if entry.status is Status.FAILED and entry.window.start.date() in days
        ]

    assert launches() == dict.fromkeys([days[0], *days[2:]], 20)
    assert "the file is cut off: it ends in a broken line, and the index lists 20 events" in failed()[0]
    (folder / f"events-{days[1]}.jsonl").write_bytes(whole)
    assert launches() == dict.fromkeys(days, 20)
    assert failed() == []
    write(folder, days[2], *[line(day=days[2])] * 5)
    write(folder, days[3], *[line(day=days[3])] * 21)
    assert launches() == {days[0]: 20, days[1]: 20, days[2]: 20, days[3]: 21}
    assert failed() == ["the file is cut off: it has 5 lines, but the index lists 20 events, and 20 are stored"]


# Tables and metrics


def test_metrics_count_on_the_table(tmp_path: Path, folder: Path) -> None:
    import ibis

    write(
        folder,
        DAY,
        line(spec="a/b/HEAD"),
        line(spec="A/B.git/main"),
        line(provider="Git", spec="https%3A%2F%2Fgithub.com%2Fa%2Fb/HEAD"),
        line(provider="GitLab", spec="a%2Fb/HEAD"),
        line(spec="c/d/HEAD", status="failure"),
    )
    source = binder(folder, tmp_path)
    table = ibis.memtable(pa.Table.from_pylist(read(source).rows, schema=source.tables[0].arrow_schema()))
    values = {
        metric.name: fact.values(table) for metric in source.metrics for fact in metric.facts if isinstance(fact, Fact)
    }
    assert ibis.duckdb.connect().execute(values["launches"].sum()) == 5
    assert set(table.select(r=values["repos"]).execute()["r"]) == {"GitHub:a/b", "GitLab:a/b", "GitHub:c/d"}
    assert set(table.select(r=values["repo_names"]).execute()["r"]) == {"a/b", "c/d"}
    assert [metric.policy("status").choose(None) for metric in source.metrics] == ["success"] * 3


def test_rollups_leave_out_what_they_say() -> None:
    table = launches_table(keep_ref=True)
    assert "ref" in table.dimensions
    assert {rollup.name: set(table.dimensions) - set(rollup.dimensions) for rollup in table.rollups} == {
        "launches_by_day": {"spec", "repo", "ref"},
        "launches_by_month": {"spec", "ref", "origin", "federation", "version", "build_token", "request_origin"},
        "launches_by_year": {"spec", "ref", "origin", "federation", "version", "build_token", "request_origin"},
    }
    assert {column.role for column in table.columns} == {Role.TIME, Role.DIMENSION, Role.MEASURE}


# Real launches


def real_events(shared_data: Path) -> list[dict[str, Any]]:
    """The 20 real rows of two published samples, as the archive has them; one whose spec was cut is left out."""
    rows: list[dict[str, str]] = []
    for name in ("binderlyzer_sample_launch_rows_2019.csv", "gesis_random_sample_launch_rows.csv"):
        with (shared_data / "binder" / name).open() as file:
            rows += csv.DictReader(file)
    return [
        {
            "timestamp": row["timestamp"].replace(" ", "T") + "+00:00",
            "schema": "binderhub.jupyter.org/launch",
            "version": int(row["version"]),
            "provider": row["provider"],
            "spec": row["spec"],
            **({} if row["origin"] == "NaN" else {"origin": row["origin"]}),
            "status": "success",
        }
        for row in rows
        if "..." not in row["timestamp"] + row["spec"]
    ]


def test_real_rows(tmp_path: Path, folder: Path, shared_data: Path) -> None:
    events = real_events(shared_data)
    by_day: dict[date, list[str]] = {}
    for one in events:
        by_day.setdefault(date.fromisoformat(one["timestamp"][:10]), []).append(json.dumps(one))
    for day, lines in by_day.items():
        write(folder, day, *lines)
    now = datetime(2020, 8, 4, 12, tzinfo=UTC)
    result = read(binder(folder, tmp_path, now, first_day=date(2018, 11, 3)), now=now)
    assert result.launches == len(events) == 19
    assert Counter(outcome.status for outcome in result.outcomes.values())[Status.COMPLETE] == len(by_day)
    assert {outcome.reason for outcome in result.outcomes.values() if outcome.rows} == {""}
    repos, members = Counter[str](), Counter[str]()
    for row in result.rows:
        repos[row["repo"]] += row["launches"]
        members[row["federation"]] += row["launches"]
    assert repos["GitHub:ipython/ipython-in-depth"] == 9
    assert repos["GitHub:qiskit/qiskit-tutorial"] == 1
    assert repos["GitHub:jupyterlab/jupyterlab-demo"] == 4
    assert members == {"gke": 16, "gesis": 3}


def test_real_origins_and_providers_have_a_member_and_a_rule(shared_data: Path) -> None:
    with (shared_data / "binder" / "gesis_launches_per_origin_2018-11-03_2020-08-04.csv").open() as file:
        members = Counter[str]()
        for row in csv.DictReader(file):
            members[member_of(row["origin"], FEDERATION, "gke")] += int(row["count(origin)"])
    assert members == {
        "gke": 5_104_005 + 1 + 2_741_924,
        "gesis": 886_503 + 671_545,
        "ovh": 625 + 573_736,
        "turing": 137 + 259_388,
    }
    with (shared_data / "binder" / "gesis_launches_per_provider_2018-11-03_2020-08-04.csv").open() as file:
        assert {row["provider"] for row in csv.DictReader(file)} <= set(REPO_RULES)


def test_real_specs_have_a_repository(shared_data: Path) -> None:
    """The published top list shows what is left of a spec after cutting at the first two parts."""
    with (shared_data / "binder" / "top_repositories_last_90_days.csv").open() as file:
        specs = [row["y"] for row in csv.DictReader(file)]
    assert repo_of("GitLab", next(spec for spec in specs if "bashcrawl" in spec)) == "GitLab:nthiery/bashcrawl"
    escaped = next(spec for spec in specs if "tu-berlin" in spec)
    assert repo_of("Git", escaped) == "Git:git.tu-berlin.de/dima/isda/isda-sose25"


def test_days_known_to_be_wrong_are_told_by_the_source(tmp_path: Path, folder: Path) -> None:
    ff_source = binder(folder, tmp_path)
    [lost] = ff_source.known_wrong
    assert (lost.window.start, lost.window.end) == (
        datetime(2022, 10, 20, tzinfo=UTC),
        datetime(2022, 11, 24, tzinfo=UTC),
    )
    assert "80 %" in lost.reason
    assert [str(one).split(":")[0] for one in ff_source.annotations] == ["2024-12-01 to 2025-01-31"]
