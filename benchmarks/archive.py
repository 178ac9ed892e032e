"""The generated archive that the benchmarks read: made once, kept in build/."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from footfall.sources.binder.sample import Skew, write_sample_archive
from measure import BUILD

UNTIL = date(2023, 11, 1)
"""Events have version 5 of the schema then: with `ref` and `build_token`, 300 bytes a line."""
SKEW = Skew(exponent=1.35, first=2.6)
"""25,000 launches a day are of some 1,350 specs: 30 % of the first one, 72 % of the first ten, as in the real archive."""


def archive_of(days: int, events_per_day: int) -> Path:
    """`days` files of exactly `events_per_day` launches each."""
    folder = BUILD / f"archive-{days}x{events_per_day}-{UNTIL}-{SKEW.exponent}-{SKEW.first}"
    if not (folder / "index.jsonl").is_file():
        print(f"generating {days} days of {events_per_day:,} launches …", flush=True)
        write_sample_archive(folder, days, events_per_day, until=UNTIL, has_rhythm=False, skew=SKEW)
    return folder


def _unknown(event: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    return {**event, "client": chance.choice(("browser", "api", "badge", ""))}


def _numbered(event: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    return {**event, "request_id": f"{chance.getrandbits(128):032x}"}


def _shuffled(event: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    names = list(event)
    chance.shuffle(names)
    return {name: event[name] for name in names}


def _exact(event: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    at = event["timestamp"]
    return {**event, "timestamp": f"{at[:17]}{chance.randrange(60):02}.{chance.randrange(10**6):06}{at[19:]}"}


VARIANTS: Mapping[str, Callable[[dict[str, Any], random.Random], dict[str, Any]]] = {
    "an unknown field": _unknown,
    "an unknown field, another value in each line": _numbered,
    "keys in any order": _shuffled,
    "microseconds": _exact,
}
"""How an archive may differ from what is usual, and each line of it with that."""


def variant_of(archive: Path, name: str) -> Path:
    """The same launches, each line written in another way."""
    folder = archive.with_name(f"{archive.name}-{name.replace(',', '').replace(' ', '-')}")
    if (folder / "index.jsonl").is_file():
        return folder
    print(f"generating the archive with {name} …", flush=True)
    folder.mkdir(parents=True, exist_ok=True)
    chance = random.Random(name)
    for path in sorted(archive.glob("events-*.jsonl")):
        events = map(json.loads, path.read_text().splitlines())
        lines = (json.dumps(VARIANTS[name](event, chance)) for event in events)
        (folder / path.name).write_text("".join(f"{line}\n" for line in lines))
    (folder / "index.jsonl").write_bytes((archive / "index.jsonl").read_bytes())
    return folder
