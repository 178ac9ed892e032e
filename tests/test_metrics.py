"""Metrics: checked when they are made, and what a question about one can be split and filtered by."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import ibis
import pytest

from declared import DAY, PAGE, VIEWS, metric, table
from footfall.errors import DeclarationError, QueryError, UnknownNameError
from footfall.filters import Filter
from footfall.metrics import KINDS, EventFact, Fact, Kind, Policy, Shared, Subject
from footfall.periods import Grain
from footfall.tables import Replace, Table


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


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"step": timedelta(hours=1)}, "is not a level and has no step"),
        ({"series": ("page",)}, "is of the kind sum, which has no series"),
        ({"kind": Kind.LEVEL}, "needs a step that divides a day"),
        ({"kind": Kind.LEVEL, "step": timedelta(hours=7)}, "needs a step that divides a day"),
    ],
)
def test_what_fits_no_kind_is_refused(more: dict[str, Any], sentence: str) -> None:
    with pytest.raises(DeclarationError, match=sentence):
        metric(**more)


def test_a_fact_of_several_columns_needs_an_expression() -> None:
    with pytest.raises(DeclarationError, match="reads 2 columns; it needs an expression of them"):
        Fact("visits", ("views", "page"))
    rows = ibis.memtable({"views": [3, 4], "bots": [1, 4]})
    people = Fact("visits", ("views", "bots"), lambda rows: rows.views - rows.bots)
    assert people.values(rows).sum().execute() == 2
    assert Fact("visits", ("views",)).values(rows).sum().execute() == 7


def test_a_silent_series_ends_after_a_day_or_three_steps() -> None:
    hourly, daily = (metric(kind=Kind.LEVEL, step=timedelta(hours=hours)) for hours in (1, 24))
    assert (hourly.silence, daily.silence) == (timedelta(days=1), timedelta(days=3))
    assert replace(hourly, ends_after=timedelta(hours=2)).silence == timedelta(hours=2)


@pytest.mark.parametrize(
    ("kind", "unit", "is_of_people"),
    [
        (Kind.SUM, "views", False),
        (Kind.SUM, "active users", True),
        (Kind.SUM, "", False),
        (Kind.LEVEL, "Users", True),
        (Kind.DISTINCT, "repositories", False),
        (Kind.DISTINCT, "launched names", False),
        (Kind.DISTINCT, "accounts", True),
        (Kind.DISTINCT, "whatever nobody thought of", True),  # better hidden than shown
        (Kind.REPORTED, "views", False),
        (Kind.REPORTED, "readers", True),
    ],
)
def test_small_counts_of_people_can_be_hidden(kind: Kind, unit: str, is_of_people: bool) -> None:
    step = timedelta(hours=1) if kind is Kind.LEVEL else None
    assert replace(metric(), kind=kind, unit=unit, step=step).counts_actors is is_of_people


def test_the_actors_of_an_event_are_people_whatever_their_unit() -> None:
    launched = replace(metric(kind=Kind.DISTINCT, facts=(EventFact("launched"),)), unit="repositories")
    assert (launched.counts_actors, launched.event, launched.tables) == (True, "launched", ())
    assert metric().event is None


def test_how_it_adds_up_is_in_words() -> None:
    assert all(replace(metric(), kind=kind).adds_up == KINDS[kind] for kind in (Kind.SUM, Kind.DISTINCT))
    shared = metric(shared=Shared("page", id="sha"))
    assert "counts in each, and once in their total" in shared.adds_up
    assert (shared.may_overlap(["page"]), shared.may_overlap(["site"]), metric().may_overlap(["page"])) == (
        True,
        False,
        False,
    )


class TestPolicies:
    BOTS = Policy("bots", "Whether bots count.", {"without": Filter("bot", (False,)), "with": None}, "without")

    def test_the_default_is_chosen_where_nothing_is(self) -> None:
        assert (self.BOTS.choose(None), self.BOTS.choose("with"), self.BOTS.open_choice) == ("without", "with", "with")
        assert replace(self.BOTS, choices={"without": self.BOTS.choices["without"]}).open_choice is None

    def test_another_choice_is_refused_with_those_there_are(self) -> None:
        with pytest.raises(UnknownNameError, match="unknown choice of policy bots 'none'"):
            self.BOTS.choose("none")
        with pytest.raises(UnknownNameError, match="Whether bots count"):  # the only choice says why it is the only one
            replace(self.BOTS, choices={"without": None}).choose("with")

    def test_it_is_found_by_name(self) -> None:
        counted = metric(policies=(self.BOTS,))
        assert counted.policy("bots") is self.BOTS
        with pytest.raises(UnknownNameError, match="unknown policy of page_views 'bot'; did you mean 'bots'"):
            counted.policy("bot")


class TestSubjects:
    """A metric with the tables that sources have set up."""

    SITE = replace(PAGE, name="site")
    VISITS = table(DAY, PAGE, SITE, VIEWS)
    HITS = table(DAY, PAGE, VIEWS, name="hits", resolution=Grain.DAY)
    BOTH = metric(facts=(Fact("visits", ("views",)), Fact("hits", ("views",))))

    def tables(self, *given: Table) -> dict[str, Table]:
        return {each.name: each for each in given}

    def test_it_is_split_by_what_all_of_its_tables_know(self) -> None:
        subject = Subject.of(self.BOTH, self.tables(self.VISITS, self.HITS))
        assert (list(subject.dimensions), subject.series, subject.resolution) == (["page"], ("page",), Grain.DAY)
        alone = Subject.of(self.BOTH, self.tables(self.VISITS))
        assert (list(alone.dimensions), alone.tables, alone.resolution) == (
            ["page", "site"],
            (self.VISITS,),
            Grain.HOUR,
        )
        assert alone.schema.names == ["page", "site"]

    def test_a_dimension_of_another_type_is_not_the_same(self) -> None:
        hits = table(DAY, replace(PAGE, type="integer"), VIEWS, name="hits")
        assert list(Subject.of(self.BOTH, self.tables(self.VISITS, hits)).dimensions) == []

    def test_what_the_source_does_not_fill_is_no_dimension_and_says_why(self) -> None:
        visits = table(DAY, PAGE, replace(self.SITE, unknown="the log has no sites"), VIEWS)
        subject = Subject.of(metric(), self.tables(visits))
        assert (list(subject.dimensions), subject.unknown) == (["page"], {"site": "the log has no sites"})

    def test_a_breakdown_answers_what_its_own_tables_cannot(self) -> None:
        country = table(DAY, replace(PAGE, name="country"), VIEWS, name="by_country")
        split = metric(breakdowns=(Fact("by_country", ("views",)), Fact("not_set_up", ("views",))))
        subject = Subject.of(split, self.tables(self.VISITS, country))
        assert list(subject.dimensions) == ["page", "site", "country"]
        assert subject.naming(["page"]) is subject
        assert [each.name for each in subject.naming(["country"]).tables] == ["by_country"]
        with pytest.raises(QueryError, match="can be split by country or by page, but not by both; use one at a time"):
            subject.naming(["page", "country"])

    def test_facts_are_collected_by_one_scope(self) -> None:
        scoped = table(name="hits", rule=Replace(scope="page"))
        with pytest.raises(DeclarationError, match="collected by different scopes: visits by nothing, hits by page"):
            Subject.of(self.BOTH, self.tables(self.VISITS, scoped))
        assert Subject.of(metric(facts=(Fact("hits", ("views",)),)), self.tables(scoped)).scope == "page"
