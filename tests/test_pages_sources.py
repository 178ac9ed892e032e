"""The page of sources: what is complete, missing, wrong, failed and soon lost, and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

import footfall
from footfall.annotations import KnownWrong
from footfall.collect import SourceStatus
from footfall.ledger import Entry, Status
from footfall.periods import Window
from footfall.sources import Deadline
from footfall.upkeep.standing import Loss, Standing
from footfall.web.pages.calendar import Day, calendar, days_of
from footfall.web.pages.freshness import Freshness
from footfall.web.pages.sources import losses, standings
from sites import NOW, browsing, collected


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def days(first: str, last: str) -> Window:
    return Window(day(first), day(last) + timedelta(days=1))


def failed(window: Window, reason: str) -> Entry:
    return Entry("github", "views", "a/<b>", window, Status.FAILED, window.start, reason=reason)


STATE = SourceStatus(
    "github",
    "views",
    scopes=("a/<b>", "c/d"),
    first=day("2026-01-01"),
    fresh_until=day("2026-02-01"),
    windows=31,
    gaps=(days("2026-01-05", "2026-01-06"),),
    provisional=(days("2026-01-30", "2026-01-31"),),
    failed=(failed(days("2026-01-20", "2026-01-20"), "HTTP 500 \x1b[31m"),),
    last_collected_at=day("2026-02-01"),
)
WRONG = KnownWrong(days("2026-01-10", "2026-01-11"), "half of it was lost", source="github")


def test_each_day_is_told_by_the_worst_that_is_known_of_it() -> None:
    told = dict(days_of(STATE, [WRONG], 2026, NOW))
    counts = {kind: sum(each is kind for each in told.values()) for kind in Day}
    assert counts == {Day.COMPLETE: 24, Day.PROVISIONAL: 2, Day.MISSING: 2, Day.WRONG: 2, Day.FAILED: 1}
    assert told[day("2026-01-20")] is Day.FAILED
    assert days_of(STATE, [], 2025, NOW) == []


def test_no_day_is_drawn_that_is_still_to_come() -> None:
    assert max(at for at, _ in days_of(STATE, [], 2026, day("2026-01-15"))) == day("2026-01-14")


def test_a_calendar_says_in_words_what_it_shows_in_colours() -> None:
    shown = calendar(STATE, [WRONG], 2026, NOW)
    assert shown.sentence == (
        "2026: 24 days complete, 2 days may still change, 2 days missing, 2 days known to be wrong, 1 day failed."
    )
    assert "style=" not in shown.drawing


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with collected(tmp_path_factory.mktemp("sources")) as workspace, browsing(workspace) as client:
        yield client


def test_missing_days_are_named_with_what_to_do(browser: TestClient) -> None:
    page = browser.get("/sources").text
    assert "14 to 15 Jan 2026" in page
    assert "footfall collect binder" in page
    assert "2026: 66 days complete, 2 days missing" in page
    assert ">2025</a>" in page
    assert "12 days complete" in browser.get("/sources?year=2025").text


@pytest.mark.parametrize("year", ["1", "abc", "9999", "20²6", "-2026", "9" * 10_000])
def test_a_year_that_is_none_is_one_sentence(browser: TestClient, year: str) -> None:
    answer = browser.get("/sources", params={"year": year})
    assert answer.status_code == 422
    assert "it must be from 1900 to 2026" in answer.text


def test_failures_and_losses_come_with_their_reason_their_fix_and_their_time(tmp_path: Path) -> None:
    (tmp_path / "footfall.toml").write_text("", encoding="utf-8")
    loss = Loss("github", Deadline("views", "a/<b>", NOW + timedelta(days=2), "views of 2026-02-28"))
    found = Freshness(Standing((STATE,), (loss, loss), (WRONG,)), NOW, {})
    with footfall.open(tmp_path, now=lambda: NOW) as workspace:
        (shown,) = standings(workspace, found, 2026)
    assert shown.level == "bad"
    said = {listing.title: listing for listing in shown.findings}
    assert list(said) == ["Failed", "Known to be wrong", "Missing"]
    assert said["Failed"].fix == "footfall collect github"
    assert "\x1b" not in said["Failed"].lines[0]
    assert said["Known to be wrong"].lines == ("10 to 11 Jan 2026: half of it was lost",)
    (lost,) = losses(found)
    assert (lost.what, lost.is_soon) == ("views of 2026-02-28 (2 parts)", True)


def test_without_any_source_the_page_says_how_to_begin(tmp_path: Path) -> None:
    (tmp_path / "footfall.toml").write_text("", encoding="utf-8")
    with footfall.open(tmp_path, now=lambda: NOW) as workspace, browsing(workspace) as client:
        assert "No source is set up" in client.get("/sources").text
