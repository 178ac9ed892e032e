"""Tables and columns: what cannot be declared is refused, and what follows from a declaration."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest

from declared import DAY, PAGE, VIEWS, table
from footfall.errors import DeclarationError, UnknownNameError
from footfall.periods import Grain
from footfall.tables import Column, Names, Observe, Replace, Role, Rollup, TableEvent


@pytest.mark.parametrize(
    ("declare", "sentence"),
    [
        (lambda: table(name="Visits"), r"table 'Visits': table 'Visits' is not a valid name; use lower-case letters"),
        (lambda: table(name=""), "is not a valid name"),
        (lambda: table(DAY, VIEWS, Column("a b", "string", Role.DIMENSION, "")), "column 'a b' is not a valid name"),
        (lambda: table(name="ledger"), "the name 'ledger' is reserved"),
        (lambda: table(rollups=(Rollup("ledger", Grain.DAY, ()),)), "the name 'ledger' is reserved"),
        (lambda: table(rollups=(Rollup("visits", Grain.DAY, ()),)), "two of its rollups are called 'visits'"),
        (lambda: table(DAY, VIEWS, VIEWS), "two of its columns are called 'views'"),
        (lambda: table(DAY, VIEWS, replace(PAGE, name="month")), "the column name 'month' is reserved"),
        (lambda: table(DAY, VIEWS, replace(PAGE, name="period")), "the dimension name 'period' is reserved"),
        (lambda: table(DAY, VIEWS, replace(PAGE, name="state")), "the dimension name 'state' is reserved"),
        (lambda: table(VIEWS), "it has 0 columns with the role time; a table has exactly one"),
        (lambda: table(DAY, replace(DAY, name="hour")), "it has 2 columns with the role time"),
        (lambda: table(replace(DAY, type="string")), "its time column 'day' has the type 'string'"),
        (
            lambda: table(DAY, Column("views", "int", Role.MEASURE, "")),  # type: ignore[arg-type]
            "column 'views' has the type 'int'; valid: timestamp, string",
        ),
        (lambda: table(DAY, replace(VIEWS, type="string")), "measure 'views' has the type 'string'"),
        (lambda: table(rule=Replace(scope="site")), "its scope 'site' is not one of its dimensions; valid: page"),
        (
            lambda: table(rule=Observe(("day", "pag"), "max")),
            "its key 'pag' is not a column that can .* valid: day, page",
        ),
        (lambda: table(rule=Observe(("day", "views"), "max")), "its key 'views' is not a column that can"),
        (lambda: table(rule=Observe(("page",), "max")), r"its key lacks the time column; write key=\('day', 'page'\)"),
        (lambda: table(rule=Observe(("day",), "newest")), "it resolves by 'newest'; valid: max, latest"),  # type: ignore[arg-type]
        (
            lambda: table(DAY, PAGE, rule=Observe(("day",), "max")),
            "it resolves by the largest value but has no measure",
        ),
        (
            lambda: table(
                DAY, VIEWS, Column("observed_at", "string", Role.ATTRIBUTE, ""), rule=Observe(("day",), "max")
            ),
            "its column 'observed_at' must be a timestamp",
        ),
        (lambda: table(sort=("pages",)), "it is sorted by 'pages', which is not one of its columns; valid: day, page"),
        (
            lambda: table(rollups=(Rollup("r", Grain.DAY, ("views",)),)),
            "rollup 'r' has the dimension 'views'; valid: page",
        ),
        (
            lambda: table(rollups=(Rollup("r", Grain.WEEK, ()),)),
            "rollup 'r' sums by week; valid: hour, day, month, year",
        ),
        (lambda: table(events=(TableEvent("seen", "user", ""),)), "event 'seen' reads the column 'user'; valid: day"),
        (
            lambda: table(events=(TableEvent("seen", "page", "", (("bot", True),)),)),
            "event 'seen' reads the column 'bot'",
        ),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(declare: Any, sentence: str) -> None:
    with pytest.raises(DeclarationError, match=sentence):
        declare()


def test_an_observed_table_has_the_moment_whether_declared_or_not() -> None:
    rule = Observe(("day", "page"), "latest")
    bare = table(rule=rule)
    assert bare.names == ("day", "page", "views", "observed_at")
    assert bare.column("observed_at").type == "timestamp"
    assert table(*bare.columns, rule=rule).columns == bare.columns
    assert replace(bare, name="other").columns == bare.columns


def test_columns_are_found_by_name_and_by_role() -> None:
    visits = table()
    assert (visits.time, visits.dimensions, visits.measures) == ("day", ("page",), ("views",))
    assert visits.names == ("day", "page", "views")
    assert visits.column("page") is PAGE
    with pytest.raises(UnknownNameError, match=r"unknown column of visits 'pages'; did you mean 'page'"):
        visits.column("pages")


def test_only_the_time_is_never_empty() -> None:
    kinds = [("at", "timestamp"), ("text", "string"), ("count", "integer"), ("share", "number"), ("is_it", "boolean")]
    given = [
        Column(name, kind, Role.TIME if name == "at" else Role.ATTRIBUTE, "")  # type: ignore[arg-type]
        for name, kind in kinds
    ]
    assert table(*given).arrow_schema() == pa.schema(
        [
            pa.field("at", pa.timestamp("us", "UTC"), nullable=False),
            ("text", pa.string()),
            ("count", pa.int64()),
            ("share", pa.float64()),
            ("is_it", pa.bool_()),
        ]
    )


def test_a_rollup_is_a_narrower_table() -> None:
    site = replace(PAGE, name="site")
    note = Column("note", "string", Role.ATTRIBUTE, "")
    wide = table(DAY, PAGE, site, VIEWS, note, sort=("page", "day"))
    narrow = wide.rolled(Rollup("visits_by_month", Grain.MONTH, ("site",)))
    assert (narrow.name, narrow.names, narrow.rule) == ("visits_by_month", ("day", "site", "views"), Replace())
    assert narrow.sort == ("site", "day")
    assert narrow.description == "visits by month and site"


def test_of_values_observed_at_one_moment_measures_decide_first() -> None:
    site = replace(PAGE, name="site")
    assert table(DAY, PAGE, site, VIEWS, rule=Observe(("day", "page"), "latest")).tie_breakers == ("views", "site")


def test_the_actors_of_an_event_are_its_description_up_to_the_comma() -> None:
    assert TableEvent("launch", "repo", "Launched repositories, by day.").actors == "launched repositories"
    assert TableEvent("launch", "repo", "Users.").actors == "users"
    assert TableEvent("launch", "repo", "").actors == ""


COUNTRIES = {"DE": "Germany", "NA": "Namibia", "na": "not known"}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("DE", "DE"),
        ("germany", "DE"),
        ("NAMIBIA", "NA"),
        ("NA", "NA"),  # a code is a code, though another label might be meant
        ("na", "na"),
        ("France", "France"),  # a value without a label is itself
        ("", ""),
    ],
)
def test_a_filter_takes_the_code_or_its_label(text: str, code: str) -> None:
    for labels in (COUNTRIES, lambda: COUNTRIES):
        assert Column("country", "string", Role.DIMENSION, "", labels=labels).code_of(text) == code


def test_a_function_of_labels_is_called_once_and_only_when_it_is_needed() -> None:
    calls: list[int] = []

    def read() -> dict[str, str]:
        calls.append(1)
        return COUNTRIES

    column = Column("country", "string", Role.DIMENSION, "", labels=read)
    assert calls == []
    assert (column.code_of("germany"), column.code_of("namibia"), dict(column.codes)) == ("DE", "NA", COUNTRIES)
    assert calls == [1]


def test_a_spelling_of_its_own_wins_over_labels() -> None:
    column = Column("package", "string", Role.DIMENSION, "", labels=COUNTRIES, spelled=lambda text: text.lower())
    assert column.code_of("Germany") == "germany"


@pytest.mark.parametrize(
    "more", [{"folds_case": True}, {"labels": {}}, {"is_version": True}, {"labels": lambda: COUNTRIES}]
)
@pytest.mark.parametrize(("kind", "role"), [("integer", Role.DIMENSION), ("string", Role.ATTRIBUTE)])
def test_only_dimensions_of_texts_have_what_texts_have(more: dict[str, Any], kind: Any, role: Role) -> None:
    with pytest.raises(DeclarationError, match="column x: only a dimension of texts"):
        Column("x", kind, role, "", **more)


class TestNames:
    """A column of ids that are read as names."""

    IS_CURRENT = Column("is_current", "boolean", Role.ATTRIBUTE, "")
    NAME = Column("name", "string", Role.ATTRIBUTE, "")

    def names(self, *columns: Column, rule: Any = None) -> Names:
        held = table(
            DAY, PAGE, *(columns or (self.NAME, self.IS_CURRENT)), rule=rule or Observe(("day", "page"), "latest")
        )
        return Names(held, "page", "name", "is_current")

    def test_scopes_may_be_ids(self) -> None:
        named = replace(PAGE, names=self.names())
        held = table(DAY, named, VIEWS, rule=Replace(scope="page"))
        assert held.named == (named,)
        assert held.scope_names is named.names
        assert table(rule=Replace(scope="page")).scope_names is None
        assert table(DAY, named, VIEWS).scope_names is None

    def test_what_cannot_hold_names_is_refused(self) -> None:
        with pytest.raises(DeclarationError, match="its names are in visits, which must be an observed table"):
            replace(PAGE, names=self.names(rule=Replace()))
        with pytest.raises(DeclarationError, match="need a column 'is_current' of the type boolean in visits"):
            replace(PAGE, names=self.names(self.NAME))
        with pytest.raises(DeclarationError, match="need a column 'name' of the type string"):
            replace(PAGE, names=self.names(replace(self.NAME, type="integer"), self.IS_CURRENT))
