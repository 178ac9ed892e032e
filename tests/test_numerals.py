"""Numbers that are written as text, wherever a person may write one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import footfall
from footfall.bitmapist.cohort.arguments import number_given
from footfall.cli.numerals import whole
from footfall.errors import BrokenDataError, FootfallError, QueryError, SettingsError
from footfall.filters import parse_filter
from footfall.numerals import number_of, whole_of
from footfall.options import count_of, length_of, read_share
from footfall.periods import parse_length, parse_moment, utc_now
from footfall.sources.binder.tables import LAUNCHES
from footfall.sources.jupyterhub.exposition import parse
from workspaces import run

ODD = ("1_0", "３", "1３", "٣", "²", "0x10", "1e", "", "--1", "½", "1 0", "9" * 5000)


@pytest.mark.parametrize("text", ODD, ids=range(len(ODD)))
def test_what_is_no_number(text: str) -> None:
    for read in (whole_of, number_of, whole()):
        with pytest.raises(ValueError, match="it must be a"):
            read(text)


def test_what_is_a_number() -> None:
    assert [whole_of(text) for text in ("0", "-7", "+12", " 5 ", "9223372036854775807")] == [0, -7, 12, 5, 2**63 - 1]
    assert [number_of(text) for text in ("0.5", ".5", "5.", "-2e3")] == [0.5, 0.5, 5.0, -2000.0]
    for text in ("9223372036854775808", "1.0"):
        with pytest.raises(ValueError, match="whole number"):
            whole_of(text)
    for text in ("inf", "nan", "1e999"):
        with pytest.raises(ValueError, match="must be a number"):
            number_of(text)


@pytest.mark.parametrize("text", ["1_0", "３"])
def test_everything_that_reads_a_number_refuses_it(text: str) -> None:
    now = utc_now()
    readers: list[Any] = [
        lambda: count_of("top", text),
        lambda: length_of("last", text),
        lambda: length_of("last", f"{text}w"),
        lambda: read_share("min_coverage", f"0.{text}"),
        lambda: parse_length(f"{text}h"),
        lambda: parse_moment(f"{text}d", now),
        lambda: parse_moment("202３-01-01", now),
        lambda: parse_moment("2023-W０3", now),
        lambda: parse_filter(f"version={text}", {"version": LAUNCHES.column("version")}, "launches"),
        lambda: number_given("rows", text),
        lambda: parse(f"total_users {text}\n"),
    ]
    for read in readers:
        with pytest.raises((QueryError, BrokenDataError)):
            read()


def test_a_number_of_periods_that_no_calendar_has() -> None:
    for number in (10**5000, 10**10):
        with pytest.raises(QueryError, match="it must be a whole number"):
            length_of("last", number)


@pytest.mark.parametrize(
    "options", [("--top", "1_0", "--by", "repo"), ("--rolling", "３"), ("--min-coverage", "0.5_0")]
)
def test_options_of_a_command(tmp_path: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...]) -> None:
    (tmp_path / "footfall.toml").write_text("")
    ran = run(capsys, "-w", tmp_path, "query", "commits", *options)
    assert ran.code == 2
    assert "it must be a" in ran.err


@pytest.mark.parametrize(("value", "is_read"), [("3", True), ("1_0", False), ("３", False)])
def test_settings_in_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str, is_read: bool
) -> None:
    (tmp_path / "footfall.toml").write_text("[sources.binder]\n")
    monkeypatch.setenv("FOOTFALL_SOURCES__BINDER__CONCURRENCY", value)
    if is_read:
        assert footfall.open(tmp_path).sources["binder"].name == "binder"
    else:
        with pytest.raises(SettingsError, match=f"concurrency is '{value}': it must be a whole number"):
            footfall.open(tmp_path).sources  # noqa: B018


LONG = "x" * 100_000


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('lake = "a\\u0000b"', "'lake' holds the character NUL"),
        ('[sources.binder]\narchive = "a\\u0000b"', r"sources\.binder\.archive' holds the character NUL"),
        ('[sources.git]\nrepositories = [".", "a\\u0000b"]', "NUL"),
        ('[sources."a\\u0000b"]', "NUL"),
        (f"[sources.binder]\nconcurrency = {'9' * 5000}", "more than 4,300 digits"),
        (f'[sources.binder]\nconcurrency = "{"9" * 5000}"', "it must be a whole number"),
        (f"lake = {'[' * 600}{']' * 600}", "nested too deeply"),
        (f"lake = {'{a = ' * 600}1{'}' * 600}", "nested too deeply"),
        ("".join(f"k{n} = 1\n" for n in range(50_000)), "unknown setting 'k0'"),
        (f'[sources.binder]\narchive = "ftp://{LONG}"', "archive is 'ftp://x"),
        (f'[sources.binder]\nfirst_day = "{LONG}"', "it must be a date"),
        (f"{LONG} = 1", "unknown setting"),
        (f"[sources.{LONG}]", "unknown source"),
        (f'activity = "{LONG}"\n[sources.git]', "activity is"),
    ],
    ids=range(14),
)
def test_settings_that_nobody_means_are_one_sentence(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "footfall.toml").write_text(text)

    def use() -> None:
        ff = footfall.open(tmp_path)
        assert ff.sources
        ff.mark("active", 1)

    with pytest.raises(FootfallError, match=said) as error:
        use()
    assert len(str(error.value)) < 1_500
