"""Batches of marks sent by programs: a list of records, parsed completely before anything is marked.

{"event": "active", "actor": 7}
{"event": "active", "actors": ["ada", 8], "at": "2026-03-02T09:30:00Z", "hourly": true}
{"event": "installed", "actor": "ada", "unique": true}
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from footfall.activity.moments import moment_of_mark
from footfall.errors import FootfallError, MarkError, did_you_mean
from footfall.stores.ids import NAMED, Actors
from footfall.stores.store import UNDATED, Request

if TYPE_CHECKING:
    from footfall.activity.activity import Activity

FIELDS = ("event", "actor", "actors", "at", "hourly", "unique")
KEPT_FOR = 24 * 3600
"""Seconds for which the key of a batch is remembered."""


@dataclass(frozen=True)
class Marked:
    """The result of a batch."""

    marks: int
    """The number of actors given, including repeated ones."""
    events: tuple[str, ...]
    is_repeated: bool = False
    """Whether the batch was served before: nothing was marked again."""


def mark_batch(activity: Activity, records: Sequence[Any], key: str = "") -> Marked:
    """Mark a batch, all or nothing; it is durable when this returns.

    Args:
        activity: Where to mark.
        records: The records; see above.
        key: A repeated key within a day means the same batch, which is marked once. Printable characters and spaces.

    Raises:
        MarkError: For an invalid record, with its position from 1; nothing was marked.
        ReusedKeyError: If another batch used the key; nothing was marked.
        ActivityError: If the store cannot be written; nothing was marked.
    """
    found: dict[str, dict[int, list[Actors]]] = defaultdict(lambda: defaultdict(list))
    slots: dict[tuple[Any, bool, bool], tuple[int, ...]] = {}
    plain: dict[Any, list[int]] = {}
    usual = (None, activity.is_hourly, False)
    for place, record in enumerate(records, 1):
        number = _plain_number(record)
        if number is not None and record["event"] in plain:
            plain[record["event"]].append(number)
            continue
        try:
            event, when, actors = _read(activity, record)
            if when not in slots:
                slots[when] = _slots(activity, *when)
            activity.check_event(event)
        except FootfallError as error:
            message = str(error).removesuffix(".").removesuffix("; nothing was marked")
            raise MarkError(f"mark {place}: {message}; nothing was marked.") from None
        if when == usual:
            plain.setdefault(event, [])
        for slot in slots[when]:
            found[event][slot].append(actors)
    for event, numbers in plain.items():
        for slot in slots[usual] if numbers else ():
            found[event][slot].append(Actors(numbers))
    marks = {event: {slot: _joined(parts) for slot, parts in by_slot.items()} for event, by_slot in found.items()}
    count = sum(len(actors) for by_slot in marks.values() for actors in by_slot.values())
    request = Request(key, _digest_of(records), int(activity.now().timestamp()), KEPT_FOR) if key else None
    is_new = activity.mark_events(marks, request)
    return Marked(count, tuple(marks), not is_new)


def _read(activity: Activity, record: Any) -> tuple[str, tuple[Any, bool, bool], Actors]:
    if not isinstance(record, Mapping):
        raise MarkError(f'it is {_shown(record)}; write an object such as {{"event": "active", "actor": 7}}.')
    for name in record:
        if name not in FIELDS:
            raise MarkError(f"unknown field {_shown(name)}{did_you_mean(str(name), FIELDS)}.")
    if "event" not in record or not isinstance(record["event"], str):
        raise MarkError('it needs a text as its event, such as "active".')
    if ("actor" in record) == ("actors" in record):
        raise MarkError("it needs either actor, or actors with a list.")
    given = record["actor"] if "actor" in record else record["actors"]
    if isinstance(given, list) != ("actors" in record):
        raise MarkError("actor is one number or text, and actors is a list of them.")
    at, hourly, unique = record.get("at"), record.get("hourly"), record.get("unique", False)
    for name, flag in (("hourly", hourly), ("unique", unique)):
        if flag is not None and not isinstance(flag, bool):
            raise MarkError(f"{name} is {_shown(flag)}; it is true or false.")
    if at is not None and not isinstance(at, str):
        raise MarkError(f'at is {_shown(at)}; write a text such as "2026-11-23" or "2026-11-23T09:30:00Z".')
    when = (at, activity.is_hourly if hourly is None else hourly, bool(unique))
    return record["event"], when, activity.naming.all_stored(given)


def _plain_number(record: Any) -> int | None:
    """The actor of a record that marks a number now, as most do; with a checked event it needs no other check."""
    if type(record) is dict and len(record) == 2 and type(record.get("event")) is str:
        actor = record.get("actor")
        if type(actor) is int and 0 <= actor < NAMED:
            return actor
    return None


def _slots(activity: Activity, at: str | None, hourly: bool, unique: bool) -> tuple[int, ...]:
    if unique and at is None:
        return (UNDATED,)
    moment = activity.now() if at is None else moment_of_mark(at, activity.now())
    return (*((UNDATED,) if unique else ()), activity.slot_of(moment, hourly))


def _joined(parts: Sequence[Actors]) -> Actors:
    if len(parts) == 1:
        return parts[0]
    return Actors([int(n) for part in parts for n in part.numbers], [name for part in parts for name in part.names])


def _digest_of(records: Sequence[Any]) -> str:
    """A digest that is equal for equal records, regardless of field order and whitespace."""
    return hashlib.blake2b(json.dumps(records, sort_keys=True).encode(), digest_size=16).hexdigest()


def _shown(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else f"{shown[:60]}…"
