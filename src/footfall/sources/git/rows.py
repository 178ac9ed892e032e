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
    import pyarrow.compute as pc


class Reading:
    """Commits read from one repository, with notes about them."""

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
        self._shas: list[bytes] = []

    def take(self, pieces: Iterable[bytes]) -> None:
        """Parse and add commits from git's output."""
        for fields in _columns(pieces):
            self._take_block(*fields)

    def _take_block(self, *fields: Sequence[bytes]) -> None:
        import pyarrow as pa

        texts, parents, committed, authored, names, emails = fields
        seconds = _seconds(committed)
        pairs = list(zip(names, emails, strict=True))
        who = {pair: self._author(pair) for pair in set(pairs)}
        self.without_author += pairs.count(_UNREAD)
        merges = [b" " in text for text in parents]
        commits = zip(texts, parents, seconds, strict=True)
        self.graph.update((sha, (tuple(parent.split()), at)) for sha, parent, at in commits)
        for at, parent in enumerate(parents):
            if seconds[at] is None:
                said = f"the committer date {text_of(committed[at])!r} is not one before the year {ASKABLE.end.year}"
                self._reject(f"{texts[at].decode()}: {said}")
            if not parent:
                merges[at] = self._take_root(texts[at].decode(), seconds[at] or 0)
        columns = [
            _moments(seconds),
            pa.repeat(self.repo, len(texts)),
            pa.array(texts, pa.binary()).cast(pa.string()),
            pa.array([who[pair][0] for pair in pairs], pa.string()),
            _moments(_seconds(authored)),
            pa.nulls(len(texts), pa.timestamp("us", "UTC")),
            pa.array(merges, pa.bool_()),
            pa.array([who[pair][1] for pair in pairs], pa.bool_()),
            pa.repeat(pa.scalar(1, pa.int64()), len(texts)),
        ]
        self._blocks.append(pa.table(columns, schema=_without_dates()))
        self._shas += texts
        if dated := [second for second in seconds if second is not None]:
            first = datetime.fromtimestamp(min(dated), UTC)
            self.earliest = min(first, self.earliest or first)

    def _author(self, pair: tuple[bytes, bytes]) -> tuple[str | None, bool]:
        """The author of a commit; unknown if git cannot parse its author line and returns the format string."""
        return (None, False) if pair == _UNREAD else self._authors(*pair)

    def _take_root(self, sha: str, second: int) -> bool:
        """Note a commit without parents; also whether it really is a merge whose parents were cut off."""
        self.roots.append(sha)
        if sha not in self._true_parents:
            return False
        self.cut = max(datetime.fromtimestamp(second, UTC), self.cut or EPOCH)
        return self._true_parents[sha] > 1

    def _reject(self, why: str) -> None:
        self.rejected += 1
        self.sample = self.sample or why

    def rows(self, window: Window, landed: Mapping[bytes, int]) -> pa.Table:
        """The commits within `window`, with the seconds at which they landed."""
        taken = self._taken
        at = taken.schema.get_field_index("landed_at")
        dated = taken.set_column(at, taken.schema.field(at), _moments([landed.get(sha) for sha in self._shas]))
        return dated.filter(_within(window)).cast(COMMITS.arrow_schema())

    def count(self, window: Window) -> int:
        """The number of commits within `window`."""
        return int(self._taken.filter(_within(window)).num_rows)

    @property
    def _taken(self) -> pa.Table:
        """All commits, including those without a date."""
        import pyarrow as pa

        return pa.concat_tables([_without_dates().empty_table(), *self._blocks])


def _within(window: Window) -> pc.Expression:
    import pyarrow as pa
    import pyarrow.compute as pc

    at, stamp = pc.field("committed_at"), pa.timestamp("us", "UTC")
    return (at >= pa.scalar(window.start, stamp)) & (at < pa.scalar(window.end, stamp))


def _without_dates() -> pa.Schema:
    """The schema for rows without dates, which are rejected."""
    schema = COMMITS.arrow_schema()
    at = schema.get_field_index("committed_at")
    return schema.set(at, schema.field(at).with_nullable(True))


_UNREAD = (b"%aN", b"%aE")


def _columns(pieces: Iterable[bytes]) -> Iterator[list[list[bytes]]]:
    """The fields of whole commits, one list per field."""
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


def _seconds(texts: Sequence[bytes]) -> list[int | None]:
    """Seconds since 1970, or None if it is not a date that can be queried."""
    return [second if text.isdigit() and (second := int(text)) < _END else None for text in texts]


_END = int(ASKABLE.end.timestamp())
