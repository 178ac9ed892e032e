"""Alerts: what begins and what is over is said once each, wherever it goes, and whatever fails on the way."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import footfall
from footfall.alerts import AlertSettings
from footfall.collect import SourceStatus
from footfall.errors import FootfallError, SettingsError
from footfall.sources import Deadline
from footfall.upkeep.alarms import Memory, read_memory, write_memory
from footfall.upkeep.alerting import Look, look
from footfall.upkeep.ranges import CALM, NEW_LEVEL, RangeState, Turn, advance
from footfall.upkeep.standing import Loss, Standing
from workspaces import run, write_workspace

NOW = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)
DAY = timedelta(days=1)
FIRST = date(2025, 6, 2)


def alert(**parts: Any) -> AlertSettings:
    return AlertSettings(**{"name": "one", "when": "loss", "file": "alerts.log", **parts})


def standing(losses: dict[str, datetime] | None = None, fresh: datetime = NOW, **more: Any) -> Standing:
    state = SourceStatus("hub", "hub_users", fresh_until=fresh)
    found = [
        Loss(name.split("/")[0], Deadline("t", name, at, f"days of {name}")) for name, at in (losses or {}).items()
    ]
    return Standing((state,), tuple(sorted(found, key=lambda one: one.at)), **more)


def said(done: Look) -> list[tuple[bool, str, str]]:
    return [(message.is_alarm, message.about, message.text) for message in done.messages]


def none(*_: object) -> dict[date, float]:
    return {}


# Losses and standstills


def test_a_loss_is_said_once_a_source_and_once_when_it_is_over() -> None:
    soon = standing({"github/a": NOW + 2 * DAY, "github/b": NOW + DAY, "pypi/x": NOW + 9 * DAY})
    first = look([alert()], soon, none, Memory(), NOW)
    assert said(first) == [
        (True, "github", "days of github/b (t github/b) will be lost upstream at 2026-03-11 09:30 UTC, and 1 more loss")
    ]
    again = look([alert()], soon, none, first.memory, NOW + DAY / 2)
    assert said(again) == []
    over = look([alert()], standing({"pypi/x": NOW + 9 * DAY}), none, again.memory, NOW + DAY)
    assert [(is_alarm, about) for is_alarm, about, _ in said(over)] == [(False, "github")]
    assert said(look([alert()], soon, none, over.memory, NOW))[0][0], "what comes back is an alarm of its own"


def test_what_is_not_known_of_a_source_ends_no_alarm() -> None:
    first = look([alert()], standing({"github/a": NOW}), none, Memory(), NOW)
    unknown = standing(unknown={"github": "KeyError: 'day'"})
    assert said(look([alert()], unknown, none, first.memory, NOW)) == []


def test_a_standstill_is_of_a_table_and_may_be_of_one_source() -> None:
    still = alert(when="standstill", days=3)
    late = standing(fresh=NOW - 4 * DAY)
    assert said(look([still], late, none, Memory(), NOW)) == [
        (True, "hub hub_users", "collected only up to 2026-03-06 09:30 UTC, 4 days ago")
    ]
    assert said(look([alert(when="standstill", source="pypi")], late, none, Memory(), NOW)) == []
    assert said(look([still], standing(fresh=NOW - 3 * DAY), none, Memory(), NOW)) == []


def test_an_alert_that_cannot_be_decided_stops_no_other_and_stays_as_it_was() -> None:
    def fails(*_: object) -> dict[date, float]:
        raise FootfallError("unknown metric 'lanches'")

    ranged = alert(name="two", when="range", metric="lanches")
    before = Memory(ranges={"two": RangeState(FIRST, FIRST)})
    done = look([ranged, alert()], standing({"github/a": NOW}), fails, before, NOW)
    assert done.faults == ("the alert two cannot be checked: unknown metric 'lanches'",)
    assert [message.alert for message in done.messages] == ["one"]
    assert done.memory.ranges == before.ranges


# Ranges


def weeks(count: int, value: float = 100.0) -> dict[date, float]:
    """Days with a weekly rhythm: weekends have a fifth."""
    return {FIRST + n * DAY: (value if n % 7 < 5 else value / 5) + (n * 7919 % 11) for n in range(7 * count)}


def turns(days: dict[date, float], tolerance: float = 5, seen: date | None = FIRST) -> list[Turn]:
    return advance(days, RangeState(seen), tolerance)[1]


def test_a_rhythm_of_weekdays_is_no_alarm_and_a_weekend_on_a_workday_is() -> None:
    days = weeks(30)
    assert turns(days) == []
    monday = FIRST + timedelta(weeks=29)
    [alarm] = turns({**days, monday: 2.0})[:1]
    assert (alarm.day, alarm.is_alarm) == (monday, True)
    assert alarm.text == "2 on 2025-12-22; the 26 Mondays before were 100 to 110"
    assert turns({**days, monday: 90.0}) == []


def test_an_alarm_is_over_after_a_calm_week_and_what_happens_within_it_is_part_of_it() -> None:
    days = weeks(30)
    first = FIRST + timedelta(weeks=25)
    days |= {first: 5000.0, first + 3 * DAY: 0.0}
    found = turns(days)
    assert [(turn.day, turn.is_alarm) for turn in found] == [(first, True), (first + (3 + CALM) * DAY, False)]
    assert found[1].text.startswith("back in its range, ")


def test_a_new_level_is_said_to_be_one_and_is_the_past_from_then_on() -> None:
    days = weeks(60)
    first = FIRST + timedelta(weeks=30)
    days = {day: value * (9 if day >= first else 1) for day, value in days.items()}
    found = turns(days)
    assert [(turn.day, turn.is_alarm) for turn in found] == [(first, True), (first + NEW_LEVEL, False)]
    assert f"out of its range since {first}; the new level is" in found[1].text
    back = turns({day: value / (9 if day >= first + timedelta(weeks=20) else 1) for day, value in days.items()})
    assert [turn.day for turn in back if turn.is_alarm] == [first, first + timedelta(weeks=20)]


def test_it_is_the_same_by_the_day_at_once_and_asked_again() -> None:
    days = weeks(40) | {FIRST + timedelta(weeks=30): 4000.0, FIRST + timedelta(weeks=35): 0.0}
    at_once, state = turns(days), RangeState(FIRST)
    by_day: list[Turn] = []
    for day in sorted(days):
        for _ in range(2):
            state, found = advance({each: days[each] for each in days if each <= day}, state, 5)
            by_day += found
    assert by_day == at_once
    assert sum(turn.is_alarm for turn in at_once) == 2


def test_a_short_past_says_nothing_and_an_old_one_is_not_gone_through() -> None:
    assert turns(weeks(5) | {FIRST + 34 * DAY: 9000.0}) == []
    days = weeks(30) | {FIRST + timedelta(weeks=20): 9000.0}
    assert turns(days, seen=None) == [], "the first time only the last day is looked at"


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_small_counts_and_zeros_are_no_alarm(value: float) -> None:
    days = {day: float(n * 7919 % 4) for n, day in enumerate(weeks(40))}
    assert turns({**days, FIRST + timedelta(weeks=39): value}) == []
    assert turns(dict.fromkeys(days, 0.0)) == []


# What is remembered


def test_what_is_remembered_is_read_back(tmp_path: Path) -> None:
    done = look(
        [alert()], standing({"github/a": NOW}), none, Memory(ranges={"one": RangeState(FIRST, None, 3, FIRST)}), NOW
    )
    write_memory(tmp_path / "alerts.json", done.memory)
    assert read_memory(tmp_path / "alerts.json") == replace(
        done.memory, lasting={"one": dict(done.memory.lasting["one"])}
    )
    assert read_memory(tmp_path / "nothing.json") == Memory()
    assert [path.name for path in tmp_path.iterdir()] == ["alerts.json"]


@pytest.mark.parametrize("content", ["", "[]", '{"lasting": {}}', '{"lasting": {"a": 1}, "ranges": {}, "unsent": []}'])
def test_a_damaged_memory_is_one_sentence(tmp_path: Path, content: str) -> None:
    (tmp_path / "alerts.json").write_text(content)
    with pytest.raises(FootfallError, match="restore it, or delete it to start over"):
        read_memory(tmp_path / "alerts.json")


@pytest.mark.parametrize(
    ("parts", "wrong"),
    [
        ({"when": "los"}, "alerts.#1.when"),
        ({"file": ""}, "it needs a webhook, an email or a file"),
        ({"when": "range"}, "needs a metric"),
        ({"metric": "views"}, "go with when = .range."),
        ({"webhook": "hooks.example.org"}, "must be an address that begins with https"),
        ({"email": {"to": ["a@b"], "from": "c@d", "server": "mail.example.org"}}, "smtps://user:password@host:465"),
        ({"email": {"to": [], "from": "c@d", "server": "smtp://h"}}, "email.to"),
        ({"days": 0}, "must be more than 0"),
        ({"webhok": "x"}, "unknown setting 'webhok'; did you mean 'webhook'"),
    ],
)
def test_a_wrong_setting_is_refused_with_what_is_right(tmp_path: Path, parts: dict[str, Any], wrong: str) -> None:
    from footfall.template import toml_of

    lines = {"name": "one", "when": "loss", "file": "alerts.log", **parts}
    text = "\n".join(f"{name} = {toml_of(value)}" for name, value in lines.items())
    (tmp_path / "footfall.toml").write_text(f"[[alerts]]\n{text}\n")
    with pytest.raises(SettingsError, match=wrong):
        footfall.open(tmp_path)


def test_two_alerts_of_one_name_are_refused(tmp_path: Path) -> None:
    part = '[[alerts]]\nname = "a"\nwhen = "loss"\nfile = "x"\n'
    (tmp_path / "footfall.toml").write_text(part * 2)
    with pytest.raises(SettingsError, match="two alerts are called 'a'"):
        footfall.open(tmp_path)


# Where messages go


class Hook:
    """A webhook that keeps what it gets, and refuses while `is_down`."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.status = 200


@contextmanager
def served(hook: Hook) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if hook.status == 200:
                hook.got.append(content)
            self.send_response(hook.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/services/T0000/SECRETPATH"
        server.shutdown()


def with_alerts(folder: Path, text: str) -> None:
    settings = folder / "footfall.toml"
    settings.write_text(settings.read_text() + text)


def test_a_webhook_gets_each_message_once_also_after_it_was_away(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, hook = write_workspace(tmp_path), Hook()
    with served(hook) as address:
        with_alerts(
            folder, f'[[alerts]]\nname = "still"\nwhen = "standstill"\nwebhook = "{address}"\nfile = "alerts.log"\n'
        )
        hook.status = 403
        ran = run(capsys, "-w", folder, "-vv", "collect")
        assert ran.code == 0, "what was collected is whole"
        assert "the webhook of the alert still did not accept the message (it answered 403)" in ran.err
        assert "SECRETPATH" not in ran.out + ran.err + (folder / "alerts.json").read_text()
        hook.status = 200
        for _ in range(2):
            assert run(capsys, "-w", folder, "alert").code == 0
        [got] = hook.got
    assert (got["alert"], got["about"], got["state"]) == ("still", "binder launches", "alarm")
    assert "ALARM still: binder launches: collected only up to 2026-03-10 00:00 UTC" in got["text"]
    [line] = (folder / "alerts.log").read_text().splitlines()
    assert line == got["text"]


def test_a_dry_run_sends_and_remembers_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_workspace(tmp_path)
    run(capsys, "-w", folder, "collect", "binder")
    with_alerts(folder, '[[alerts]]\nname = "still"\nwhen = "standstill"\nfile = "alerts.log"\n')
    ran = run(capsys, "-w", folder, "alert", "--dry-run")
    assert (ran.code, "ALARM still: binder launches" in ran.out) == (0, True)
    assert not (folder / "alerts.log").exists()
    assert not (folder / "alerts.json").exists()
    with_alerts(folder, '[[alerts]]\nname = "wrong"\nwhen = "range"\nmetric = "lanches"\nfile = "alerts.log"\n')
    ran = run(capsys, "-w", folder, "alert")
    assert (ran.code, "did you mean 'launches'" in ran.err) == (1, True)
    assert (folder / "alerts.log").exists(), "the other one was sent"


def test_a_metric_is_judged_by_its_complete_days(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_workspace(tmp_path)
    with_alerts(folder, '[[alerts]]\nname = "low"\nwhen = "range"\nmetric = "launches"\nfile = "alerts.log"\n')
    run(capsys, "-w", folder, "collect", "binder")
    remembered = read_memory(folder / "alerts.json")
    assert remembered.ranges["low"].seen == date(2026, 3, 9), "the last day that is complete"
    assert remembered.lasting == {}
    with footfall.open(folder) as opened:
        days = opened._complete_days(opened.settings.alerts[0], RangeState(date(2026, 3, 9)))
    assert date(2026, 1, 14) not in days, "a lost day is not a zero"
    assert min(days) == date(2025, 12, 20)


def test_an_email_goes_to_its_server(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    smtp = pytest.importorskip("aiosmtpd.controller", reason="aiosmtpd is not installed")

    class Keeper:
        mails: list[bytes] = []  # noqa: RUF012 - of this test alone

        async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
            self.mails.append(envelope.content)
            return "250 OK"

    folder, keeper = write_workspace(tmp_path), Keeper()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = smtp.Controller(keeper, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        part = (
            f'email = {{ to = ["ops@example.org"], from = "footfall@example.org", server = "smtp://127.0.0.1:{port}" }}'
        )
        with_alerts(folder, f'[[alerts]]\nname = "still"\nwhen = "standstill"\n{part}\n')
        ran = run(capsys, "-w", folder, "collect", "binder")
        assert ran.code == 0, ran.err
    finally:
        controller.stop()
    [mail] = keeper.mails
    assert b"Subject: Footfall ALARM: still" in mail
    assert b"To: ops@example.org" in mail
    assert b"binder launches: collected only up to" in mail
