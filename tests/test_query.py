from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from footfall.errors import FootfallError, QueryError, UnknownNameError
from footfall.filters import Filter
from footfall.periods import Grain
from footfall.query import Query
from lakes import METRICS, TABLES, at

NOW = datetime(2021, 3, 10, 12, tzinfo=UTC)


def parse(metric: str = "launches", **asked: Any) -> Query:
    return Query.parse(metric, metrics=METRICS, tables=TABLES, now=NOW, **asked)


def test_texts_become_a_query() -> None:
    query = parse(
        grain="Week",
        since="2021-01",
        until="2021-W08",
        by=["provider,origin", "repo"],
        where=["origin=ovh,gke", "token!=true"],
        top="10",
        as_of="2021-03-01",
        policies={"hosts": "all"},
    )
    assert query == Query(
        metrics=("launches",),
        grain=Grain.WEEK,
        since=at("2021-01-01"),
        until=at("2021-02-22"),
        by=("provider", "origin", "repo"),
        where=(Filter("origin", ("ovh", "gke")), Filter("token", (True,), "!=")),
        top=10,
        as_of=at("2021-03-01"),
        policies=(("hosts", "all"),),
    )
    assert hash(query) == hash(
        parse(
            **{name: getattr(query, name) for name in ("grain", "since", "until", "by", "where")},
            top=10,
            as_of=query.as_of,
            policies=query.policies,
        )
    )


@pytest.mark.parametrize(
    ("text", "filter"),
    [
        ("origin=ovh", Filter("origin", ("ovh",))),
        ("origin = ovh , gke", Filter("origin", ("ovh", "gke"))),
        ("origin!=ovh", Filter("origin", ("ovh",), "!=")),
        ("origin=(none)", Filter("origin", (None,))),
        ('origin="(none)"', Filter("origin", ("(none)",))),
        ("origin=ovh,(none)", Filter("origin", ("ovh", None))),
        ("origin=", Filter("origin", ("",))),
        ("origin=,ovh", Filter("origin", ("", "ovh"))),
        ("origin=ovh,ovh", Filter("origin", ("ovh",))),
        ('repo="a,b",c', Filter("repo", ("a,b", "c"))),
        ('repo="say ""hi"""', Filter("repo", ('say "hi"',))),
        ("repo=GitHub:a/b=c", Filter("repo", ("GitHub:a/b=c",))),
        ("token=true", Filter("token", (True,))),
        ("token=No,(none)", Filter("token", (False, None))),
        (Filter("repo", ("x",)), Filter("repo", ("x",))),
    ],
)
def test_filters(text: str | Filter, filter: Filter) -> None:
    assert parse(where=text).where == (filter,)


def test_filters_from_python() -> None:
    query = parse(where={"origin": ["ovh", None], "token": True, "repo": "a/b"})
    assert query.where == (Filter("origin", ("ovh", None)), Filter("token", (True,)), Filter("repo", ("a/b",)))


@pytest.mark.parametrize(
    ("where", "sentence"),
    [
        ({"origin": []}, "the filter on origin names no value"),
        (Filter("origin", ()), "the filter on origin names no value"),
        ({"origin": 5}, "a value of origin is a text, not 5"),
        ({"origin": 1.5}, "a value of origin is a text, not 1.5"),
        ({"token": 1}, "a value of token is true or false, not 1"),
    ],
)
def test_a_filter_that_means_nothing_is_no_filter_that_means_everything(where: Any, sentence: str) -> None:
    """`repo is one of []` once kept every row that has a repo."""
    with pytest.raises(QueryError, match=sentence):
        parse(where=where)


@pytest.mark.parametrize(
    ("last", "grain", "until", "since", "end"),
    [
        (1, "day", None, "2021-03-10", "2021-03-11"),
        (7, "day", None, "2021-03-04", "2021-03-11"),
        (2, "hour", None, "2021-03-10T11", "2021-03-10T13"),
        (2, "week", None, "2021-03-01", "2021-03-15"),
        (12, "month", None, "2020-04-01", "2021-04-01"),
        (3, "day", "2021-03-01", "2021-02-26", "2021-03-01"),
        (3, "day", "2021-03-01T06:00Z", "2021-02-27", "2021-03-01T06"),
    ],
)
def test_last_ends_with_the_current_period(last: int, grain: str, until: str | None, since: str, end: str) -> None:
    query = parse(last=last, grain=grain, until=until)
    assert (query.since, query.until) == (at(since), at(end))


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"metric": "launchs"}, r"unknown metric 'launchs'; did you mean 'launches'"),
        (
            {"by": "orign"},
            r"unknown dimension of launches 'orign'; did you mean 'origin'\? Valid: provider, repo, origin, token",
        ),
        ({"where": "orign=ovh"}, r"unknown dimension of launches 'orign'; did you mean 'origin'"),
        ({"where": {"orign": "ovh"}}, r"did you mean 'origin'"),
        ({"where": "ovh"}, r"filter 'ovh' cannot be read; write dimension=value"),
        ({"where": 'origin="ovh'}, r"cannot be read; put a value that holds a comma"),
        ({"where": "token=maybe"}, r"unknown value of token 'maybe'.*true, false"),
        ({"grain": "dya"}, r"unknown grain 'dya'; did you mean 'day'"),
        ({"grain": "quarter"}, r"unknown grain 'quarter'; valid: hour, day, week, month, year, total"),
        ({"metric": "views", "grain": "hour"}, r"views is known by day, not by hour; ask with grain day or coarser"),
        ({"since": "2021-02-30"}, r"'2021-02-30' is not a date or time"),
        ({"since": "2021-02-02", "until": "2021-02-01"}, r"since \(2021-02-02.*must come before until"),
        ({"since": "2021-02-02", "until": "2021-02-02"}, r"must come before until"),
        ({"since": "0001-01-01"}, r"out of range"),
        ({"last": 3, "since": "2021-01-01"}, r"give only one of them"),
        ({"last": 3, "grain": "total"}, r"a total has none"),
        ({"last": 0}, r"last is 0; it must be at least 1"),
        ({"last": "many"}, r"last is 'many'; it must be a whole number"),
        ({"last": 100_000, "grain": "year"}, r"past the end of the calendar"),
        ({"top": 3}, r"add by, one of provider, repo"),
        ({"top": -1, "by": "repo"}, r"top is -1"),
        ({"top": 5000, "by": "repo"}, r"at most 1000"),
        ({"rolling": 7, "grain": "total"}, r"a total is one|total is one"),
        ({"rolling": 7, "cumulative": True}, r"leave out one of them"),
        ({"metric": "latest_launch", "rolling": 7}, r"has no mean"),
        ({"metric": "latest_launch", "cumulative": True}, r"does not add up"),
        ({"metric": "latest_launch", "compare": "year", "last": 2}, r"no change in percent"),
        ({"metric": "users", "cumulative": True}, r"users is a level, which does not add up over time"),
        ({"cumulative": True, "grain": "total"}, r"a total is already the sum"),
        ({"compare": "year"}, r"add since or last"),
        ({"compare": "yesterday", "last": 3}, r"unknown compare 'yesterday'; valid: previous, year"),
        ({"policies": {"host": "all"}}, r"unknown policy of launches 'host'; did you mean 'hosts'"),
        ({"policies": {"hosts": "some"}}, r"unknown choice of policy hosts 'some'; valid: all, without_staging"),
    ],
)
def test_what_cannot_be_answered_says_why_and_what_to_ask(asked: dict[str, Any], sentence: str) -> None:
    with pytest.raises(FootfallError, match=sentence) as caught:
        parse(**asked)
    assert isinstance(caught.value, QueryError | UnknownNameError)
    assert "\n" not in str(caught.value)


def test_instants_need_a_zone() -> None:
    with pytest.raises(QueryError, match="no time zone"):
        parse(since="2021-02-01T06:00")
    assert parse(since="2021-02-01T06:00+02:00").since == at("2021-02-01T04")
    with pytest.raises(QueryError, match="no time zone"):
        parse(since=datetime(2021, 2, 1) + timedelta(hours=1))  # noqa: DTZ001
