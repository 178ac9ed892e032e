"""The fingerprint of a window: the definition of its rows, whether it could still change, and a hash of them.

"3f0c2a91b7de:final:9d3e5a1b22c4"
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from footfall.ledger import Entry
from footfall.tables import OBSERVED_AT, Role, Table

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Looks:
    """A window's fingerprint."""

    definition: str
    is_final: bool
    """Whether it was read when it could no longer change."""
    hash: str = ""

    def __str__(self) -> str:
        return f"{self.definition}:{'final' if self.is_final else 'open'}:{self.hash}"

    @classmethod
    def of(cls, entry: Entry | None) -> Looks | None:
        """Parses the fingerprint of a ledger entry; None if it has no reliable information."""
        definition, _, rest = (entry.fingerprint if entry else "").partition(":")
        word, mark, hashed = rest.partition(":")
        return cls(definition, word == "final", hashed) if mark else None


def hash_of(table: Table, rows: pa.Table) -> str:
    """A hash of rows in the order of the answer: by labels, then by time."""
    hashed = hashlib.sha256(str(rows.num_rows).encode())
    for column in table.columns:
        if column.name == OBSERVED_AT:
            continue
        values = rows[column.name].combine_chunks()
        if column.role is Role.DIMENSION and column.type == "string":
            values = values.dictionary_encode()
            hashed.update("\x1f".join(map(str, values.dictionary.to_pylist())).encode())
            values = values.indices
        elif column.type == "boolean":
            values = values.cast("int8")
        hashed.update(values.to_numpy(zero_copy_only=False).tobytes())
    return hashed.hexdigest()[:12]
