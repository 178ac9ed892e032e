"""Which days are offered: those within the retention, each until it can no longer change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from footfall.ledger import Entry, Known, Status
from footfall.periods import FAR_FUTURE, Grain, Window, ceil, floor
from footfall.sources import Offer
from footfall.sources.prometheus.looks import Looks
from footfall.sources.prometheus.places import Place
from footfall.sources.prometheus.recipes import Recipe
from footfall.sources.prometheus.settings import PrometheusSettings

REACH = timedelta(days=730)
"""How far back to query if the settings have no first day."""
UNSAID = timedelta(days=90)
"""How far back to query if the retention is unknown."""


@dataclass(frozen=True)
class Detail:
    """What is needed to read a window."""

    place: Place
    recipe: Recipe
    asked_at: datetime
    """When the offer was made: it is read later."""
    until: datetime
    """The last moment that can be queried."""
    before: Entry | None
    """The ledger entry for the rows that are stored."""
    seen: Window | None
    """The last window before it that has rows."""
    refusal: str = ""
    """Why it must not be read."""


@dataclass(frozen=True)
class Gone:
    """A data source that is no longer queried, and why."""

    reason: str


def offers_of(
    recipe: Recipe,
    place: Place,
    settings: PrometheusSettings,
    remembered: timedelta | None,
    known: Known,
    now: datetime,
) -> Iterator[Offer]:
    """A window for each day, the newest last; final ones are offered as stored."""
    until = recipe.known_until(now)
    oldest = now - (remembered or settings.retention or UNSAID)
    first = _first_day(settings, now, oldest)
    definition, seen, refusal = recipe.definition, None, _refusal(recipe, place, known)
    while first < until:
        window = Window(first, first + timedelta(days=1))
        stored = known.stored(recipe.table.name, place.name, window)
        if window.start < oldest and not known.is_rechecked(window):
            if stored is None:
                yield _forgotten(recipe, place, window, now, oldest)
        else:
            yield _offer(
                recipe,
                place,
                settings,
                window,
                known,
                now,
                Detail(place, recipe, now, until, stored, seen, refusal),
                definition,
            )
        seen = window if stored is not None and stored.rows else seen
        first = window.end


def _refusal(recipe: Recipe, place: Place, known: Known) -> str:
    """With a different key the same actors would have different names, and be counted twice."""
    if not recipe.key:
        return ""
    entries = (entry for entry in known.of_table(recipe.table.name) if entry.scope == place.name and entry.is_success)
    keys = {looks.definition.partition("-")[2] for entry in entries if (looks := Looks.of(entry))}
    return OTHER_KEY if keys - {recipe.key} else ""


def _first_day(settings: PrometheusSettings, now: datetime, oldest: datetime) -> datetime:
    if settings.first_day:
        day = settings.first_day
        return datetime(day.year, day.month, day.day, tzinfo=UTC)
    return ceil(Grain.DAY, max(oldest, now - REACH))


def _offer(
    recipe: Recipe,
    place: Place,
    settings: PrometheusSettings,
    window: Window,
    known: Known,
    now: datetime,
    detail: Detail,
    definition: str,
) -> Offer:
    """A day that was read after it became final keeps its fingerprint, and one without data then stays missing."""
    table, settles_at = recipe.table.name, window.end + settings.settles_after
    latest = known.latest(table, place.name, window)
    absent = fingerprint = ""
    if settles_at <= now and not known.is_rechecked(window):
        if _is_final(latest, definition) and latest is not None and latest.status is Status.MISSING:
            absent = latest.reason
        elif detail.before is not None and _is_final(detail.before, definition):
            fingerprint = detail.before.fingerprint
    return Offer(table, window, place.name, fingerprint, settles_at=settles_at, absent=absent, detail=detail)


def _is_final(entry: Entry | None, definition: str) -> bool:
    looks = Looks.of(entry)
    return looks is not None and looks.is_final and looks.definition == definition


def _forgotten(recipe: Recipe, place: Place, window: Window, now: datetime, oldest: datetime) -> Offer:
    days = (now - oldest).days
    reason = f"{place.name} keeps {days} days, and this day was not collected in time"
    return Offer(recipe.table.name, window, place.name, absent=reason)


def retired_of(known: Known, table: str, asked: set[str], twins: dict[str, str], now: datetime) -> Iterator[Offer]:
    """Data sources that are no longer queried: their history stays, and their series end."""
    entries = known.of_table(table)
    retired = {entry.scope: entry for entry in entries if entry.status is Status.RETIRED}
    reached: dict[str, datetime] = {}
    for entry in entries:
        if entry.is_success:
            reached[entry.scope] = max(reached.get(entry.scope, entry.covered_until), entry.covered_until)
    for scope in sorted({*reached, *twins} - asked):
        since = reached.get(scope, floor(Grain.DAY, now))
        if scope in retired and (scope not in reached or retired[scope].window.start >= since):
            continue
        reason = f"it has the address of {twins[scope]}, which is collected" if scope in twins else GONE
        yield Offer(table, Window(since, FAR_FUTURE), scope, detail=Gone(reason))


OTHER_KEY = (
    "hash_key or names in [sources.prometheus] changed, and the same users would count twice; change it back, or "
    "use another name for the source"
)
GONE = "it is no longer among the data sources"
