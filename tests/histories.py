"""Git repositories made to measure, and a lake of rows to collect them into."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

import pyarrow as pa

from batches import entries_of, replaced_by, rows_in
from footfall.collect import choose
from footfall.ledger import Entry, Known
from footfall.periods import ALL_TIME
from footfall.sources import Batch, Context
from footfall.sources.git import COMMITS, Git

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
ADA = "Ada <ada@example.org>"


def git(folder: Path, *arguments: str, stdin: bytes = b"", **variables: str) -> str:
    """Run git in `folder`, apart from whatever the machine's owner has configured."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    environment |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", **variables}
    done = subprocess.run(["git", "-C", str(folder), *arguments], input=stdin, capture_output=True, env=environment)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout.decode(errors="replace").strip()


def seconds(text: str) -> str:
    """An ISO date with its offset as git's raw date: 2021-01-01T01:00+14:00 → 1609412400 +1400."""
    moment = datetime.fromisoformat(text)
    return f"{int(moment.timestamp())} {moment:%z}"[: len(str(int(moment.timestamp()))) + 6]


@dataclass
class History:
    """A repository that is written commit by commit; `main` is checked out (without any file)."""

    folder: Path
    marks: int = 0
    pending: list[bytes] = field(default_factory=list)

    @classmethod
    def new(cls, folder: Path, *options: str) -> History:
        folder.mkdir(parents=True)
        git(folder, "init", "--quiet", "--initial-branch=main", *options)
        return cls(folder)

    def commit(
        self,
        at: str,
        *,
        author: str | bytes = ADA,
        authored: str = "",
        parents: Sequence[str] | None = None,
        files: dict[str, str] | None = None,
        branch: str = "main",
    ) -> str:
        """Add a commit whose dates are ISO texts (or git's raw ones after an @); a name for it, to be a parent."""
        self.marks += 1
        who = author.encode() if isinstance(author, str) else author
        committed = at[1:] if at.startswith("@") else seconds(at)
        written = (authored[1:] if authored.startswith("@") else seconds(authored)) if authored else committed
        lines = [b"commit refs/heads/%s" % branch.encode(), b"mark :%d" % self.marks]
        lines += [b"author %s %s" % (who, written.encode()), b"committer C <c@example.org> %s" % committed.encode()]
        lines += [b"data 1", b"x"]
        lines += [b"%s %s" % (b"merge" if n else b"from", p.encode()) for n, p in enumerate(parents or ())]
        for name, text in (files or {}).items():
            lines += [b"M 100644 inline %s" % name.encode(), b"data %d" % len(text.encode()), text.encode()]
        self.pending.append(b"\n".join(lines) + b"\n\n")
        return f":{self.marks}"

    def write(self) -> History:
        """Hand what was added to git. `from` names of earlier writes stay valid."""
        marks = self.folder / "marks"
        git(
            self.folder,
            "fast-import",
            "--quiet",
            "--force",
            "--date-format=raw-permissive",
            f"--import-marks-if-exists={marks}",
            f"--export-marks={marks}",
            stdin=b"".join(self.pending),
        )
        self.pending.clear()
        return self

    def head(self) -> str:
        return git(self.folder, "rev-parse", "HEAD")


def no_network() -> NoReturn:
    raise AssertionError("the git source needs no HTTP client")


@dataclass
class Collected:
    """A lake in memory: applies batches by the Replace rule as stated, and remembers outcomes."""

    workspace: Path
    options: dict[str, Any] = field(default_factory=dict)
    now: datetime = NOW
    rows: list[dict[str, Any]] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def collect(self, *, is_recheck: bool = False, **changed: Any) -> list[Batch]:
        """One run of collecting, an hour after the one before."""
        self.options |= changed
        self.now += timedelta(hours=1)
        context = Context(self.workspace, self.workspace / "scratch", lambda: self.now, no_network)
        source = Git(Git.Settings.model_validate(self.options), context)
        known = Known(self.entries)
        choice = choose("git", source.offers(known, self.now), known, ALL_TIME, self.now, is_recheck=is_recheck)
        self.entries += [replace(entry, observed_at=self.now) for entry in choice.renewed]
        batches = list(source.fetch(choice.wanted, self._tell))
        for batch in batches:
            self._apply(batch)
        return batches

    def _tell(self, *, windows: int = 0, bytes: int = 0, note: str = "") -> None:
        self.notes.append(note)

    def _apply(self, batch: Batch) -> None:
        replaced = replaced_by(batch)

        def goes(row: dict[str, Any]) -> bool:
            return any(row["repo"] == scope and row["committed_at"] in window for scope, window in replaced)

        fresh: list[dict[str, Any]] = []
        if (rows := rows_in(batch)) is not None:
            assert rows.schema == COMMITS.arrow_schema()
            fresh = rows.to_pylist()
            assert all(map(goes, fresh)), "a row outside what is replaced"
        self.rows = [row for row in self.rows if not goes(row)] + fresh
        learnt = entries_of(batch, "git", self.now, self.entries)
        self.entries += [replace(entry, observed_at=self.now) for entry in learnt]

    @property
    def last(self) -> Entry:
        """The newest outcome about what was read, or not."""
        return next(e for e in reversed(self.entries) if e.status != "missing")

    def shas(self) -> list[str]:
        return [row["sha"] for row in self.rows]

    def months(self) -> dict[str, int]:
        counts: dict[str, int] = {}
        for row in self.rows:
            month = f"{row['committed_at']:%Y-%m}"
            counts[month] = counts.get(month, 0) + row["commits"]
        return counts

    def authors(self) -> set[str]:
        return {row["author"] for row in self.rows}

    def same(self, other: Collected) -> bool:
        return sorted(map(_key, self.rows)) == sorted(map(_key, other.rows))


def table_of(batch: Batch) -> pa.Table:
    """The rows of a batch that states some."""
    rows = rows_in(batch)
    assert rows is not None
    return rows


def _key(row: dict[str, Any]) -> str:
    return repr(sorted(row.items()))


def dated(days: Iterable[int]) -> Iterator[str]:
    """ISO dates so many days after the start of 2020."""
    start = datetime(2020, 1, 1, 12, tzinfo=UTC)
    return ((start + timedelta(days=day)).isoformat() for day in days)
