"""Declarations are checked when they are made, and against each other when a workspace is opened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from declared import DAY, VIEWS, metric, table
from footfall.declarations import check_metrics, check_together
from footfall.errors import DeclarationError
from footfall.filters import Filter
from footfall.metrics import EventFact, Fact, Kind, Metric, Policy, Shared
from footfall.periods import Grain
from footfall.tables import Rollup, Table, TableEvent
from lakes import METRICS

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


def test_a_metric_is_declared_once_and_of_an_event_that_is_reported() -> None:
    with pytest.raises(DeclarationError, match="the source a declares the metric 'page_views' twice"):
        check_metrics({"a": Declared([table()], [metric(), metric(version=2)])})
    with pytest.raises(DeclarationError, match="it counts the actors of 'seen', which no table reports; valid: none"):
        check_metrics({"a": Declared([table()], [metric(kind=Kind.DISTINCT, facts=(EventFact("seen"),))])})
