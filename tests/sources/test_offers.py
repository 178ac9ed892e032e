"""How collecting a window ended, as a source says it and as the ledger records it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from footfall.ledger import Status
from footfall.periods import FAR_FUTURE, Window
from footfall.sources.offers import End, Offer
from lakes import at

DAY = Window(at("2026-03-01"), at("2026-03-02"))
OFFER = Offer("visits", DAY, "a", fingerprint="one", settles_at=at("2026-03-05"))


def test_a_window_settles_at_its_moment_or_as_the_source_says() -> None:
    assert not OFFER.is_settled_at(at("2026-03-04"))
    assert OFFER.is_settled_at(at("2026-03-05"))
    assert Offer("visits", DAY).is_settled_at(at("1970-01-01"))
    assert not Offer("visits", DAY, is_settled=False).is_settled_at(at("2999-01-01"))


@pytest.mark.parametrize(
    ("outcome", "end", "early", "late"),
    [
        (OFFER.done(3), End.DONE, Status.PROVISIONAL, Status.COMPLETE),
        (OFFER.unchanged(), End.UNCHANGED, Status.PROVISIONAL, Status.COMPLETE),
        (OFFER.failed("no answer"), End.FAILED, Status.FAILED, Status.FAILED),
        (OFFER.missing("no log"), End.MISSING, Status.MISSING, Status.MISSING),
        (OFFER.retired("sold", since=at("2026-03-01")), End.RETIRED, Status.RETIRED, Status.RETIRED),
    ],
)
def test_each_end_has_its_status(outcome: object, end: End, early: Status, late: Status) -> None:
    assert outcome.end is end  # type: ignore[attr-defined]
    assert outcome.is_success is (end in (End.DONE, End.UNCHANGED))  # type: ignore[attr-defined]
    assert outcome.status_at(at("2026-03-04")) is early  # type: ignore[attr-defined]
    assert outcome.status_at(at("2026-03-05")) is late  # type: ignore[attr-defined]


def test_what_is_done_replaces_its_window_unless_it_says_otherwise() -> None:
    done = OFFER.done(3, rejected=1, sample="x", note="n", position=7)
    assert (done.window, done.replaces, done.fingerprint) == (DAY, DAY, "one")
    assert (done.rows, done.rejected, done.sample, done.note, done.position) == (3, 1, "x", "n", 7)
    cut = Window(at("2026-03-01T06"), DAY.end)
    assert OFFER.done(window=cut).replaces == cut
    nothing = Window(DAY.start, DAY.start)
    assert (OFFER.done(restates=nothing).window, OFFER.done(restates=nothing).replaces) == (DAY, nothing)
    assert OFFER.done(fingerprint="").fingerprint == ""
    assert OFFER.done(provisional_for=timedelta(days=2)).provisional_for == timedelta(days=2)


def test_what_is_not_done_replaces_nothing() -> None:
    for outcome in (OFFER.unchanged(), OFFER.failed("x"), OFFER.missing("x"), OFFER.retired("x", since=DAY.end)):
        assert outcome.replaces is None
        assert outcome.rows == 0
    assert OFFER.retired("x", since=DAY.end).window == Window(DAY.end, FAR_FUTURE)
    assert OFFER.unchanged().note is None, "the note in the ledger stays"
