from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

import footfall
from footfall.annotations import Annotation, AnnotationKind, Happened, KnownWrong
from footfall.errors import SettingsError, UnknownNameError
from footfall.periods import Window
from footfall.settings import read_settings

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def window(first: str, last: str) -> Window:
    return Window(at(first), at(last))


class TestRecords:
    def test_the_last_day_is_included_and_a_moment_is_the_end(self) -> None:
        days = KnownWrong.days(date(2022, 10, 20), date(2022, 11, 23), "lost.")
        assert days.window == window("2022-10-20", "2022-11-24")
        assert str(days) == "2022-10-20 to 2022-11-23 (lost)"
        hours = KnownWrong.days(at("2022-10-20T06:00"), at("2022-10-20T18:00"), "lost", scope="hub a")
        assert hours.window == window("2022-10-20T06:00", "2022-10-20T18:00")
        assert str(hours) == "2022-10-20T06:00Z to 2022-10-20T18:00Z of hub a (lost)"
        with pytest.raises(ValueError, match="would end"):
            KnownWrong.days(date(2022, 10, 20), date(2022, 10, 19), "")

    def test_a_moment_is_within_a_window_that_begins_with_it_and_parts_only_what_lies_around_it(self) -> None:
        change = Annotation.at("break", date(2026, 3, 1), "new rules")
        assert change.is_within(window("2026-03-01", "2026-04-01"))
        assert not change.is_within(window("2026-02-01", "2026-03-01"))
        assert not change.parts(window("2026-03-01", "2026-04-01"))
        assert not change.parts(window("2026-02-01", "2026-03-01"))
        assert change.parts(window("2026-02-01", "2026-03-02"))
        long = Annotation.during("break", date(2026, 3, 1), date(2026, 3, 3), "moving over")
        assert long.parts(window("2026-03-03", "2026-03-05"))
        assert not long.parts(window("2026-03-04", "2026-03-05"))

    def test_of_one_table_and_some_scopes(self) -> None:
        mine, other = Annotation.at("note", NOW, "x", table="a"), Annotation.at("note", NOW, "y", scope="s")
        happened = Happened((mine, other)).of("any", "b")
        assert happened.annotations == (other,)
        day = Window.of_day(NOW.date())
        assert happened.within(day, lambda scope: scope == "s") == (other,)
        assert happened.within(day, lambda scope: scope != "s") == ()


SETTINGS = """
[sources.git]
repositories = ["."]
[[annotations]]
at = 2026-03-01
kind = "break"
text = "new rules"
[[annotations]]
from = 2026-02-01
to = 2026-02-02T12:00:00+02:00
text = "a migration"
source = "git"
table = "commits"
[[known_wrong]]
source = "git"
from = 2026-01-12
to = 2026-01-13
reason = "lost"
"""


def test_settings_add_records(tmp_path: Path) -> None:
    (tmp_path / "footfall.toml").write_text(SETTINGS)
    with footfall.open(tmp_path, now=lambda: NOW) as ff:
        assert ff.annotations() == (
            Annotation(
                AnnotationKind.NOTE, window("2026-02-01", "2026-02-02T10:00"), "a migration", "", "git", "commits"
            ),
            Annotation(AnnotationKind.BREAK, window("2026-03-01", "2026-03-01"), "new rules"),
        )
        assert [a.text for a in ff.annotations(since="2026-02-03")] == ["new rules"]
        assert [a.text for a in ff.annotations(until="2026-03")] == ["a migration"]
    settings = read_settings(tmp_path)
    assert settings.known_wrong[0].known_wrong == KnownWrong(window("2026-01-12", "2026-01-14"), "lost", "", "git")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[annotations]]\nat = 2026-01-01", "annotations.#1.text is missing; it must be set"),
        ('[[annotations]]\ntext = "x"', "annotations.#1: it needs either `at`, or both `from` and `to`"),
        (
            '[[annotations]]\nat = 2026-01-01\nfrom = 2026-01-01\nto = 2026-01-02\ntext = "x"',
            "annotations.#1: it needs either",
        ),
        ('[[annotations]]\nfrom = 2026-01-01\ntext = "x"', "annotations.#1: it needs either"),
        ('[[annotations]]\nat = 2026-01-01\ntext = ""', "annotations.#1.text is ''"),
        (
            '[[annotations]]\nat = 2026-01-01\nkind = "brake"\ntext = "x"',
            "annotations.#1.kind is 'brake': valid: ",
        ),
        ('[[annotations]]\nat = 2026-01-01T10:00:00\ntext = "x"', "annotations.#1.at is .* has no time zone; add Z"),
        ('[[annotations]]\nat = 2026\ntext = "x"', "annotations.#1.at is 2026: write a date such as"),
        ('[[annotations]]\nat = "soon"\ntext = "x"', "annotations.#1.at is 'soon': write a date such as"),
        ('[[annotations]]\nat = 2026-01-01\ntxt = "x"', r"unknown setting 'txt'; did you mean 'text'\?"),
        ('[annotations]\nat = 2026-01-01\ntext = "x"', r"annotations is .*: it must be a list"),
        (
            '[[known_wrong]]\nsource = "git"\nfrom = 2026-01-02\nto = 2026-01-01\nreason = "x"',
            r"known_wrong.#1: it would end \(2026-01-01\) before it begins \(2026-01-02\)",
        ),
        ('[[known_wrong]]\nsource = "git"\nto = 2026-01-01\nreason = "x"', "known_wrong.#1.from is missing"),
        ('[[known_wrong]]\nsource = "git"\nfrm = 2026-01-01', r"unknown setting 'frm'; did you mean 'from'\?"),
    ],
)
def test_bad_settings_get_one_sentence(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "footfall.toml").write_text(text)
    with pytest.raises(SettingsError, match=said) as error:
        read_settings(tmp_path)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("more", "said"),
    [({"source": "gti"}, "unknown source 'gti'"), ({"source": "git", "table": "launches"}, "unknown table 'launches'")],
)
def test_names_that_are_not_set_up_are_refused(tmp_path: Path, more: dict[str, Any], said: str) -> None:
    lines = "\n".join(f'{name} = "{value}"' for name, value in more.items())
    (tmp_path / "footfall.toml").write_text(
        f'[sources.git]\nrepositories = ["."]\n[[annotations]]\nat = 2026-01-01\ntext = "x"\n{lines}\n'
    )
    with footfall.open(tmp_path) as ff, pytest.raises(UnknownNameError, match=said):
        ff.annotations()
