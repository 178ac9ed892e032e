"""How answers look in the terminal."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console, RenderableType

from footfall import formats
from footfall.collect import SourceStatus, SourceSummary, Summary
from footfall.filters import Filter
from footfall.lake import Maintained
from footfall.ledger import Entry, Status
from footfall.metrics import Metric, Policy
from footfall.periods import ALL_TIME, Grain, Window
from footfall.states import State
from footfall.tables import Column, Replace, Role, Table
from footfall.terminal import answers, collecting, definitions
from footfall.terminal.console import open_console
from footfall.terminal.grids import sparkline
from footfall.upkeep.standing import Standing
from results import LATEST, LAUNCHES, REPOS, moment, result

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
TABLE = Table(
    "t",
    "Things.",
    (
        Column("hour", "timestamp", Role.TIME, "When."),
        Column("repo", "string", Role.DIMENSION, "Which repository."),
        Column("launches", "integer", Role.MEASURE, "How many."),
    ),
    Replace(),
)


def text_of(shown: RenderableType, width: int = 120) -> str:
    out = io.StringIO()
    Console(file=out, width=width, markup=False, highlight=False).print(shown)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())


def answer(of: Any, **options: Any) -> str:
    return text_of(answers.answer(of, **options))


def line_of(text: str, start: str) -> str:
    """The first line of a table that starts so; the span above it says (UTC)."""
    return next(line for line in text.splitlines() if line.strip().startswith(start) and "(UTC)" not in line)


def test_digits_stand_below_digits_whatever_marks_them() -> None:
    shown = answer(result([1_234_567, 89, None, 12_345], until="2026-01-05", provisional=[3]))
    days = [line_of(shown, f"2026-01-0{day}") for day in (1, 2, 4)]
    assert len({match.start() for line in days if (match := re.search(r"\d(?=\*?$|\*? {2,}$)", line))}) == 1
    assert "1,234,567" in shown
    assert "12,345*" in shown


def test_what_was_not_collected_is_no_zero() -> None:
    shown = answer(result([5, None, 0], until="2026-01-04"))
    assert line_of(shown, "2026-01-02").split() == ["2026-01-02", "–", "nothing"]
    assert line_of(shown, "2026-01-03").split() == ["2026-01-03", "0"]
    assert "– not collected: unknown, not zero" in shown


def test_coverage_is_shown_only_where_it_is_not_whole() -> None:
    assert "collected" not in answer(result([5, 6], until="2026-01-03"))
    shown = answer(result([5, 6], until="2026-01-03", coverage=[1, 0.999]))
    assert line_of(shown, "2026-01-02").split() == ["2026-01-02", "6", "99", "%"]


def test_what_is_not_over_or_known_to_be_wrong_is_not_shown_as_lost() -> None:
    states = [State.NOT_OVER, State.KNOWN_WRONG, State.LOST]
    shown = answer(result([5, 6, 7], until="2026-01-04", coverage=[0.5] * 3, states=states, provisional=[0]))
    assert [line_of(shown, f"2026-01-0{n}").split()[2:] for n in (1, 2, 3)] == [
        ["not", "over"],
        ["known", "wrong"],
        ["50", "%"],
    ]
    assert "* the period is not over" in shown


def test_a_total_that_is_not_over_misses_nothing() -> None:
    asked: dict[str, Any] = {"grain": Grain.TOTAL, "coverage": [0.99], "provisional": [0]}
    assert "99 % of the time was collected" in answer(result([5], **asked))
    shown = answer(result([5], states=[State.NOT_OVER], **asked))
    assert "%" not in shown
    assert "not over yet: everything so far was collected" in shown


def test_no_rows_have_their_reason() -> None:
    empty = replace(result([5], until="2026-01-02"), rows=result([5], until="2026-01-02").rows.slice(0, 0))
    assert "nothing matches" in answer(replace(empty, coverage=1.0))
    assert "nothing was collected for this time" in answer(replace(empty, coverage=0.0))
    unknown = replace(empty.query, since=None, until=None)
    assert "Nothing was collected yet." in answer(replace(empty, query=unknown))
    assert "There was no data at that time." in answer(replace(empty, query=replace(unknown, as_of=NOW)))


def test_a_legend_explains_the_mark_of_provisional_values_only_when_there_are_any() -> None:
    assert "provisional" not in answer(result([5, 6], until="2026-01-03"))
    assert "* provisional" in answer(result([5, 6], until="2026-01-03", provisional=[1]))


def test_definition_policies_and_notes_stand_below() -> None:
    shown = answer(
        result([5], until="2026-01-02", policies=(("status", "success"),), notes=("sample data, generated",))
    )
    below = shown[shown.index("launches: Times something was started.") :]
    assert "status = success" in below
    assert "sample data, generated" in below


def test_few_groups_become_columns_largest_first_and_other_last() -> None:
    shown = answer(
        result({"small": [1, 2, 3], "other": [900, 900, 900], "big": [10, 20, 30]}, until="2026-01-04", top=2)
    )
    assert line_of(shown, "day").split() == ["day", "big", "small", "other"]
    assert line_of(shown, "2026-01-03").split() == ["2026-01-03", "30", "3", "900"]


@pytest.mark.parametrize(("groups", "width"), [(9, 200), (6, 40)])
def test_many_groups_or_a_narrow_terminal_keep_a_line_each(groups: int, width: int) -> None:
    of = result({f"member-{n}": [n] for n in range(groups)}, until="2026-01-02")
    shown = text_of(answers.answer(of, width=width), 200)
    assert line_of(shown, "day").split() == ["day", "federation", "launches"]
    assert line_of(shown, "2026-01-01").split() == ["2026-01-01", "member-0", "0"]


def test_two_dimensions_have_a_column_each() -> None:
    shown = answer(result({"a/x": [1], "b/y": [2]}, until="2026-01-02", by=("federation", "provider")))
    assert line_of(shown, "day").split() == ["day", "federation", "provider", "launches"]


def test_a_ranking_has_shares_that_add_up_where_the_metric_does() -> None:
    of = result({"a": [75], "b": [25]}, grain=Grain.TOTAL)
    shown = answer(of)
    assert line_of(shown, "a").split()[:3] == ["a", "75", "75.0%"]
    assert line_of(shown, "b").split()[:3] == ["b", "25", "25.0%"]
    assert line_of(shown, "a").count("█") == 24
    assert line_of(shown, "b").count("█") == 8
    assert "%" not in answer(result({"a": [75], "b": [25]}, grain=Grain.TOTAL, metric=REPOS))


def test_one_number_needs_no_table() -> None:
    shown = answer(result([151_234.0], grain=Grain.TOTAL, coverage=[0.97]))
    assert "  151,234 launches\n  97 % of the time was collected" in shown


def test_a_comparison_says_with_what_and_by_how_much() -> None:
    shown = answer(result([110, 90], until="2026-01-03", previous=[100, None], compare="year"))
    assert "a year before" in line_of(shown, "day")
    assert line_of(shown, "2026-01-01").split() == ["2026-01-01", "110", "100", "+10", "+10.0", "%"]
    assert line_of(shown, "2026-01-02").split() == ["2026-01-02", "90", "–", "–", "–"]


def test_previous_is_the_window_of_equal_length_right_before() -> None:
    """Not the day before: the first day of January is checked against the first of the 31 before."""
    days = result([110, 90], until="2026-01-03", previous=[100, 90], compare="previous")
    assert days.compared_with == "2 days before"
    day = result([110], until="2026-01-02", previous=[100], compare="previous")
    assert day.compared_with == "the day before"
    total = result([110], grain=Grain.TOTAL, previous=[100], compare="previous")
    assert total.compared_with == "the same span before"


def test_a_narrow_terminal_loses_columns_but_never_a_label_or_a_digit() -> None:
    compared = result([14_487, 16_400], until="2026-01-03", previous=[14_673, 18_097], compare="year")
    narrow = text_of(answers.answer(compared, width=50), 50)
    assert line_of(narrow, "2026-01-02").split() == ["2026-01-02", "16,400", "18,097", "-1,697"]
    ranking = result({"a-repository-of-a-long-name/with-more": [75], "b": [25]}, grain=Grain.TOTAL)
    assert "█" not in text_of(answers.answer(ranking, width=60), 60)
    assert "no room for: %" in narrow
    assert line_of(text_of(answers.answer(ranking, width=60), 60), "b").split() == ["b", "25", "25.0%"]


def test_nothing_stands_behind_the_last_word_of_a_line() -> None:
    out = io.StringIO()
    Console(file=out, width=160).print(answers.answer(result([None], grain=Grain.TOTAL, notes=("Mind this.",))))
    assert [line for line in out.getvalue().splitlines() if line != line.rstrip()] == []


def test_a_provisional_gap_has_no_mark_to_explain() -> None:
    assert "* provisional" not in answer(result([None], until="2026-01-02", provisional=[0]))


def test_metrics_are_listed_with_what_their_table_is_split_by() -> None:
    shown = text_of(definitions.metric_list({"launches": LAUNCHES, "repos": REPOS}, {}, {"t": TABLE}), 60)
    assert "launches, repos by repo" in shown


def test_a_moment_is_shown_as_one() -> None:
    shown = answer(result([moment("2026-01-31T17:05")], metric=LATEST, grain=Grain.TOTAL))
    assert "2026-01-31 17:05 UTC" in shown
    assert "never" in answer(result([None], metric=LATEST, grain=Grain.TOTAL, coverage=[1]))


def test_a_long_table_shows_its_end_and_says_how_to_get_all() -> None:
    shown = answer(result(list(range(31))), most_rows=5)
    assert "2026-01-26" not in shown
    assert "2026-01-27" in shown
    assert "the last 5 of 31 lines" in shown
    assert "--format csv" in shown


def test_no_rows_are_said() -> None:
    empty = result([1], until="2026-01-02")
    object.__setattr__(empty, "rows", empty.rows.slice(0, 0))
    assert "nothing matches" in answer(empty)


def test_what_upstreams_wrote_is_never_read_as_markup() -> None:
    shown = answer(result({"[red]x[/red]": [1], "b": [2]}, grain=Grain.TOTAL))
    assert "[red]x[/red]" in shown


@given(st.lists(st.none() | st.floats(0, 1e12), min_size=1, max_size=200), st.integers(1, 80))
def test_a_sparkline_has_a_character_a_value_up_to_its_width(values: list[float | None], width: int) -> None:
    line = sparkline(values, width)
    assert len(line) == min(len(values), width)
    assert set(line) <= set("·▁▂▃▄▅▆▇█")


def test_a_sparkline_starts_at_zero_and_keeps_gaps() -> None:
    assert sparkline([0, 50, None, 100]) == "▁▄·█" or sparkline([0, 50, None, 100]) == "▁▅·█"
    assert sparkline([90, 100]) == "▇█"
    assert sparkline([0, 0]) == "▁▁"


@pytest.mark.parametrize(
    ("value", "shown"), [(1234567, "1,234,567"), (0.125, "0.12"), (123.456, "123.5"), (12345.6, "12,346"), (3.0, "3")]
)
def test_numbers_have_as_many_decimals_as_they_deserve(value: float, shown: str) -> None:
    assert formats.number(value) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(4.21, "4.2 s"), (42, "42 s"), (200, "3 min 20 s"), (7500, "2 h 05 min"), (86400, "1 day"), (777600, "9 days")],
)
def test_lengths_of_time(seconds: float, shown: str) -> None:
    assert formats.length_of(seconds) == shown


@pytest.mark.parametrize(("size", "shown"), [(5, "5 B"), (1500, "1.5 kB"), (691_000_000, "691 MB"), (6.3e9, "6.3 GB")])
def test_sizes(size: float, shown: str) -> None:
    assert formats.size_of(size) == shown


@pytest.mark.parametrize(
    ("asked", "title"),
    [
        ({"rolling": 7}, "Launches per day, 7-day mean"),
        ({"cumulative": True}, "Launches per day, running total"),
        ({"grain": Grain.TOTAL}, "Launches"),
        ({"grain": Grain.WEEK}, "Launches per week"),
    ],
)
def test_a_question_is_said_in_words(asked: dict[str, Any], title: str) -> None:
    assert result([1], **asked).title == title


def test_the_title_says_top_only_if_groups_can_be_left_out() -> None:
    two = {"gke": [1], "ovh": [2]}
    assert result(two, top=2).title == "Launches per day by federation (top 2)"
    assert result(two, top=3).title == "Launches per day by federation"


def test_a_window_is_said_by_its_first_and_last_day() -> None:
    assert formats.days_of(Window(moment("2025-01-01"), moment("2026-01-01"))) == "2025-01-01 to 2025-12-31"
    assert formats.days_of(Window(moment("2025-01-01"), moment("2025-01-02"))) == "2025-01-01"
    assert (
        formats.days_of(Window(moment("2025-01-01"), moment("2025-01-01T05:00")))
        == "2025-01-01 00:00 to 2025-01-01 05:00"
    )


def test_a_metric_is_explained_in_full() -> None:
    policy = Policy(
        "bots", "Whether bots count.", {"included": None, "excluded": Filter("is_bot", (False,))}, "excluded"
    )
    metric = Metric(
        "repos",
        "Repositories",
        "Different ones.",
        REPOS.kind,
        "repositories",
        REPOS.facts,
        2,
        (policy,),
    )
    shown = text_of(definitions.metric_details(metric, {"t": TABLE}))
    for part in (
        "Different ones.",
        "counted separately",
        "Which repository.",
        "Whether bots count.",
        "keeps is_bot=false (default)",
        "keeps everything",
        "footfall query repos",
    ):
        assert part in shown
    listed = text_of(definitions.metric_list({"launches": LAUNCHES, "repos": metric}, {}, {"t": TABLE}))
    assert line_of(listed, "launches").split()[-2:] == ["launches", "sum"]


# --- collecting


def entry(status: Status = Status.COMPLETE, day: int = 1, **more: Any) -> Entry:
    window = Window(moment(f"2026-01-{day:02}"), moment(f"2026-01-{day + 1:02}"))
    return Entry("binder", "launches", "", window, status, window.end, **more)


def summary_of(*entries: Entry, **more: Any) -> SourceSummary:
    done = SourceSummary("binder", windows=len(entries), **more)
    done.add(entries)
    return done


def test_a_summary_counts_and_then_says_what_somebody_should_read() -> None:
    done = summary_of(
        entry(rows=1000),
        entry(Status.PROVISIONAL, 2, rows=234, rejected=2, reason="2 lines refused: not JSON", sample='{"timesta'),
        entry(Status.FAILED, 3, reason="an HTML page instead of events"),
        entry(Status.MISSING, 4, reason="no file"),
        bytes=2_500_000,
        seconds=3.2,
    )
    shown = text_of(collecting.summary(Summary((done,))))
    assert line_of(shown, "binder").split() == [
        "binder",
        "1",
        "1",
        "1",
        "1",
        "1,234",
        "2",
        "2.5",
        "MB",
        "3.2",
        "s",
    ]
    assert "binder 2026-01-02: 2 lines refused: not JSON" in shown
    assert '{"timesta' in shown
    assert "binder 2026-01-03: an HTML page instead of events" in shown


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_a_summary_never_breaks_a_word(width: int) -> None:
    entries = [
        entry(rows=1_234_567, rejected=2, reason="2 lines refused: not JSON"),
        entry(Status.PROVISIONAL, 2),
        entry(Status.FAILED, 3, reason="gone"),
        entry(Status.MISSING, 4, reason="no file"),
    ]
    done = summary_of(*entries, bytes=2_500_000, seconds=200, unchanged=12_345)
    shown = text_of(collecting.summary(Summary((done,)), width=width), width=width)
    head, _, line = shown.splitlines()[:3]
    assert max(len(head), len(line)) <= width
    assert head.split()[:2] == ["source", "complete"]
    assert line.split()[0] == "binder"
    assert "failed" in head


def test_a_source_that_could_not_be_asked_says_why() -> None:
    shown = text_of(collecting.summary(Summary((summary_of(error="no answer from archive.example.org"),))))
    assert "binder: no answer from archive.example.org" in shown


def test_a_failure_about_all_time_names_no_dates() -> None:
    entry = Entry("git", "commits", "nope", ALL_TIME, Status.FAILED, NOW, reason="there is no folder nope")
    shown = text_of(collecting._note([entry]))
    assert shown == "git nope: there is no folder nope"


def test_many_notes_are_cut_and_say_where_the_rest_is() -> None:
    entries = [entry(Status.FAILED, day, reason=f"gone {day}") for day in range(1, 16)]
    shown = text_of(collecting.summary(Summary((summary_of(*entries),))))
    assert shown.count("gone") == 10
    assert "and 5 more: see `footfall status`" in shown


def test_what_is_said_of_several_days_is_one_line() -> None:
    entries = [entry(Status.FAILED, day, reason="gone") for day in (1, 2, 3, 7)]
    shown = text_of(collecting.summary(Summary((summary_of(*entries),))))
    assert shown.count("gone") == 1
    assert collecting._days([Window(entries[0].window.start, entries[2].window.end), entries[3].window]) in shown


def test_a_dry_run_says_what_would_be_fetched() -> None:
    shown = text_of(collecting.summary(Summary((SourceSummary("binder", windows=7, size=691_000_000),), True)))
    assert line_of(shown, "source").split() == ["source", "to", "fetch", "missing", "unchanged", "to", "read"]
    assert line_of(shown, "binder").split() == ["binder", "7", "0", "0", "691", "MB"]


def status_of(**more: Any) -> str:
    return text_of(collecting.status(Standing((SourceStatus("binder", "launches", **more),)), NOW))


def test_status_of_what_was_never_collected_says_what_to_do() -> None:
    shown = status_of()
    assert "nothing yet" in shown
    assert "footfall collect binder" in shown


def test_status_says_how_fresh_which_gaps_what_failed_and_why() -> None:
    shown = status_of(
        first=moment("2025-01-01"),
        fresh_until=NOW - timedelta(hours=3),
        windows=400,
        gaps=(Window(moment("2025-05-11"), moment("2025-05-15")),),
        provisional=(Window(moment("2026-03-09"), moment("2026-03-10")),),
        failed=(entry(Status.FAILED, 3, reason="an HTML page"),),
        refused=(entry(rejected=12, reason="not JSON", sample="<html>"),),
        last_collected_at=NOW,
    )
    assert "400 windows (since 2025-01-01)" in shown
    assert "2026-03-10 09:00 UTC, 3 hours ago" in shown
    assert "1 (4 days): 2025-05-11 to 2025-05-14" in shown
    assert line_of(shown, "provisional").split() == ["provisional", "2026-03-09"]
    assert "an HTML page" in shown
    assert "12 lines in 1 window" in shown
    assert "<html>" in shown
    assert "retries failed windows" in shown


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        (-120, "ahead of now"),
        (0.5, "just now"),
        (2, "2 minutes ago"),
        (31, "31 minutes ago"),
        (91, "2 hours ago"),
        (47 * 60, "47 hours ago"),
        (49 * 60, "2 days ago"),
    ],
)
def test_how_long_ago_a_source_is_fresh_until(minutes: float, said: str) -> None:
    assert said in status_of(fresh_until=NOW - timedelta(minutes=minutes), windows=1)


def test_status_of_an_unreachable_source_says_so() -> None:
    assert "no answer" in status_of(unreachable="no answer", fresh_until=NOW, windows=3)


def test_maintenance_says_what_became_of_each_table() -> None:
    shown = text_of(collecting.maintenance([Maintained("launches", 40, 2, 9_000_000, 5_000_000, 38, 4_000_000)]))
    assert line_of(shown, "launches").split() == [
        "launches",
        "40",
        "→",
        "2",
        "9.0",
        "MB",
        "→",
        "5.0",
        "MB",
        "38",
        "4.0",
        "MB",
    ]
    assert "nothing to maintain" in text_of(collecting.maintenance([]))


def watched(steps: Sequence[tuple[int, int]], *, is_terminal: bool) -> str:
    out = io.StringIO()
    console = Console(file=out, force_terminal=is_terminal, width=100, markup=False)
    with collecting.watcher(console) as watch:
        watch.ask("binder")
        watch.start("binder", 10, 2_000_000)
        for windows, size in steps:
            watch.advance(windows=windows, bytes=size)
        watch.advance(note="a word")
        watch.finish(SourceSummary("binder", windows=10, seconds=1.0))
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", out.getvalue())


def test_on_a_terminal_collecting_is_a_bar_with_windows_and_bytes() -> None:
    shown = watched([(4, 500_000), (6, 1_500_000)], is_terminal=True)
    assert "10/10 windows · 2.0 MB of 2.0 MB" in shown
    assert "━" in shown
    assert "a word" in shown


def test_before_it_is_known_how_much_there_is_a_bar_says_that_it_asks() -> None:
    out = io.StringIO()
    with collecting.watcher(Console(file=out, force_terminal=True, width=100, markup=False)) as watch:
        watch.ask("github")
    assert "asking what is new" in out.getvalue()


def test_elsewhere_it_is_plain_lines() -> None:
    shown = watched([(4, 500_000)], is_terminal=False)
    assert shown.splitlines() == ["binder: 10 windows to fetch, 2.0 MB", "binder: a word", "binder: done in 1.0 s"]


def test_a_source_that_breaks_before_it_starts_is_said_too() -> None:
    for is_terminal in (True, False):
        out = io.StringIO()
        with collecting.watcher(Console(file=out, force_terminal=is_terminal, markup=False)) as watch:
            watch.finish(SourceSummary("binder", error="no answer"))
        assert is_terminal or out.getvalue() == "binder: no answer\n"


def test_a_table_is_spelled_plainly_where_the_encoding_lacks_its_signs() -> None:
    out = io.BytesIO()
    stream = io.TextIOWrapper(out, encoding="ascii")
    open_console(file=stream).print("a → b – −5 █ ü")
    stream.flush()
    assert out.getvalue() == b"a -> b - -5 # ?\n"


def test_what_is_not_over_and_what_is_lost_look_different() -> None:
    months = ["2026-01", "2026-02"]
    states = [State.LOST, State.NOT_OVER]
    of = result([9, 4], grain=Grain.MONTH, until="2026-03-01", coverage=[0.49, 0.49], provisional=[1], states=states)
    lost, open_ = (line_of(answer(of), month) for month in months)
    assert ("49 %" in lost, "not over" in lost) == (True, False)
    assert ("49 %" in open_, "not over" in open_) == (False, True)


@pytest.mark.parametrize(
    ("states", "coverage", "said"),
    [
        ([State.COMPLETE, State.NOT_OVER], [1, 0], "– no value yet: not over"),
        ([State.COMPLETE, State.LOST], [1, 0], "– not collected: unknown, not zero"),
        ([State.LOST, State.NOT_OVER], [0, 0], "– not collected: unknown, not zero, or not over"),
    ],
)
def test_a_dash_says_why(states: list[State], coverage: list[float], said: str) -> None:
    values = [1 if share else None for share in coverage]
    shown = answer(result(values, until="2026-01-03", coverage=coverage, states=states))
    assert [line.rstrip() for line in shown.splitlines() if line.startswith("– ")] == [said]


def test_a_latest_moment_that_is_absent_is_not_missing() -> None:
    of = result([moment("2026-01-01"), None], until="2026-01-03", metric=LATEST, coverage=[1, 1])
    assert "– none in this time, which was completely collected" in answer(of)


def test_one_line_does_not_call_lost_what_is_not_over() -> None:
    asked: dict[str, Any] = {"until": "2026-01-03", "coverage": [1, 0.5]}
    assert repr(result([1, 2], states=[State.COMPLETE, State.NOT_OVER], **asked)).endswith("2 rows, not over>")
    assert repr(result([1, 2], **asked)).endswith("2 rows, 75 % collected>")


@pytest.mark.parametrize("width", [60, 80, 120])
def test_progress_stays_on_one_line(width: int) -> None:
    stream = io.StringIO()
    console = Console(file=stream, width=width, force_terminal=True, color_system=None, legacy_windows=False)
    bar = collecting.Bar(console)
    bar.start("hub_files", 768, 107_000_000)
    bar.advance(windows=700, bytes=100_000_000)
    time.sleep(0.01)
    bar.advance(windows=1, bytes=1_000_000)
    console.print(bar._progress.get_renderable())
    lines = [line for line in stream.getvalue().splitlines() if line.strip()]
    assert len(lines) == 1
    assert "701/768 windows · 101 MB of 107 MB" in lines[0]
    assert ("B/s" in lines[0]) == (width >= 80)


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        *(
            (1, many, one)
            for many, one in {"commits": "commit", "launches": "launch", "communities": "community"}.items()
        ),
        *((1, unit, unit) for unit in ("moment", "ms", "CPU", "degrees Celsius", "°C", "%")),
        (1.0, "active users", "active user"),
        (1, "releases", "release"),
        (0, "commits", "commits"),
        (1.5, "commits", "commits"),
    ],
)
def test_one_of_a_unit_is_one(value: float, unit: str, said: str) -> None:
    assert formats.unit_of(value, unit) == said
