"""The kit that checks sources, checked against sources that each break one promise, and one that breaks none."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa
import pytest

from footfall.errors import SourceError, UnknownNameError
from footfall.metrics import Metric
from footfall.periods import EPOCH, Window
from footfall.settings import Part
from footfall.sources import Batch, Context, Known, Offer, Progress
from footfall.tables import Column, Replace, Role, Table
from footfall.testing import BrokenPromisesError, Upstream, check_source
from lengths import STEP

pytestmark = pytest.mark.slow

SALES = Table(
    name="sales",
    description="What shops sold, by day.",
    columns=(
        Column("day", "timestamp", Role.TIME, "Which day."),
        Column("shop", "string", Role.DIMENSION, "Which shop."),
        Column("sold", "integer", Role.MEASURE, "How much."),
    ),
    rule=Replace(scope="shop"),
    sort=("shop", "day"),
)


class ShopsSettings(Part):
    folder: Path


class Shops:
    """A folder a shop, a CSV file a day."""

    name: ClassVar[str] = "shops"
    description: ClassVar[str] = "Sales of shops."
    Settings: ClassVar[type[ShopsSettings]] = ShopsSettings
    tables: Sequence[Table] = (SALES,)
    metrics: Sequence[Metric] = ()

    def __init__(self, settings: ShopsSettings, context: Context) -> None:
        self.folder = settings.folder
        self.context = context

    def offers(self, known: Known, now: datetime) -> Iterator[Offer]:
        if not self.folder.is_dir():
            raise SourceError(f"there is no folder {self.folder}")
        for file in sorted(self.folder.glob("*/*.csv")):
            day = Window.of_day(date.fromisoformat(file.stem))
            looks = file.read_bytes().hex()[:200]
            yield Offer("sales", day, file.parent.name, fingerprint=looks, settles_at=day.end, detail=file)

    def fetch(self, offers: Sequence[Offer], tell: Progress) -> Iterator[Batch]:
        for offer in offers:
            rows = self.read(offer)
            if not rows:
                yield Batch([offer.failed("the file is empty")])
            else:
                table = pa.Table.from_pylist(rows, schema=SALES.arrow_schema())
                yield Batch([offer.done(len(rows))], {"sales": table})

    def read(self, offer: Offer) -> list[dict[str, Any]]:
        with offer.detail.open(newline="") as text:
            return [
                {"day": offer.window.start, "shop": offer.scope, "sold": int(line["sold"])}
                for line in csv.DictReader(text)
            ]


class Street(Upstream):
    """Shops that the kit tells what to do."""

    def settings(self) -> dict[str, Any]:
        return {"folder": self.folder / "shops"}

    def begin(self) -> None:
        for shop in ("baker", "smith"):
            for days in range(3):
                self.write(shop, self.now.date() - timedelta(days=days), 5 + days)

    def write(self, shop: str, day: date, *sold: int) -> None:
        file = self.folder / "shops" / shop / f"{day}.csv"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("\n".join(["sold", *map(str, sold)]) + "\n")

    @property
    def first(self) -> Path:
        return min((self.folder / "shops" / "baker").iterdir())

    def restate(self) -> None:
        self.first.write_text("sold\n70\n")

    def take_back(self) -> None:
        self.first.write_text("sold\n7\n")

    def fail(self) -> None:
        (self.folder / "shops").rename(self.folder / "closed")

    def be_empty(self) -> None:
        self.first.write_text("sold\n")

    def recover(self) -> None:
        if (self.folder / "closed").exists():
            (self.folder / "closed").rename(self.folder / "shops")
        self.take_back()

    def add_scopes(self, count: int) -> None:
        for n in range(count):
            self.write(f"shop-{n}", self.now.date(), 3)

    def move(self, now: datetime) -> None:
        day = self.now.date()
        while day < now.date():
            day += timedelta(days=1)
            self.write("baker", day, 9)
        super().move(now)


def test_a_source_that_keeps_its_promises(tmp_path: Path) -> None:
    checked = check_source(Shops, Street, tmp_path, step=STEP)
    assert checked.skipped == ()
    assert len(checked.kept) == 10


def test_what_an_upstream_cannot_try_is_said(tmp_path: Path) -> None:
    class Still(Street):
        restate = Upstream.restate
        add_scopes = Upstream.add_scopes

    promises = ["a restated window is replaced", "300 scopes are collected together"]
    skipped = check_source(Shops, Still, tmp_path, only=promises).skipped
    assert skipped == tuple(promises)


class Rereads(Shops):
    """Cannot tell whether anything changed, and restates all of it each time."""

    def offers(self, known: Known, now: datetime) -> Iterator[Offer]:
        yield from (replace(offer, fingerprint="") for offer in super().offers(known, now))


class Grows(Rereads):
    """States another time each time it is asked."""

    def read(self, offer: Offer) -> list[dict[str, Any]]:
        return [{**row, "sold": self.context.now().second} for row in super().read(offer)]


class Deaf(Shops):
    """Never notices that something changed."""

    def offers(self, known: Known, now: datetime) -> Iterator[Offer]:
        yield from (replace(offer, fingerprint="same") for offer in super().offers(known, now))


class Erases(Shops):
    """Takes an empty file for a day without sales."""

    def fetch(self, offers: Sequence[Offer], tell: Progress) -> Iterator[Batch]:
        for offer in offers:
            rows = pa.Table.from_pylist(self.read(offer), schema=SALES.arrow_schema())
            yield Batch([offer.done(rows.num_rows)], {"sales": rows})


class Calm(Shops):
    """Does not say that upstream is away."""

    def offers(self, known: Known, now: datetime) -> Iterator[Offer]:
        return super().offers(known, now) if self.folder.is_dir() else iter(())


class Bursts(Shops):
    """Lets an exception through that is not a SourceError."""

    def offers(self, known: Known, now: datetime) -> Iterator[Offer]:
        for shop in self.folder.iterdir():
            assert shop.is_dir()
        yield from super().offers(known, now)


class Hasty(Shops):
    """Claims today as collected to its end."""

    def fetch(self, offers: Sequence[Offer], tell: Progress) -> Iterator[Batch]:
        for batch in super().fetch(offers, tell):
            outcomes = [replace(one, covered_until=one.window.end) for one in batch.outcomes]
            yield Batch(outcomes, batch.rows)


class Waits(Shops):
    """Commits every shop on its own, as a relation that cannot be held back."""

    def fetch(self, offers: Sequence[Offer], tell: Progress) -> Iterator[Batch]:
        import duckdb

        for batch in super().fetch(offers, tell):
            yield Batch(batch.outcomes, {name: duckdb.from_arrow(rows) for name, rows in batch.rows.items()})


class Remembers(Shops):
    """Believes a note of its own that it wrote before its rows were committed."""

    def fetch(self, offers: Sequence[Offer], tell: Progress) -> Iterator[Batch]:
        self.context.scratch.mkdir(parents=True, exist_ok=True)
        for offer in offers:
            note = self.context.scratch / f"{offer.scope}-{offer.window.start:%Y-%m-%d}"
            if note.exists() and note.read_text() == offer.fingerprint:
                yield Batch([offer.missing("seen before")])
                continue
            note.write_text(offer.fingerprint)
            yield from super().fetch([offer], tell)


class Recalls(Shops):
    """Takes a window that looks as when it was first read for one that is stored as it was then."""

    def fetch(self, offers: Sequence[Offer], tell: Progress) -> Iterator[Batch]:
        self.context.scratch.mkdir(parents=True, exist_ok=True)
        for offer in offers:
            note = self.context.scratch / f"{offer.scope}-{offer.window.start:%Y-%m-%d}"
            if note.exists() and note.read_text() == offer.fingerprint:
                yield Batch([offer.missing("read before")])
                continue
            if not note.exists():
                note.write_text(offer.fingerprint)
            yield from super().fetch([offer], tell)


class Wipes(Shops):
    """Takes what is not there any more for days without sales, and complains only then."""

    def offers(self, known: Known, now: datetime) -> Iterator[Offer]:
        if self.folder.is_dir():
            return super().offers(known, now)
        return (Offer(entry.table, entry.window, entry.scope) for entry in known)

    def fetch(self, offers: Sequence[Offer], tell: Progress) -> Iterator[Batch]:
        if self.folder.is_dir():
            yield from super().fetch(offers, tell)
            return
        last = offers[-1]
        yield Batch([offer.done() for offer in offers[:-1]], {"sales": SALES.arrow_schema().empty_table()})
        yield Batch([last.failed("there is no folder")])


class LooksBack(Shops):
    """Offers the last three days alone, so that a fortnight without a run leaves a hole."""

    def offers(self, known: Known, now: datetime) -> Iterator[Offer]:
        since = now - timedelta(days=3) if known else EPOCH
        yield from (offer for offer in super().offers(known, now) if offer.window.end > since)


class Strays(Shops):
    """Says that another day was collected than the one that its rows are of."""

    def fetch(self, offers: Sequence[Offer], tell: Progress) -> Iterator[Batch]:
        for batch in super().fetch(offers, tell):
            yield Batch([replace(one, covered_until=one.window.start) for one in batch.outcomes], batch.rows)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (Rereads, "a second run changes nothing: a second run with nothing new wrote to sales again"),
        (Grows, "a second run changes nothing: a second run changed what was stored: sales holds"),
        (Deaf, "a restated window is replaced: after a window was restated: sales holds 7 for"),
        (Erases, "an empty answer erases nothing: when upstream answered with nothing: sales holds nothing for"),
        (Calm, "a failure erases nothing: when upstream failed, neither an error nor a failed outcome said so"),
        (Bursts, "a failure erases nothing: when upstream failed it raised FileNotFoundError"),
        (
            Hasty,
            "runs work at any hour: at 2026-03-10 12:30 it claims that 2026-03-10 … 2026-03-11 was collected",
        ),
        (Wipes, "a failure erases nothing: when upstream failed: sales holds nothing for"),
        (
            Recalls,
            "a restatement that was killed and taken back is not trusted: a window was restated, the run killed after its "
            "commit number 3, and the window taken back: sales holds 70 for",
        ),
        (Waits, "300 scopes are collected together: 300 scopes took"),
        (Remembers, "a killed run is completed by the next: killed before its commit number 1 and run again"),
        (
            LooksBack,
            "two weeks without a run are caught up: after two weeks without a run: sales holds nothing",
        ),
        (Strays, "rows lie in what is said to be collected: sales holds a row of 2026-03-0"),
    ],
)
def test_each_broken_promise_is_one_sentence_about_what_the_source_did(
    tmp_path: Path, kind: type[Shops], said: str
) -> None:
    with pytest.raises(BrokenPromisesError) as raised:
        check_source(kind, Street, tmp_path, only=[said.partition(":")[0]])
    (promise,) = raised.value.promises
    assert said in promise
    assert "\n" not in promise
    assert promise.endswith(".")
    assert str(raised.value) == f"shops: {promise}"


def test_a_promise_that_is_none_is_said(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="unknown promise 'a second run changes nothin'; did you mean"):
        check_source(Shops, Street, tmp_path, only=["a second run changes nothin"])
