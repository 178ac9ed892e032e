"""What works, and what will be deleted: for `footfall doctor` and `footfall status`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from footfall.errors import SourceError
from footfall.ledger import Known
from footfall.periods import short
from footfall.sources.checks import Check, Deadline
from footfall.sources.prometheus.asking import ask_range
from footfall.sources.prometheus.places import MAY_LIST, MAY_QUERY, Place, Places, find_places
from footfall.sources.prometheus.recipes import Recipe
from footfall.sources.prometheus.remembered import ask_retention
from footfall.sources.prometheus.settings import PrometheusSettings
from footfall.sources.prometheus.windows import offers_of

if TYPE_CHECKING:
    from footfall.http import Client

LIST_FIX = f"give the token the permission {MAY_LIST}, or name the data sources with their uids, and check the address"
QUERY_FIX = f"give the token the permission {MAY_QUERY}, or leave the data source out with `exclude`"
DIRECT_FIX = "check address, token and headers in [sources.prometheus]"


def checks_of(
    settings: PrometheusSettings, recipes: Sequence[Recipe], client: Client, now: datetime
) -> Iterator[Check]:
    """Listing and querying separately; then, for each place, each query over its last complete step."""
    try:
        places = find_places(settings, client, ())
    except SourceError as error:
        fix = LIST_FIX if settings.grafana else "set `address` or `grafana` in [sources.prometheus]"
        yield Check("list data sources" if settings.grafana else "address", "failed", str(error), fix)
        return
    if settings.grafana:
        yield Check("list data sources", "ok", _listed(places))
    for place in places.asked:
        yield from _checks_of_place(place, recipes, client, now)


def _listed(places: Places) -> str:
    twins = [f"{name} reads the address of {other}" for name, other in sorted(places.twins.items())]
    return "; ".join([f"{len(places.asked)} are asked", *twins])


def _checks_of_place(place: Place, recipes: Sequence[Recipe], client: Client, now: datetime) -> Iterator[Check]:
    moment = now.replace(microsecond=0)
    try:
        ask_range(place, "vector(1)", moment, moment, timedelta(minutes=1), client)
    except SourceError as error:
        fix = QUERY_FIX if place.is_proxied else DIRECT_FIX
        yield Check(f"{place.name}: query", "failed", str(error), fix)
        return
    remembers = ask_retention(place, client)
    said = f"it keeps {remembers.days} days" if remembers else "it does not report how long it keeps data"
    yield Check(f"{place.name}: query", "ok", said)
    for recipe in recipes:
        yield _check_of_recipe(place, recipe, client, now)


def _check_of_recipe(place: Place, recipe: Recipe, client: Client, now: datetime) -> Check:
    name, moment = f"{place.name}: {recipe.table.name}", recipe.known_until(now)
    counts = []
    try:
        for asked in recipe.asked:
            answer = ask_range(place, asked.query, moment, moment, recipe.step, client)
            if answer.partial:
                return Check(name, "failed", f"a part of the data did not answer: {answer.partial[0]}")
            made = recipe.make(place.name, asked, answer.series, recipe.shift)
            counts.append(made.rows.num_rows)
    except SourceError as error:
        return Check(name, "failed", str(error), "correct the query")
    if not any(counts):
        return Check(name, "unknown", "no series found", "check its metrics and labels")
    return Check(name, "ok", f"{sum(counts):,} values at {moment:%Y-%m-%d %H:%M}")


def deadlines_of(
    recipes: Sequence[Recipe],
    retentions: Mapping[str, timedelta],
    settings: PrometheusSettings,
    known: Known,
    now: datetime,
) -> Iterator[Deadline]:
    """For each table and place, the oldest retained day that was not read after it became final."""
    for recipe in recipes:
        for name, remembers in sorted(retentions.items()):
            for offer in offers_of(recipe, Place(name, "", {}), settings, remembers, known, now):
                if not offer.absent and not offer.fingerprint:
                    day = offer.window.start
                    yield Deadline(recipe.table.name, name, day + remembers, f"{recipe.table.name} of {short(day)}")
                    break
