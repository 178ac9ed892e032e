"""Rows of an answer of any kind, in a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import pyarrow as pa


class Answer(Protocol):
    def to_csv(self) -> str: ...

    def to_json(self) -> str: ...

    def to_arrow(self) -> pa.Table: ...

    def to_parquet(self, path: str | Path) -> None: ...


def write_rows(answer: Answer, form: str, file: Path, csv: str | None = None) -> None:
    """Write csv (as it is given, where the answer has several), json, parquet or arrow."""
    if form == "parquet":
        answer.to_parquet(file)
    elif form == "arrow":
        import pyarrow.feather

        pyarrow.feather.write_feather(answer.to_arrow(), str(file))
    elif form == "json":
        file.write_text(answer.to_json() + "\n", encoding="utf-8")
    else:
        file.write_text(answer.to_csv() if csv is None else csv, encoding="utf-8")
