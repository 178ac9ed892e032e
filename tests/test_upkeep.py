"""How everything stands and whether everything works: status, its check for monitoring, doctor."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from footfall.annotations import KnownWrong
from footfall.collect import SourceStatus
from footfall.errors import QueryError, SourceError
from footfall.lake import Lake
from footfall.ledger import Entry, Known, Status
from footfall.periods import Window, parse_length
from footfall.sources import Check, Deadline
from footfall.terminal import collecting
from footfall.upkeep.examining import checks_of
from footfall.upkeep.standing import Loss, Standing, of_sources, standing
from footfall.upkeep.worries import Thresholds, reasons
from test_collect import DAYS, NOW, Door, run
from workspaces import run as command
from workspaces import write_workspace

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FRESH = SourceStatus("door", "doors", fresh_until=NOW - HOUR, windows=3)


def loss(at: datetime, scope: str = "front") -> Loss:
    return Loss("door", Deadline("doors", scope, at, "people of 2024-01-01"))


# Reasons


def reasons_of(*losses: Loss, limits: Thresholds | None = None, **state: object) -> list[str]:
    one = SourceStatus(**{**FRESH.__dict__, **state})
    return reasons(Standing((one,), losses), NOW, limits or Thresholds())


def test_all_well_is_no_reason() -> None:
    assert reasons_of(loss(NOW + 4 * DAY), gaps=(Window.of_day(DAYS[0]),)) == []


def test_each_reason_is_one_line() -> None:
    failed = Entry("door", "doors", "front", Window.of_day(DAYS[0]), Status.FAILED, NOW, reason="smoke\nand fire")
    said = reasons_of(loss(NOW + DAY), unreachable="it is shut", fresh_until=NOW - 4 * DAY, failed=(failed,))
    assert said == [
        "door: failed in the last run: it is shut",
        "door · doors: is collected only up to 2024-01-06 12:00 UTC, 4 days ago",
        "door · doors: 1 window failed, the first: front: smoke and fire",
        "door · doors · front: people of 2024-01-01 will be lost upstream at 2024-01-11 12:00 UTC",
    ]


def test_what_others_say_does_not_steer_a_terminal() -> None:
    from test_terminal import text_of

    failed = (
        Entry("door", "doors", "\x1b[2Jfront", Window.of_day(DAYS[0]), Status.FAILED, NOW, reason="\x1b]0;x\x07no"),
    )
    [line] = reasons_of(failed=failed)
    state = SourceStatus(**{**FRESH.__dict__, "failed": failed})
    found = Standing((state,), (loss(NOW + DAY, "\x9b31m\u202efront"),))
    for said in (line, text_of(collecting.status(found, NOW))):
        assert "front" in said
        assert not any(control in said for control in ("\x1b]", "\x1b[2J", "\x07", "\x9b", "\u202e"))


def test_thresholds_move_each_reason() -> None:
    failed = (Entry("door", "doors", "", Window.of_day(DAYS[0]), Status.FAILED, NOW, reason="smoke"),)
    assert reasons_of(failed=failed, limits=Thresholds(has_failed=False)) == []
    assert reasons_of(fresh_until=NOW - 4 * DAY, limits=Thresholds(stale_after=5 * DAY)) == []
    assert len(reasons_of(loss(NOW + 4 * DAY), limits=Thresholds(lost_within=5 * DAY))) == 1
    gaps = (Window.of_day(DAYS[0]), Window.of_day(DAYS[7]))
    assert reasons_of(gaps=gaps, limits=Thresholds(gaps_within=7 * DAY)) == [
        "door · doors: 1 gap, the last: 2024-01-08"
    ]


def test_nothing_collected_nothing_set_up_and_a_loss_that_came_are_reasons() -> None:
    assert reasons(Standing(()), NOW, Thresholds()) == ["no source is set up"]
    assert reasons_of(fresh_until=None) == ["door · doors: nothing was collected yet"]
    assert "was lost upstream at 2024-01-10 11:00 UTC" in reasons_of(loss(NOW - HOUR))[0]


@pytest.mark.parametrize(
    ("text", "length"), [("90m", 1.5 * HOUR), (" 6H", 6 * HOUR), ("3 d", 3 * DAY), ("2w", 14 * DAY)]
)
def test_a_length_is_a_number_and_a_unit(text: str, length: timedelta) -> None:
    assert parse_length(text) == length


@pytest.mark.parametrize("text", ["", "6", "h", "0d", "-3d", "3 days", "1.5h", "9999999d"])
def test_what_is_no_length_is_refused_with_what_is(text: str) -> None:
    with pytest.raises(QueryError, match="write a number and a unit: 90m, 6h, 3d or 2w"):
        parse_length(text)


# What upstream will forget


class Forgetting(Door):
    """A door whose keeper throws the count of a day away after two weeks."""

    def deadlines(self, known: Known, now: datetime) -> Iterator[Deadline]:
        for day in DAYS:
            if known.stored("doors", "", Window.of_day(day)) is None:
                yield Deadline("doors", "", Window.of_day(day).end + 14 * DAY, f"people of {day}")

    def checks(self, now: datetime) -> Iterator[Check]:
        yield Check("open", "ok")
        raise SourceError("the key is lost")


def test_what_will_be_lost_comes_from_the_sources_and_what_is_collected(tmp_path: Path) -> None:
    from footfall.annotations import Happened

    lake = Lake.open(str(tmp_path / "lake"))
    door = Forgetting({day: 1 for day in DAYS if day.day not in (4, 7)})
    broken = Forgetting({})
    broken.deadlines = lambda known, now: (_ for _ in ()).throw(KeyError("day"))  # type: ignore[method-assign]
    run(lake, door)
    found = standing({"door": door, "broken": broken}, lake, lake.snapshot([]), Happened(), NOW)
    assert [(each.source, each.deadline.what) for each in found.losses] == [
        ("door", "people of 2024-01-04"),
        ("door", "people of 2024-01-07"),
    ]
    assert found.unknown == {"broken": "KeyError: 'day'"}
    assert [state.source for state in found.states] == ["door", "broken"]
    assert of_sources(found, ["broken"]).losses == ()


def test_status_shows_losses_and_known_wrong_intervals() -> None:
    from test_terminal import text_of

    wrong = KnownWrong.days(DAYS[0], DAYS[2], "the counter was off", table="doors")
    elsewhere = KnownWrong.days(DAYS[0], DAYS[2], "another table", table="bells")
    found = Standing((FRESH,), tuple(loss(NOW + n * DAY) for n in range(1, 8)), (wrong, elsewhere))
    said = text_of(collecting.status(found, NOW))
    assert "known wrong" in said
    assert "2024-01-01 to 2024-01-03 (the counter was off)" in said
    assert "another table" not in said
    assert "2024-01-11 12:00 UTC (in 1 day): front: people of 2024-01-01" in said
    assert "… and 2 more" in said


# Doctor


def test_a_fault_of_a_sources_checks_is_a_failed_check_after_those_that_worked() -> None:
    found = list(checks_of("door", Forgetting({}), NOW))
    assert [(each.check.state, each.check.detail) for each in found] == [("ok", ""), ("failed", "the key is lost")]
    assert [each.check.state for each in checks_of("door", Door({}), NOW)] == ["unknown"]


def test_doctor_tries_everything_and_says_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_workspace(tmp_path)
    ran = command(capsys, "-w", folder, "doctor")
    assert ran.code == 0, ran.out + ran.err
    for said in ("lake", "activity", "engine", "list the archive", "project: look at the folder"):
        assert said in ran.out
    assert "all checks passed" in ran.out
    settings = (folder / "footfall.toml").read_text()
    wrong = settings.replace('"sample-archive"', '"nowhere"').replace('["project"]', '["project", "gone"]')
    (folder / "footfall.toml").write_text(wrong + "\n[sources.files]\ntabels = []\n")
    ran = command(capsys, "-w", folder, "doctor", "--format", "json")
    assert ran.code == 1
    failed = {each["name"]: each for each in json.loads(ran.out) if each["state"] == "failed"}
    assert failed.keys() == {"[sources.files]", "list the archive", "gone: look at the folder"}
    assert "unknown setting 'tabels'" in failed["[sources.files]"]["detail"]
    assert "does not exist" in failed["list the archive"]["detail"]


def test_doctor_names_what_alerts_watch_and_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_workspace(tmp_path)
    alerts = "".join(
        f'\n[[alerts]]\nname = "{name}"\nwhen = "{when}"\n{what}\nfile = "alerts.log"\n'
        for name, when, what in (
            ("good", "range", 'metric = "launches"'),
            ("slip", "range", 'metric = "launchs"'),
            ("still", "standstill", 'source = "bindr"'),
        )
    )
    file = folder / "footfall.toml"
    file.write_text(file.read_text() + alerts)
    ran = command(capsys, "-w", folder, "doctor", "--format", "json")
    assert ran.code == 1
    failed = {each["name"]: each["detail"] for each in json.loads(ran.out) if each["state"] == "failed"}
    assert failed.keys() == {"alert slip", "alert still"}
    assert failed["alert slip"].startswith("unknown metric 'launchs'; did you mean 'launches'")
    assert failed["alert still"].startswith("unknown source 'bindr'; did you mean 'binder'?")


def test_doctor_names_projects_that_nothing_was_collected_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_workspace(tmp_path)
    projects = "".join(
        f'\n[[projects]]\nname = "{name}"\n{what}\n'
        for name, what in (("good", 'git = "project"'), ("slip", 'git = "projetc"'), ("later", 'pypi = "later"'))
    )
    file = folder / "footfall.toml"
    file.write_text(file.read_text() + projects)
    before = command(capsys, "-w", folder, "doctor", "--format", "json")
    assert not [each for each in json.loads(before.out) if each["state"] == "failed"], "nothing is collected yet"
    command(capsys, "-w", folder, "collect", "git")
    ran = command(capsys, "-w", folder, "doctor", "--format", "json")
    failed = {each["name"]: (each["detail"], each["fix"]) for each in json.loads(ran.out) if each["state"] == "failed"}
    assert failed == {
        "project slip": (
            "git has no data of 'projetc'; did you mean 'project'? Valid: project",
            "correct the name under [[projects]], or have [sources.git] collect it",
        )
    }


def test_a_workspace_of_marks_needs_no_source(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "footfall.toml").write_text("")
    for expected in (1, 0):
        for asked in (["doctor"], ["status", "--check"]):
            ran = command(capsys, "-w", tmp_path, *asked)
            assert (ran.code, "no source is set up" in ran.out) == (expected, bool(expected)), ran
        command(capsys, "-w", tmp_path, "mark", "active", "ada")


def test_doctor_leaves_nothing_behind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_workspace(tmp_path)
    before = {path for path in folder.rglob("*") if ".git" not in path.parts}
    command(capsys, "-w", folder, "doctor")
    assert {path for path in folder.rglob("*") if ".git" not in path.parts} - before == set()


def test_status_for_monitoring(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_workspace(tmp_path)
    ran = command(capsys, "-w", folder, "status", "--check")
    assert (ran.code, ran.out.splitlines()) == (
        1,
        ["binder · launches: nothing was collected yet", "git · commits: nothing was collected yet"],
    )
    command(capsys, "-w", folder, "collect")
    ran = command(capsys, "-w", folder, "status", "git", "--check")
    assert (ran.code, ran.out) == (0, "")
    ran = command(capsys, "-w", folder, "status", "--check", "--format", "json", "--stale-after", "30000d")
    found = json.loads(ran.out)
    assert (ran.code, found["reasons"]) == (0, [])
    launches = found["tables"][0]
    assert (launches["table"], launches["windows"]) == ("launches", 78)
    assert launches["gaps"] == [{"from": "2026-01-14T00:00:00Z", "to": "2026-01-16T00:00:00Z"}]
    assert datetime.fromisoformat(found["asked_at"]) <= datetime.now(UTC)
    ran = command(capsys, "-w", folder, "status", "nothing")
    assert (ran.code, "unknown source 'nothing'" in ran.err) == (1, True)
    ran = command(capsys, "-w", folder, "status", "--stale-after", "soon")
    assert (ran.code, "'soon' is not a length of time" in ran.err) == (1, True)
