"""What an export holds: manifest.json, next to the files."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, TypeAlias

from footfall.errors import FootfallError
from footfall.ledger import LEDGER
from footfall.periods import Grain
from footfall.tables import Column, Observe, Replace, Role, Table

NAME = "manifest.json"
FORMAT = 1
Form: TypeAlias = Literal["parquet", "csv"]


@dataclass(frozen=True)
class Part:
    """One file of an export: its rows, and the hash of them."""

    file: str
    rows: int
    hash: str
    table: dict[str, Any] = field(default_factory=dict)
    """How the table is declared, without what only its source knows."""
    cursors: dict[str, int] = field(default_factory=dict)
    """How far its sources had read."""


@dataclass(frozen=True)
class Manifest:
    """Everything that was exported."""

    written_at: str
    written_by: str
    form: Form
    parts: dict[str, Part]
    is_for_spreadsheets: bool = False
    """Whether texts that a spreadsheet would take for formulas were changed: such an export is not imported."""

    def write(self, folder: Path) -> None:
        said = {"format": FORMAT, **asdict(self)}
        (folder / NAME).write_text(json.dumps(said, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """The manifest in a folder. Raises FootfallError where it is none."""
        file = folder / NAME
        try:
            said = json.loads(file.read_text(encoding="utf-8"))
            number = said.pop("format")
            if number != FORMAT:
                raise FootfallError(f"{file} was written by a newer Footfall (format {number}); upgrade to import it.")
            parts = {name: Part(**part) for name, part in said.pop("parts").items()}
            return cls(**said, parts=parts)
        except OSError as error:
            raise FootfallError(
                f"{file} cannot be read ({error.strerror}); name the folder that `footfall export` wrote."
            ) from None
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise FootfallError(f"{file} is damaged; export again.") from None


def stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def declared(table: Table) -> dict[str, Any]:
    """A table as plain values."""
    columns = [
        {"name": c.name, "type": c.type, "role": str(c.role), "description": c.description, "folds_case": c.folds_case}
        for c in table.columns
    ]
    rule: dict[str, Any] = {"scope": table.rule.scope}
    if isinstance(table.rule, Observe):
        rule |= {"key": list(table.rule.key), "resolve": table.rule.resolve}
    return {
        "description": table.description,
        "columns": columns,
        "rule": rule,
        "sort": list(table.sort),
        "resolution": str(table.resolution),
    }


def table_of(name: str, said: dict[str, Any]) -> Table:
    """A table as it was declared where it was exported; for a workspace whose sources do not have it."""
    if name == LEDGER.name:
        return LEDGER
    try:
        columns = tuple(
            Column(c["name"], c["type"], Role(c["role"]), c["description"], c["folds_case"]) for c in said["columns"]
        )
        rule = said["rule"]
        scope = rule["scope"]
        return Table(
            name,
            said["description"],
            columns,
            Observe(tuple(rule["key"]), rule["resolve"], scope) if "key" in rule else Replace(scope),
            sort=tuple(said["sort"]),
            resolution=Grain(said["resolution"]),
        )
    except (KeyError, TypeError, ValueError):
        raise FootfallError(f"the manifest does not say how the table {name} is declared; export again.") from None
