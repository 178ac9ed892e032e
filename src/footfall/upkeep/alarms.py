"""Which alarms start and which end; each is sent once. Pure, with a file for the state.

The file holds ongoing alarms and unsent messages. It is written before anything is sent and after each sent
message, so that a crash or an unavailable server loses no message.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from footfall.errors import FootfallError
from footfall.upkeep.ranges import RangeState

FILE = "alerts.json"


@dataclass(frozen=True)
class Message:
    """A message: an alarm started, or ended."""

    alert: str
    about: str
    """The subject of the alarm, such as a source and its table."""
    is_alarm: bool
    at: str
    """When it was found, as an instant in UTC."""
    text: str

    def __str__(self) -> str:
        return f"{self.at} {'ALARM' if self.is_alarm else 'OVER'} {self.alert}: {self.about}: {self.text}"


@dataclass(frozen=True)
class Memory:
    """The state between two checks."""

    lasting: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By alert: its subjects, with the text of each."""
    ranges: Mapping[str, RangeState] = field(default_factory=dict)
    """By range alert."""
    unsent: tuple[tuple[str, Message], ...] = ()
    """Messages with the channel that each is still to be sent to."""


def turned(
    alert: str, before: Mapping[str, str], now: Mapping[str, str], undecided: Collection[str], at: str
) -> tuple[dict[str, str], list[Message]]:
    """The ongoing alarms of an alert, and the messages about started and ended ones; undecided ones stay unchanged.

    Example:
        >>> turned("loss", {}, {"github": "3 days left"}, (), "2026-03-01T09:30:00Z")[1][0].is_alarm
        True
    """
    begun = [Message(alert, about, True, at, text) for about, text in now.items() if about not in before]
    over = [about for about in before if about not in now and about not in undecided]
    ended = [Message(alert, about, False, at, f"over; it was: {before[about]}") for about in over]
    kept = {about: text for about, text in before.items() if about not in over}
    return {**{about: text for about, text in now.items() if about not in kept}, **kept}, [*begun, *ended]


def read_memory(file: Path) -> Memory:
    """The state in `file`; empty if there is no file. Raises FootfallError if it cannot be read."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        return Memory(
            {name: dict(each) for name, each in found["lasting"].items()},
            {name: _range(each) for name, each in found["ranges"].items()},
            tuple((channel, Message(**message)) for channel, message in found["unsent"]),
        )
    except FileNotFoundError:
        return Memory()
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise FootfallError(
            f"{file}, the state of alerts, cannot be read ({type(error).__name__}); restore it, or delete "
            "it to start over: ongoing alarms are then sent again."
        ) from None


def write_memory(file: Path, memory: Memory) -> None:
    """Atomically: a new file replaces the old one."""
    content = {
        "lasting": memory.lasting,
        "ranges": {name: asdict(state) for name, state in memory.ranges.items()},
        "unsent": [(channel, asdict(message)) for channel, message in memory.unsent],
    }
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        fresh.write_text(json.dumps(content, indent=1, default=date.isoformat) + "\n", encoding="utf-8")
        os.replace(fresh, file)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise FootfallError(f"{file} cannot be written: {error.strerror}; no message was sent.") from None


def without(memory: Memory, known: Collection[str]) -> Memory:
    """The state of alerts that are still in the settings."""
    return replace(
        memory,
        lasting={name: each for name, each in memory.lasting.items() if name in known},
        ranges={name: each for name, each in memory.ranges.items() if name in known},
        unsent=tuple((channel, each) for channel, each in memory.unsent if each.alert in known),
    )


def _range(found: Mapping[str, Any]) -> RangeState:
    def day(name: str) -> date | None:
        return date.fromisoformat(found[name]) if found[name] else None

    return RangeState(day("seen"), day("alarm"), int(found["calm"]), day("level"))
