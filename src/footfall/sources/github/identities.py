"""Names and numeric ids: renamed repositories, names taken over by new ones, and ids that are no longer collected.

The ledger remembers the name of an id as the fingerprint of its window in the table of names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from footfall.ledger import Known, Status
from footfall.periods import ALL_TIME, EPOCH
from footfall.sources import Offer
from footfall.sources.github.asking import Ready, Refused, Row, moment
from footfall.sources.github.repositories import Resolved
from footfall.sources.github.tables import NAMES
from footfall.tables import Table


@dataclass(frozen=True)
class Named:
    """An id with the name that it had when it was last seen."""

    id: str
    name: str
    created_at: datetime
    is_retired: bool = False

    @classmethod
    def read(cls, number: str, fingerprint: str, is_retired: bool) -> Named | None:
        """Parse the fingerprint in the ledger; None for any other text."""
        created, _, name = fingerprint.partition(" ")
        try:
            return cls(number, name, moment(created), is_retired)
        except ValueError:
            return None

    @property
    def fingerprint(self) -> str:
        return f"{self.created_at:%Y-%m-%dT%H:%M:%SZ} {self.name}"

    def row(self, name: str, is_current: bool) -> Row:
        return {"created_at": self.created_at, "repo_id": self.id, "name": name, "is_current": is_current}


@dataclass(frozen=True)
class Retired:
    """The detail of an offer of a scope that is no longer collected."""

    reason: str


def names_known(known: Known) -> dict[str, Named]:
    """Every id ever seen, with its last known name."""
    found: dict[str, Named] = {}
    retired = {e.scope: e.observed_at or EPOCH for e in known.of_table(NAMES.name) if e.status is Status.RETIRED}
    for number in {scope for table, scope in known.scopes if table == NAMES.name}:
        stored = known.stored(NAMES.name, number, ALL_TIME)
        if stored is None:
            continue
        is_retired = number in retired and retired[number] >= (stored.observed_at or EPOCH)
        if named := Named.read(number, stored.fingerprint, is_retired):
            found[number] = named
    return found


def offers_of_names(resolved: Resolved, before: Mapping[str, Named]) -> Iterator[Offer]:
    """Current names, released names, and names that could not be resolved."""
    for repo in resolved.repos.values():
        yield _offer(Named(repo.id, repo.name, repo.created_at), before.get(repo.id))
    for old in taken_over(resolved, before):
        new = Named(old.id, f"{old.name} (id {old.id})", old.created_at)
        note = (
            f"another repository now has the name {old.name}: the earlier one was deleted or moved away; what was "
            f"collected of it is stored as {new.name}"
        )
        yield _offer(new, old, note)
    for asked, error in resolved.faults.items():
        number = next((old.id for old in before.values() if old.name.lower() == asked.lower()), asked)
        about = "" if number == asked else f"{asked}: "
        yield Offer(NAMES.name, ALL_TIME, number, detail=Refused(f"{about}{str(error).rstrip('.')}"))


def _offer(new: Named, old: Named | None, note: str = "") -> Offer:
    rows: list[Row] = [new.row(new.name, True)]
    if old is not None and old.name != new.name:
        rows.append(old.row(old.name, False))
        note = note or f"{old.name} is now called {new.name}; its history continues"
    return Offer(NAMES.name, ALL_TIME, new.id, fingerprint=new.fingerprint, detail=Ready(rows, note=note))


def taken_over(resolved: Resolved, before: Mapping[str, Named]) -> list[Named]:
    """Ids whose name now belongs to another id."""
    holders = {repo.name.lower(): repo.id for repo in resolved.repos.values()}
    return [
        old
        for old in before.values()
        if old.id not in resolved.repos and holders.get(old.name.lower(), old.id) != old.id
    ]


def given_up(resolved: Resolved, before: Mapping[str, Named]) -> list[Named]:
    """Ids that are no longer collected; none if the current ones could not be determined."""
    if any(asked.startswith("topic:") for asked in resolved.faults):
        return []
    unknown = [asked.removesuffix("*").lower() for asked in resolved.faults]
    return [
        old
        for old in before.values()
        if old.id not in resolved.repos
        and not old.is_retired
        and not any(
            old.name.lower() == each or (each.endswith("/") and old.name.lower().startswith(each)) for each in unknown
        )
    ]


def retirements(gone: Iterable[Named], known: Known, tables: Sequence[Table]) -> Iterator[Offer]:
    """One offer for each table that has data of a retired id."""
    scopes = known.scopes
    for old in gone:
        for table in tables:
            if (table.name, old.id) in scopes:
                detail = Retired(f"{old.name} is no longer collected")
                yield Offer(table.name, ALL_TIME, old.id, detail=detail)
