"""Retention of real customers, as published and as counted independently, to the customer.

CDNOW: 23,570 people who bought for the first time in the first quarter of 1997. Online Retail: a shop in 2010 and 2011.
Between them stand the usual mistakes: rolling instead of calendar months, a month that is not over counted as one,
customers without an id counted as one customer.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

import footfall
from activities import InMemory
from footfall.retention.cohorts import Cohort, cohort
from footfall.settings import Settings
from footfall.stores.ids import Actors

_CDNOW = {
    "1997-01": "7846 1157 964 810 679 736 720 582 559 594 673 634 528 511 664 472 497 498",
    "1997-02": "8476 1312 980 783 847 786 626 619 666 721 661 545 568 718 545 548 551",
    "1997-03": "7248 1032 752 756 674 564 561 579 634 569 464 472 678 420 443 457",
}
_RETAIL = "948 362 317 367 341 376 360 336 336 374 354 474 260"
_RETAIL_PUBLISHED = "949 363 318 368 342 377"


def store_of(bought: Iterable[tuple[int, date]]) -> InMemory:
    store = InMemory()
    for customer, day in bought:
        store.mark("bought", day, [customer])
    return store


@pytest.fixture(scope="module")
def cdnow(shared_data: Path) -> InMemory:
    with gzip.open(shared_data / "cohorts" / "cdnow" / "CDNOW_master.txt.gz", "rt") as file:
        lines = [line.split() for line in file if line.strip()[:1].isdigit()]
    assert len(lines) == 69_659
    return store_of((int(line[0]), datetime.strptime(line[1], "%Y%m%d").replace(tzinfo=UTC).date()) for line in lines)


def retail(folder: Path, missing: int | None) -> InMemory:
    with (folder / "cohorts" / "online_retail" / "online_cohorts.csv").open() as file:
        rows = [(row["CustomerID"], date.fromisoformat(row["InvoiceDate"])) for row in csv.DictReader(file)]
    known = ((int(float(who)) if who.strip("NA") else missing, day) for who, day in rows)
    return store_of((who, day) for who, day in known if who is not None)


def months(store: InMemory, since: date, until: date, columns: int = 18, kind: str = "new", rows: int = 3) -> Cohort:
    start, now = (datetime(day.year, day.month, day.day, 12, tzinfo=UTC) for day in (since, until))
    return cohort(store, "bought", "bought", now=now, grain="month", last=rows, columns=columns, since=start, kind=kind)


def counts_of(found: Cohort) -> dict[str, str]:
    return {row.period.label: " ".join(map(str, row.counts)) for row in found.rows}


def test_months_of_cdnow(cdnow: InMemory) -> None:
    found = months(cdnow, date(1997, 1, 1), date(1998, 6, 30))
    assert counts_of(found) == _CDNOW
    assert [row.size for row in found.rows] == [7846, 8476, 7248]
    assert [found.is_provisional(row, len(row.counts) - 1) for row in found.rows] == [True, True, True]
    a_day_later = months(cdnow, date(1997, 1, 1), date(1998, 7, 1))
    assert not a_day_later.is_provisional(a_day_later.rows[0], 17)


def test_months_of_cdnow_from_a_store_on_disk(cdnow: InMemory, tmp_path: Path) -> None:
    ff = footfall.open(Settings(folder=tmp_path), now=lambda: datetime(1998, 6, 30, 12, tzinfo=UTC))
    ff.activity.store.mark("bought", {slot: Actors(sorted(ids)) for (_, slot), ids in cdnow.sets.items()})
    for _ in range(2):  # read from the file, then from memory
        assert (
            counts_of(
                ff.cohort("bought", "bought", grain="month", columns=18, since="1997", until="1997-04", kind="new")
            )
            == _CDNOW
        )


def test_nobody_of_cdnow_is_new_twice(cdnow: InMemory) -> None:
    found = months(cdnow, date(1997, 1, 1), date(1998, 6, 30), rows=18)
    assert sum(row.size for row in found.rows) == 23_570
    assert [row.size for row in found.rows[3:]] == [0] * 15


def test_customers_of_the_cdnow_sample_who_bought_again(shared_data: Path) -> None:
    """946 of 2,357, as published: on another day, so days tell them."""
    text = (shared_data / "cohorts" / "cdnow" / "CDNOW_sample.txt").read_text()
    lines = [line.split() for line in text.splitlines() if line.strip()]
    store = store_of((int(line[1]), datetime.strptime(line[2], "%Y%m%d").replace(tzinfo=UTC).date()) for line in lines)
    found = cohort(
        store,
        "bought",
        "bought",
        now=datetime(1997, 9, 30, 23, tzinfo=UTC),
        grain="day",
        last=90,
        columns=2,
        since=datetime(1997, 1, 1, tzinfo=UTC),
        kind="new",
        retention="unbounded",
    )
    assert sum(row.size for row in found.rows) == 2357
    assert sum(row.counts[1] for row in found.rows) == 946


def test_months_of_online_retail(shared_data: Path) -> None:
    found = months(retail(shared_data, None), date(2010, 12, 1), date(2011, 12, 31), rows=1)
    assert counts_of(found) == {"2010-12": _RETAIL}


def test_the_published_table_counts_customers_without_an_id_as_one(shared_data: Path) -> None:
    found = months(retail(shared_data, 0), date(2010, 12, 1), date(2011, 12, 31), rows=1)
    assert counts_of(found)["2010-12"].startswith(_RETAIL_PUBLISHED)
