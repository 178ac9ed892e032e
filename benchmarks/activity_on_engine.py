"""Questions about activity from the store and, with the same answers, from the facts in the lake on DuckDB.

Half a year of 10,000 of 100,000 users a day. The store is faster as long as it holds everything: its sets are what the
engine has to make for each question.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

import footfall
from footfall.workspace import Workspace
from measure import BUILD, alternate, size_of, timed

DAYS, A_DAY, USERS, ROUNDS = 180, 10_000, 100_000, 3
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
FOLDER = BUILD / "activity_on_engine"
QUESTIONS: dict[str, Callable[[Workspace], Any]] = {
    "cohort, 12 weeks": lambda ff: ff.cohort("active", "active", grain="week"),
    "cohort of new users, 6 months": lambda ff: ff.cohort("active", "active", grain="month", last=6, kind="new"),
    "growth, 12 weeks": lambda ff: ff.growth("active"),
    "stickiness, 30 days": lambda ff: ff.stickiness("active"),
    "funnel of 30 days": lambda ff: ff.funnel("active", "paid"),
    "users of each day": lambda ff: ff.query("active", grain="day", last=DAYS - 1),
    "users in all": lambda ff: ff.query("active", grain="total", since="2026-06-15", until="2026-11-28"),
}


def main() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    opened = {}
    for name in ("store", "lake"):
        (FOLDER / name).mkdir(parents=True)
        settings = f'[activity]\nstore = "sqlite:///{FOLDER / "activity.db"}"\nlake = {str(name == "lake").lower()}\n'
        (FOLDER / name / "footfall.toml").write_text(settings)
        opened[name] = footfall.open(FOLDER / name, now=lambda: NOW)
    chance = np.random.default_rng(11)
    for n in range(DAYS):
        day = NOW - timedelta(days=n)
        who = chance.choice(USERS, A_DAY, replace=False)
        opened["store"].mark("active", who, day)
        opened["store"].mark("paid", who[::20], day)
    written = timed(opened["lake"].collect)
    again = timed(opened["lake"].collect)
    facts = DAYS * (A_DAY + A_DAY // 20)
    print(f"{facts:,} facts: {written.seconds:.1f} s into the lake, {again.seconds:.2f} s when nothing is new")
    table, store = size_of(FOLDER / "lake" / "lake" / "activity"), size_of(FOLDER, "activity.db*")
    print(f"{table / 1e6:.1f} MB in the lake, {store / 1e6:.1f} MB in the store")
    for name, ask in QUESTIONS.items():
        if ask(opened["store"]).to_csv() != ask(opened["lake"]).to_csv():
            raise SystemExit(f"MISS  {name}: the answers differ")

        def again_from(where: str, ask: Callable[[Workspace], Any] = ask) -> Any:
            opened[where].close()  # as in a new process; what the file of the store keeps stays
            return timed(lambda: ask(opened[where]))

        best = alternate(ROUNDS, {where: (lambda where=where: again_from(where)) for where in opened})  # type: ignore[misc]
        ratio = best["lake"].seconds / best["store"].seconds
        print(
            f"  {name:30} store {best['store'].seconds * 1e3:7.1f} ms   DuckDB {best['lake'].seconds * 1e3:7.1f} ms   {ratio:5.1f}×"
        )
    for each in opened.values():
        each.close()


if __name__ == "__main__":
    main()
