"""Checking alerts: what starts, what ends, and sending both."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from footfall.alerts import AlertSettings
from footfall.errors import FootfallError
from footfall.formats import counted, instant_of, length_of, moment_of
from footfall.upkeep.alarms import Memory, Message, turned, without, write_memory
from footfall.upkeep.channels import channels_of, send
from footfall.upkeep.ranges import RangeState, advance
from footfall.upkeep.standing import Standing

if TYPE_CHECKING:
    from footfall.http import Client

Values = Callable[[AlertSettings, RangeState], Mapping[date, float]]
"""Reads the complete days of an alert's metric."""


@dataclass(frozen=True)
class Look:
    """The result of checking every alert."""

    memory: Memory
    messages: tuple[Message, ...] = ()
    """What started and what ended; sent, or still to be sent."""
    faults: tuple[str, ...] = ()
    """Alerts that could not be decided, and messages that could not be sent."""


def look(alerts: Sequence[AlertSettings], found: Standing, values: Values, memory: Memory, now: datetime) -> Look:
    """Check every alert and update the state; nothing is sent. Alerts that cannot be checked stay unchanged."""
    memory = without(memory, [alert.name for alert in alerts])
    messages: list[Message] = []
    faults: list[str] = []
    for alert in alerts:
        try:
            memory, said = _decided(alert, found, values, memory, now)
        except FootfallError as error:
            faults.append(f"the alert {alert.name} cannot be checked: {error}")
            continue
        messages += said
        fresh = tuple((channel, message) for message in said for channel in channels_of(alert))
        memory = replace(memory, unsent=(*memory.unsent, *fresh))
    return Look(memory, tuple(messages), tuple(faults))


def send_unsent(
    done: Look, alerts: Sequence[AlertSettings], file: Path, folder: Path, client: Callable[[], Client]
) -> Look:
    """Send pending messages; `file` is updated before the first and after each one."""
    by_name = {alert.name: alert for alert in alerts}
    memory, faults = done.memory, list(done.faults)
    write_memory(file, memory)
    for each in done.memory.unsent:
        channel, message = each
        try:
            send(channel, by_name[message.alert], message, folder, client)
        except FootfallError as error:
            faults.append(str(error))
            continue
        memory = replace(memory, unsent=tuple(other for other in memory.unsent if other is not each))
        write_memory(file, memory)
    return Look(memory, done.messages, tuple(faults))


def _decided(
    alert: AlertSettings, found: Standing, values: Values, memory: Memory, now: datetime
) -> tuple[Memory, list[Message]]:
    at = instant_of(now.replace(microsecond=0))
    if alert.when == "range":
        before = memory.ranges.get(alert.name, RangeState())
        state, turns = advance(values(alert, before), before, alert.tolerance)
        said = [Message(alert.name, alert.metric, turn.is_alarm, at, turn.text) for turn in turns]
        return replace(memory, ranges={**memory.ranges, alert.name: state}), said
    troubles = _losses(alert, found, now) if alert.when == "loss" else _standstills(alert, found, now)
    undecided = (found.unknown or {}).keys() if alert.when == "loss" else ()
    lasting, said = turned(alert.name, memory.lasting.get(alert.name, {}), troubles, undecided, at)
    return replace(memory, lasting={**memory.lasting, alert.name: lasting}), said


def _losses(alert: AlertSettings, found: Standing, now: datetime) -> dict[str, str]:
    """By source: data that it will lose within the days of the alert."""
    soon = [loss for loss in found.losses if loss.at - now <= timedelta(days=alert.days)]
    troubles = {}
    for source in dict.fromkeys(loss.source for loss in soon if alert.source in ("", loss.source)):
        first, *more = [loss for loss in soon if loss.source == source]
        where = " ".join(word for word in (first.deadline.table, first.deadline.scope) if word)
        rest = f", and {counted(len(more), 'more loss', 'more losses')}" if more else ""
        troubles[source] = f"{first.deadline.what} ({where}) {first.verdict(now)}{rest}"
    return troubles


def _standstills(alert: AlertSettings, found: Standing, now: datetime) -> dict[str, str]:
    """By source and table: how long nothing was collected."""
    return {
        f"{state.source} {state.table}": (
            f"collected only up to {moment_of(state.fresh_until)}, "
            f"{length_of((now - state.fresh_until).total_seconds())} ago"
        )
        for state in found.states
        if alert.source in ("", state.source)
        and state.fresh_until is not None
        and now - state.fresh_until > timedelta(days=alert.days)
    }
