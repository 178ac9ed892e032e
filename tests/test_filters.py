"""Filters: one grammar, printed and parsed by one pair."""

from __future__ import annotations

import csv
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.errors import DeclarationError, FootfallError, QueryError, UnknownNameError
from footfall.filters import RANGES, Filter, Operator, Prefix, Value, check_filter, filter_of, label_of, parse_filter
from footfall.tables import Column, Role
from lakes import COMMITS, LakeOf, at, collected, days

PAGE = Column("page", "string", Role.DIMENSION, "Which page.")
REPO = Column("repo", "string", Role.DIMENSION, "Which repository.", folds_case=True)
VERSION = Column("version", "integer", Role.DIMENSION, "Which version.")
LOAD = Column("load", "number", Role.DIMENSION, "How much.")
IS_BOT = Column("is_bot", "boolean", Role.DIMENSION, "Whether it is a bot.")
SEEN = Column("seen_at", "timestamp", Role.DIMENSION, "When it was seen first.")
COUNTRY = Column("country", "string", Role.DIMENSION, "Where.", labels={"DE": "Germany", "FR": "France"})
DIMENSIONS = {each.name: each for each in (PAGE, REPO, VERSION, LOAD, IS_BOT, SEEN, COUNTRY)}


def parse(text: str) -> Filter:
    return parse_filter(text, DIMENSIONS, "launches")


TEXTS = st.one_of(
    st.text(),
    st.sampled_from(
        ["", "(none)", '"', '""', "*", "a*", "a,b", "=", "==", ">", " a ", "\n", "\u2003", "é", "true", "b\n"]
    ),
    st.text(alphabet=' ,"*=!<>()none\n\t'),
)
of_64_bits = st.integers(-(2**63), 2**63 - 1)
SETS = st.one_of(
    st.tuples(
        st.sampled_from(["page", "repo"]),
        st.lists(st.one_of(TEXTS, TEXTS.map(Prefix), st.none()), min_size=1, max_size=5, unique=True),
    ),
    st.tuples(st.just("version"), st.lists(st.one_of(of_64_bits, st.none()), min_size=1, max_size=5, unique=True)),
    st.tuples(
        st.just("load"), st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=5, unique=True)
    ),
    st.tuples(st.just("is_bot"), st.lists(st.one_of(st.booleans(), st.none()), min_size=1, max_size=3, unique=True)),
    st.tuples(
        st.just("seen_at"),
        st.lists(
            st.datetimes(datetime(1900, 1, 1), datetime(2999, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
            min_size=1,
            max_size=3,
            unique=True,
        ),
    ),
)


class TestThePair:
    @given(SETS, st.sampled_from(["=", "!="]))
    def test_what_is_printed_reads_back_as_itself(self, named: tuple[str, list[Any]], operator: Operator) -> None:
        dimension, values = named
        asked = Filter(dimension, tuple(values), operator)
        assert parse(str(asked)) == asked
        check_filter(asked, DIMENSIONS[dimension])

    @given(
        st.one_of(
            st.tuples(st.just("page"), TEXTS),
            st.tuples(st.just("version"), of_64_bits),
            st.tuples(st.just("load"), st.floats(allow_nan=False, allow_infinity=False)),
        ),
        st.sampled_from(list(RANGES)),
    )
    def test_ranges_too(self, named: tuple[str, Any], operator: Operator) -> None:
        asked = Filter(named[0], (named[1],), operator)
        assert parse(str(asked)) == asked
        check_filter(asked, DIMENSIONS[named[0]])

    @given(st.text())
    def test_any_text_is_a_filter_or_one_sentence(self, text: str) -> None:
        try:
            read = parse(text)
        except FootfallError:
            return
        assert parse(str(read)) == read

    @pytest.mark.parametrize(
        ("text", "values"),
        [
            ("page=a*", (Prefix("a"),)),
            ('page="a*"', ("a*",)),
            ('page="a,b"*,c', (Prefix("a,b"), "c")),
            ("page=*", (Prefix(""),)),
            ('page="*"', ("*",)),
            ('page=""', ("",)),
            ("page=", ("",)),
            ('page="(none)",(none)', ("(none)", None)),
            ("country=germany,FR,US", ("DE", "FR", "US")),
        ],
    )
    def test_what_is_meant(self, text: str, values: tuple[Any, ...]) -> None:
        assert parse(text).values == values

    @pytest.mark.parametrize(
        ("text", "sentence"),
        [
            ("page=a*b", r"'a\*b' has an asterisk before its end.*in quotes"),
            ("version>=three", "version is a whole number, not 'three'"),
            ("load<x", "load is a number, not 'x'"),
            ("page", "cannot be read"),
            ("seen_at<soon", "not a date or time"),
        ],
    )
    def test_what_cannot_be_read(self, text: str, sentence: str) -> None:
        with pytest.raises(QueryError, match=sentence):
            parse(text)

    @pytest.mark.parametrize(
        ("text", "sentence"),
        [
            ("version=3*", "only texts have a start, and version is a whole number"),
            ("page>=a,b", "compares with more than a value"),
            ("page>(none)", "compares with more than a value"),
            ("page>a*", "compares with more than a value"),
            ("is_bot>false", "true or false, which have no order"),
            ("load=nan", "load is a number, not 'nan'"),
        ],
    )
    def test_what_means_nothing(self, text: str, sentence: str) -> None:
        with pytest.raises(QueryError, match=sentence):
            check_filter(parse(text), DIMENSIONS[re.split("[=<>!]", text)[0]])

    def test_python_values_mean_what_they_say(self) -> None:
        assert filter_of("page", "a*", DIMENSIONS, "launches") == Filter("page", ("a*",))
        assert filter_of("page", {"(none)"}, DIMENSIONS, "launches") == Filter("page", ("(none)",))
        assert filter_of("page", ["a", None], DIMENSIONS, "launches") == Filter("page", ("a", None))


class TestLabels:
    @given(st.one_of(TEXTS, st.none()), st.one_of(TEXTS, st.none()))
    def test_different_values_have_different_labels(self, one: Value, other: Value) -> None:
        assert (label_of(one) == label_of(other)) == (one == other)

    def test_they_are_plain_where_they_can_be(self) -> None:
        assert [label_of(v) for v in ("a, b", "x*", None, "", "(none)", '"a"', True, 3)] == [
            "a, b",
            "x*",
            "(none)",
            '""',
            '"(none)"',
            '"""a"""',
            "true",
            "3",
        ]


class TestAccepts:
    """A filter on a value in Python, as on rows in the engine."""

    @pytest.mark.parametrize(
        ("text", "accepted", "refused"),
        [
            ("repo=A/b", ["a/b", "A/B"], ["a/c", None]),
            ("repo=jupyter/*", ["Jupyter/hub"], ["x/jupyter/", None]),
            ("repo!=jupyter/*", ["x", None], ["jupyter/hub"]),
            ("version>=3", [3, 4], [2, None]),
            ("page<b", ["a", "", "B"], ["b", "c", None]),
            ("page=*", ["", "x"], [None]),
        ],
    )
    def test_case(self, text: str, accepted: list[Value], refused: list[Value]) -> None:
        read = parse(text)
        folds = DIMENSIONS[read.dimension].folds_case
        assert [read.accepts(value, folds) for value in accepted] == [True] * len(accepted)
        assert [read.accepts(value, folds) for value in refused] == [False] * len(refused)


def test_only_texts_fold_case_or_have_labels() -> None:
    with pytest.raises(DeclarationError, match="only a dimension of texts"):
        Column("n", "integer", Role.DIMENSION, "A number.", folds_case=True)


class TestOnRows:
    """The same filter on a lake: what is stored in several spellings, with values that look like grammar."""

    REPOS = ("Jupyter/Hub", "jupyter/hub", "jupyter/lab", "a,b", "", "(none)", None, '"q"', "x*", "x*y", "ünï")

    @pytest.fixture
    def lake(self, tmp_path: Path) -> LakeOf:
        rows = [
            {"hour": at("2021-02-01"), "repo": repo, "origin": "ovh", "launches": 2**n}
            for n, repo in enumerate(self.REPOS)
        ]
        return LakeOf(tmp_path, {"launches": rows}, collected(days("2021-02-01", "2021-02-01")))

    @pytest.mark.parametrize("value", REPOS)
    def test_every_value_is_found_by_its_echo(self, lake: LakeOf, value: str | None) -> None:
        asked = lake.ask("launches", grain="total", where={"repo": [value]})
        again = lake.ask("launches", grain="total", where=asked.question["where"])
        assert (
            asked.rows["launches"].to_pylist() == again.rows["launches"].to_pylist() == [2 ** self.REPOS.index(value)]
        )

    def test_every_value_has_a_row_of_its_own_in_csv(self, lake: LakeOf) -> None:
        _, *lines = csv.reader(lake.ask("launches", grain="total", by="repo").to_csv().splitlines())
        assert {line[1] for line in lines} == {label_of(repo) for repo in self.REPOS}

    @pytest.mark.parametrize(
        ("where", "count"),
        [
            ("repo=jupyter/*", 2 + 4),
            ("repo=x*", 256 + 512),
            ('repo="x*"', 256),
            ("repo!=*", 64),
            ("repo>=jupyter/hub", 2 + 4 + 256 + 512 + 1024),
            ("repo<K", 1 + 16 + 32 + 128),
        ],
    )
    def test_starts_and_ranges(self, lake: LakeOf, where: str, count: int) -> None:
        assert lake.ask("launches", grain="total", where=where).rows["launches"].to_pylist() == [count]

    def test_a_start_of_nothing_is_told(self, lake: LakeOf) -> None:
        with pytest.raises(UnknownNameError, match=r"unknown value of repo 'jupiter/\*'; did you mean 'jupyter/"):
            lake.ask("launches", where="repo=jupiter/*")


class TestPoliciesGiveWay:
    """A filter or split on a policy's column says which rows count: the default does not contradict it."""

    @pytest.fixture
    def lake(self, tmp_path: Path) -> LakeOf:
        rows = [
            {"committed_at": at("2021-02-01"), "repo": "Core/Lib", "author": author, "commits": n}
            for author, n in (("ada", 1), ("robot", 10))
        ]
        return LakeOf(tmp_path, {"commits": rows}, collected(days("2021-02-01", "2021-02-01"), COMMITS, "Core/Lib"))

    def test_of_a_filter(self, lake: LakeOf) -> None:
        assert lake.values_of("people_commits", grain="total") == {"2021-02-01": 1}
        result = lake.ask("people_commits", grain="total", where="author=robot")
        assert result.rows["people_commits"].to_pylist() == [10]
        assert result.policies == {"robots": "included"}
        assert any("Policy robots (excluded by default) is not applied" in note for note in result.notes)

    def test_of_a_split(self, lake: LakeOf) -> None:
        rows = lake.rows_of("people_commits", grain="total", by="author")
        assert {row[1]: row[2] for row in rows} == {"ada": 1, "robot": 10}

    @pytest.mark.parametrize("where", ["repo=core/lib", "repo=CORE/*", {"repo": "CORE/LIB"}])
    def test_case_is_folded_where_the_dimension_says_so(self, lake: LakeOf, where: Any) -> None:
        """The coverage is that of the repository that was found, too."""
        assert lake.rows_of("commits", grain="total", where=where) == [("2021-02-01", 11, 1.0)]
        with pytest.raises(UnknownNameError, match="did you mean 'Core/Lib'"):
            lake.ask("commits", where="repo=core/lip")

    def test_a_choice_and_a_filter_are_not_both_possible(self, lake: LakeOf) -> None:
        with pytest.raises(QueryError, match="policy robots=excluded and the filter on author both filter by author"):
            lake.ask("people_commits", where="author=robot", policies={"robots": "excluded"})
        assert lake.values_of("people_commits", grain="total", by="author", policies={"robots": "excluded"}) == {
            ("2021-02-01", "ada"): 1
        }

    def test_what_is_asked_again_is_the_same(self, lake: LakeOf) -> None:
        first = lake.ask("people_commits", grain="total", by="author").question
        again = lake.ask("people_commits", grain=first["grain"], by=first["by"], policies=first["policies"])
        assert {row["author"] for row in again.rows.to_pylist()} == {"ada", "robot"}
