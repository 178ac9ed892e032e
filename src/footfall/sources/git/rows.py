"""From commits, as git writes them, to rows of the table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from footfall.errors import BrokenDataError
from footfall.periods import ASKABLE, EPOCH, Window
from footfall.repositories import FIELDS
from footfall.sources.authors import Authors, text_of
from footfall.sources.git.tables import COMMITS

if TYPE_CHECKING:
    import pyarrow as pa


class Reading:
    """Commits of one repository that were read, with what was noticed on the way."""

    def __init__(self, repo: str, authors: Authors, true_parents: Mapping[str, int] | None = None) -> None:
        self.repo = repo
        self.rejected = 0
        self.sample = ""
        self.earliest: datetime | None = None
        self.cut: datetime | None = None
        """In a shallow clone the moment since when all commits are there."""
        self.roots: list[str] = []
        """The commits that have no parents here: where history begins, or is cut."""
        self.graph: dict[bytes, tuple[tuple[bytes, ...], int | None]] = {}
        """The commits that were taken: their parents and committer seconds."""
        self.without_author = 0
        """How many commits have an author line that git cannot read."""
        self._true_parents = true_parents or {}
        self._authors = authors
        self._blocks: list[pa.Table] = []

    def take(self, pieces: Iterable[bytes]) -> None:
        """Add the commits that git writes."""
        for fields in _columns(pieces):
            self._take_block(*fields)

    def _take_block(self, *fields: Sequence[bytes]) -> None:
        import pyarrow as pa

        texts, parents, committed, authored, names, emails = fields
        shas = pa.array(texts, pa.binary()).cast(pa.string())
        seconds = [_second(text) for text in committed]
        whos = [self._author(name, email) for name, email in zip(names, emails, strict=True)]
        merges = [b" " in text for text in parents]
        self.graph |= {
            sha: (tuple(parent.split()), at) for sha, parent, at in zip(texts, parents, seconds, strict=True)
        }
        for at, parent in enumerate(parents):
            if seconds[at] is None:
                self._reject(
                    f"{texts[at].decode()}: the committer date {text_of(committed[at])!r} is not one before the year {ASKABLE.end.year}"
                )
            if not parent:
                merges[at] = self._take_root(texts[at].decode(), seconds[at] or 0)
        columns = [
            _moments(seconds),
            pa.array([self.repo]).take(pa.array([0] * len(texts), pa.int8())),
            shas,
            pa.array([who for who, _ in whos], pa.string()),
            _moments([_second(text) for text in authored]),
            pa.nulls(len(texts), pa.timestamp("us", "UTC")),
            pa.array(merges, pa.bool_()),
            pa.array([is_bot for _, is_bot in whos], pa.bool_()),
            pa.array([1] * len(texts), pa.int64()),
        ]
        block = pa.table(columns, names=COMMITS.names)
        self._blocks.append(block.filter(block["committed_at"].is_valid()).cast(COMMITS.arrow_schema()))
        if dated := [second for second in seconds if second is not None]:
            first = datetime.fromtimestamp(min(dated), UTC)
            self.earliest = min(first, self.earliest or first)

    def _author(self, name: bytes, email: bytes) -> tuple[str | None, bool]:
        """Who wrote a commit; nobody is known where git cannot read its author line, and gives back what it was asked for."""
        if (name, email) == _UNREAD:
            self.without_author += 1
            return None, False
        return self._authors(name, email)

    def _take_root(self, sha: str, second: int) -> bool:
        """Note a commit without parents; whether it really is a merge, whose parents were cut off."""
        self.roots.append(sha)
        if sha not in self._true_parents:
            return False
        self.cut = max(datetime.fromtimestamp(second, UTC), self.cut or EPOCH)
        return self._true_parents[sha] > 1

    def _reject(self, why: str) -> None:
        self.rejected += 1
        self.sample = self.sample or why

    def rows(self, window: Window, landed: Mapping[bytes, int]) -> pa.Table:
        """What was taken and lies in `window`, with the seconds at which commits landed."""
        rows = self._taken(window)
        seconds = [landed.get(sha.encode()) for sha in rows["sha"].to_pylist()]
        at = rows.schema.get_field_index("landed_at")
        return rows.set_column(at, rows.schema.field(at), _moments([s if _is_date(s) else None for s in seconds]))

    def count(self, window: Window) -> int:
        """How many commits were taken that lie in `window`."""
        return int(self._taken(window).num_rows)

    def _taken(self, window: Window) -> pa.Table:
        import pyarrow as pa
        import pyarrow.compute as pc

        taken = pa.concat_tables([COMMITS.arrow_schema().empty_table(), *self._blocks])
        at = pc.field("committed_at")
        stamp = pa.timestamp("us", "UTC")
        return taken.filter((at >= pa.scalar(window.start, stamp)) & (at < pa.scalar(window.end, stamp)))


_UNREAD = (b"%aN", b"%aE")


def _columns(pieces: Iterable[bytes]) -> Iterator[list[list[bytes]]]:
    """The fields of whole commits, one list a field."""
    width = len(FIELDS)
    tail, fields = b"", list[bytes]()
    for piece in pieces:
        *whole, tail = (tail + piece).split(b"\0")
        fields += whole
        end = len(fields) - len(fields) % width
        if end:
            yield [fields[n:end:width] for n in range(width)]
        fields = fields[end:]
    if tail or fields:
        raise BrokenDataError("git's answer ended in the middle of a commit")


def _moments(seconds: Sequence[int | None]) -> pa.Array:
    import pyarrow as pa

    return pa.array(seconds, pa.timestamp("s", "UTC")).cast(pa.timestamp("us", "UTC"))


def _second(text: bytes) -> int | None:
    """Seconds since 1970, or None when it is not a date that can be asked about."""
    return second if text.isdigit() and _is_date(second := int(text)) else None


def _is_date(second: int | None) -> bool:
    return second is not None and second < _END


_END = int(ASKABLE.end.timestamp())
