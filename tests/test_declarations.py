"""Declarations are checked when they are made, and against each other when a workspace is opened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from footfall.declarations import check_metrics, check_together
from footfall.errors import DeclarationError
from footfall.filters import Filter
from footfall.metrics import EventFact, Fact, Kind, Metric, Policy, Shared
from footfall.periods import Grain
from footfall.tables import Column, Observe, Replace, Role, Rollup, Table, TableEvent
from lakes import METRICS

DAY = Column("day", "timestamp", Role.TIME, "Which day.")
PAGE = Column("page", "string", Role.DIMENSION, "Which page.")
VIEWS = Column("views", "integer", Role.MEASURE, "How many.")


def table(*columns: Column, **more: Any) -> Table:
    given = {"name": "visits", "rule": Replace(), **more}
    return Table(description="A table.", columns=columns or (DAY, PAGE, VIEWS), **given)


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


# Against each other


@dataclass(frozen=True)
class Declared:
    tables: Sequence[Table] = ()
    metrics: Sequence[Metric] = ()


class Other(Declared):
    """Another kind of source."""


def test_two_sources_share_what_is_the_same() -> None:
    check_together({"a": Declared([table()], [METRICS["views"]]), "b": Other([table()], [METRICS["views"]])})
    check_together({"a": Declared([table()]), "b": Other([table(name="others")])})


@pytest.mark.parametrize(
    ("mine", "theirs", "what"),
    [
        (Declared([table()]), Other([table(DAY, VIEWS)]), "table 'visits'"),
        (Declared([table()]), Other([table(name="t", rollups=(Rollup("visits", Grain.DAY, ()),))]), "rollup 'visits'"),
        (Declared(metrics=[METRICS["views"]]), Other(metrics=[replace(METRICS["views"], title="x")]), "metric 'views'"),
        (
            Declared([table(events=(TableEvent("seen", "page", ""),))]),
            Other([table(name="t", events=(TableEvent("seen", "page", ""),))]),
            "event 'seen'",
        ),
    ],
)
def test_one_name_for_two_things_names_both_sources(mine: Declared, theirs: Declared, what: str) -> None:
    with pytest.raises(DeclarationError, match=f"the sources a and b both declare the {what}, with different"):
        check_together({"a": mine, "b": theirs})


def test_sources_of_one_kind_share_their_declarations() -> None:
    """Metrics hold functions: those of two instances need not be equal."""
    check_together(
        {"a": Declared(metrics=[METRICS["views"]]), "b": Declared(metrics=[replace(METRICS["views"], title="x")])}
    )


# Metrics, against tables


def metric(**more: Any) -> Metric:
    given = {"name": "page_views", "kind": Kind.SUM, "facts": (Fact("visits", ("views",)),), **more}
    return Metric(title="Views", description="Views of pages.", unit="views", **given)


def test_a_metric_that_its_tables_can_answer_is_accepted() -> None:
    check_metrics({"a": Declared([table()], [metric()])})
    check_metrics({"a": Declared([table()]), "b": Other(metrics=[metric()])})  # of a table of another source
    # a fact of a source that is not set up is left out
    check_metrics({"a": Declared([table()], [metric(facts=(Fact("visits", ("views",)), Fact("elsewhere", ("n",))))])})


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"name": "Page views"}, "its name is not valid; use lower-case letters"),
        ({"name": "period"}, "its name is reserved for a column of every answer"),
        ({"name": "page"}, "one of its dimensions has the same name"),
        (
            {"facts": (Fact("visit", ("views",)),)},
            "it reads the table 'visit', which no configured source .* valid: visits",
        ),
        ({"facts": (Fact("visits", ("view",)),)}, "it reads the column 'view', .* valid: day, page, views"),
        ({"kind": Kind.REPORTED, "facts": (Fact("visits", ("views",), ends="until"),)}, "it reads the column 'until'"),
        ({"kind": Kind.COUNTER, "series": ("site",)}, "its series 'site' is not one of its dimensions; valid: page"),
        (
            {"shared": Shared("site", id="page")},
            "it is shared by 'site', which is not one of its dimensions; valid: page",
        ),
        ({"shared": Shared("page", id="sha")}, "it reads the column 'sha', .* valid: day, page, views"),
        ({"policies": (Policy("bots", "", {"out": Filter("bot", (False,))}, "out"),)}, "it reads the column 'bot'"),
    ],
)
def test_a_metric_that_no_table_can_answer_is_refused(more: dict[str, Any], sentence: str) -> None:
    with pytest.raises(DeclarationError, match=f"metric '.*' of the source a: {sentence}"):
        check_metrics({"a": Declared([table()], [metric(**more)])})


def test_a_metric_is_checked_when_it_is_made() -> None:
    with pytest.raises(DeclarationError, match="page_views has no facts"):
        metric(facts=())
    with pytest.raises(DeclarationError, match="the default 'no' of policy bots is not one of its choices; valid: yes"):
        metric(policies=(Policy("bots", "", {"yes": None}, "no"),))
    with pytest.raises(DeclarationError, match="page_views has two policies named bots"):
        metric(policies=(Policy("bots", "", {"in": None}, "in"),) * 2)
    with pytest.raises(DeclarationError, match="within is 'median'; valid: mean, max, last"):
        metric(kind=Kind.LEVEL, step=timedelta(hours=1), within="median")
    with pytest.raises(DeclarationError, match="needs a step that divides a day"):
        metric(kind=Kind.LEVEL, step=-timedelta(hours=1))
    with pytest.raises(DeclarationError, match="of the kind latest, which cannot be shared"):
        metric(kind=Kind.LATEST, shared=Shared("page", id="page"))


def test_a_metric_is_declared_once_and_of_an_event_that_is_reported() -> None:
    with pytest.raises(DeclarationError, match="the source a declares the metric 'page_views' twice"):
        check_metrics({"a": Declared([table()], [metric(), metric(version=2)])})
    with pytest.raises(DeclarationError, match="it counts the actors of 'seen', which no table reports; valid: none"):
        check_metrics({"a": Declared([table()], [metric(kind=Kind.DISTINCT, facts=(EventFact("seen"),))])})
