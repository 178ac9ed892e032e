"""Commits of git repositories: local folders and clone addresses, read with the `git` program.

What is read is the history of HEAD: of a local repository the branch that is checked out (or the
detached commit), of a clone address its default branch. A commit stands in its period by its
*committer* date in UTC: the moment it became part of history, which rebasing and merging renew.

Only what is new is read. A history states everything from its beginning to the moment of reading, so
the ledger holds one window a repository. When the head read before lies in the present history, the
new commits are `old..new`; as they may carry old dates (a merged branch), all commits since the day of
the oldest of them are stated again. When it does not (a rewritten history, another branch), or when
what shapes the rows has changed (`hash_key`, `bots`, .mailmap), everything is.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field

from footfall.errors import BrokenDataError, SettingsError, SourceError
from footfall.filters import Filter
from footfall.ledger import Entry, Status
from footfall.metrics import Fact, Kind, Metric, Policy
from footfall.periods import ALL_TIME, EPOCH, FAR_FUTURE, Grain, Window, floor, short
from footfall.repositories import (
    FIELDS,
    PATIENCE,
    Repository,
    discover,
    hosted_name,
    is_clone_address,
    mirror,
    without_password,
)
from footfall.settings import Part, Secret
from footfall.sources import Batch, Context, Known, Offer, Outcome, Progress
from footfall.tables import Column, Replace, Role, Table, TableEvent

if TYPE_CHECKING:
    import pyarrow as pa

COMMITS = Table(
    name="commits",
    description="Commits in the history of a repository's HEAD.",
    columns=(
        Column("committed_at", "timestamp", Role.TIME, "When it was committed (committer date), in UTC."),
        Column(
            "repo",
            "string",
            Role.DIMENSION,
            "Repository: owner/name where it is hosted, else its folder.",
            folds_case=True,
        ),
        Column("sha", "string", Role.ATTRIBUTE, "The commit's id."),
        Column("author", "string", Role.DIMENSION, "Author's e-mail in lower case after .mailmap, or its keyed hash."),
        Column("authored_at", "timestamp", Role.ATTRIBUTE, "When it was written (author date), in UTC."),
        Column("is_merge", "boolean", Role.DIMENSION, "Whether it has more than one parent."),
        Column("is_bot", "boolean", Role.DIMENSION, "Whether its author's name or e-mail looks like a bot's."),
        Column("commits", "integer", Role.MEASURE, "1 a commit."),
    ),
    rule=Replace(scope="repo"),
    sort=("repo", "committed_at"),
    events=(TableEvent("commit_author", "author", "Authors of commits, bots left out.", (("is_bot", True),)),),
)

_NOT_MERGES = Filter("is_merge", (False,))
_NOT_BOTS = Filter("is_bot", (False,))


def _merges(default: str) -> Policy:
    return Policy(
        "merges", "Whether commits with several parents count.", {"included": None, "excluded": _NOT_MERGES}, default
    )


def _bots(default: str) -> Policy:
    return Policy(
        "bots",
        "Whether commits whose author looks like a bot count.",
        {"included": None, "excluded": _NOT_BOTS},
        default,
    )


METRICS = (
    Metric(
        name="commits",
        title="Commits",
        description=(
            "Commits in the history of HEAD, by committer date in UTC. Merges and bots count unless you exclude them, "
            "so that the number is the one `git rev-list --count HEAD` and hosting pages show."
        ),
        kind=Kind.SUM,
        unit="commits",
        facts=(Fact("commits", ("commits",)),),
        policies=(_merges("included"), _bots("included")),
    ),
    Metric(
        name="authors",
        title="Authors",
        description=(
            "Different authors of commits: e-mail addresses after .mailmap, ignoring case; who uses two addresses that "
            ".mailmap does not join counts twice. Bots are left out unless you include them, as the question is about people."
        ),
        kind=Kind.DISTINCT,
        unit="authors",
        facts=(Fact("commits", ("author",)),),
        policies=(_merges("included"), _bots("excluded")),
    ),
    Metric(
        name="latest_commit",
        title="Latest commit",
        description="The latest committer date in the history of HEAD, whoever committed unless you exclude bots.",
        kind=Kind.LATEST,
        unit="moment",
        facts=(Fact("commits", ("committed_at",)),),
        policies=(_merges("included"), _bots("included")),
    ),
)

KNOWN_BOTS = tuple(
    """*[[]bot]*, bot, *-bot, *_bot, * bot, bot@*, *-bot@*, dependabot, dependabot-preview, support@dependabot.com, renovate,
    pre-commit-ci, github-actions, github action, action@github.com, actions@github.com, greenkeeper, allcontributors, imgbot,
    mergify, meeseeksmachine, lumberbot*, henchbot, conda-forge-admin, regro-cf-autotick*, weblate, hosted weblate, transifex,
    codecov, pyup.io, semantic-release""".replace("\n    ", " ").split(", ")
)
"""Names and e-mails that are bots', as lower-case patterns (`*` is anything, `[[]` a bracket)."""


def _as_table(value: Any) -> Any:
    return {"address": value} if isinstance(value, str) else value


class RepositoryPart(Part):
    """One repository; in the settings a text, or a table to give it a name."""

    address: str = Field(min_length=1, description="A folder, or a clone address.")
    name: str = Field("", description="What to call it; default: owner/name, or its folder's name.")


class GitSettings(Part):
    """`[sources.git]`"""

    repositories: tuple[Annotated[RepositoryPart, BeforeValidator(_as_table)], ...] = Field(
        (RepositoryPart(address=".", name=""),),
        description='Folders (relative to this file) or clone addresses; or { address = "…", name = "…" }.',
    )
    hash_key: Secret | None = Field(None, description="Keep authors as hashes under this key: no address is stored.")
    bots: tuple[str, ...] = Field((), description='More bots: patterns of names or e-mails, such as "*-deploy".')
    timeout: float = Field(
        PATIENCE,
        gt=0,
        description="Seconds that a server may send less than 1,000 bytes a second before it is given up.",
    )


class Git:
    """Commits of local repositories and clone addresses."""

    name: ClassVar[str] = "git"
    description: ClassVar[str] = "Commits of git repositories, local or from clone addresses."
    Settings: ClassVar[type[GitSettings]] = GitSettings
    tables: Sequence[Table] = (COMMITS,)
    metrics: Sequence[Metric] = METRICS

    def __init__(self, settings: GitSettings, context: Context) -> None:
        self._settings = settings
        self._context = context
        self._authors = _Authors(settings.hash_key, settings.bots)

    def offers(self, known: Known, now: datetime) -> Iterable[Offer]:
        """One offer a repository, never settled: whether there is something new is seen when it is fetched."""
        before = _last_read(known)
        places = [_locate(repository, self._context.folder) for repository in self._settings.repositories]
        places = [_recognised(place, places, before) for place in places]
        _refuse_twins(places)
        gone = {name: entry for name, entry in before.items() if name not in {place.name for place in places}}
        told = tuple(entry for entry in gone.values() if entry and entry.rows)
        tasks = [_Task(place.name, place, before.get(place.name), told) for place in places]
        tasks += [_Task(name, None, entry) for name, entry in gone.items() if not _is_retired(entry, known)]
        return [replace(_offer(task.name), detail=task) for task in tasks]

    def fetch(self, offers: Sequence[Offer], tell: Progress) -> Iterator[Batch]:
        """A batch a repository: the commits of the window that changed, or only a renewed outcome."""
        handed_over: set[str] = set()
        for offer in offers:
            task: _Task = offer.detail
            if task.name in handed_over:
                continue
            tell(note=f"{task.name}: reading")
            read_at = self._context.now()
            try:
                batches = self._read(task, task.place, read_at) if task.place else [_retired(task, read_at)]
            except SourceError as error:
                batches = [_failed(task.name, str(error))]
            except OSError as error:
                batches = [_failed(task.name, f"{error.filename or 'a file'}: {error.strerror}")]
            handed_over |= {one.offer.scope for batch in batches for one in batch.outcomes} - {task.name}
            tell(windows=1, note=f"{task.name}: read")
            yield from batches

    def _read(self, task: _Task, place: _Place, read_at: datetime) -> list[Batch]:
        repository = place.open(self._context.scratch, self._settings.timeout)
        seen = _Seen.of(repository, self._authors)
        handed_over = []
        if seen.head and not task.before and not seen.cuts:
            earlier = [entry for entry in task.gone if repository.is_ancestor(_head(entry), seen.head)]
            handed_over = [_handed_over(entry, task.name, read_at) for entry in earlier]
        return [*handed_over, self._read_news(task, repository, seen, read_at)]

    def _read_news(self, task: _Task, repository: Repository, seen: _Seen, read_at: datetime) -> Batch:
        before, name = task.before, task.name
        reading = _Reading(name, self._authors)
        if before and before.fingerprint == seen.fingerprint:
            return Batch(
                [_offer(name).unchanged(covered_until=read_at, note=_shallow_note(before.window), window=before.window)]
            )
        if not seen.head:
            return _empty(name, before, seen, read_at)
        old = _head(before) if before else ""
        has_grown = bool(old) and repository.is_ancestor(old, seen.head)
        if before and has_grown and seen.has_shape_of(before):
            return _grown(reading, repository, seen, before, read_at)
        # Where history is cut nobody can tell whether it was rewritten.
        is_rewritten = bool(old) and not has_grown and not seen.cuts
        return _whole(reading, repository, seen, _rewritten_note(old) if is_rewritten else "", read_at)


def _whole(reading: _Reading, repository: Repository, seen: _Seen, note: str, read_at: datetime) -> Batch:
    """The history from its beginning, or in a shallow clone from where all of it is there."""
    reading.true_parents = repository.true_parents(seen.cuts)
    reading.take(repository.log(seen.head))
    window = Window(reading.cut, FAR_FUTURE) if reading.cut else ALL_TIME
    rows = reading.rows(window)
    return _batch(
        _offer(reading.repo).done(
            rows.num_rows,
            covered_until=read_at,
            rejected=reading.rejected,
            sample=reading.sample,
            note=_sentences(note, _shallow_note(window), _future_note(reading, read_at)),
            fingerprint=seen.fingerprint,
            window=window,
            position=_position(read_at),
        ),
        rows,
    )


def _grown(reading: _Reading, repository: Repository, seen: _Seen, before: Entry, read_at: datetime) -> Batch:
    """The new commits, with all others since the day of the oldest of them: a window is stated whole."""
    old = _head(before)
    reading.take(repository.log(f"{old}..{seen.head}"))
    restates = Window(before.window.start, before.window.start)
    if reading.earliest is not None:
        restates = Window(max(before.window.start, floor(Grain.DAY, reading.earliest)), FAR_FUTURE)
    outcome = _offer(reading.repo).done(
        before.rows + reading.count(before.window),
        covered_until=read_at,
        rejected=before.rejected + reading.rejected,
        sample=reading.sample or before.sample,
        note=_sentences(_shallow_note(before.window), _future_note(reading, read_at)),
        fingerprint=seen.fingerprint,
        window=before.window,
        restates=restates,
        position=_position(read_at),
    )
    if reading.earliest is None:
        return _batch(outcome)
    reading.take(repository.log_of(repository.since(old, restates.start)))
    return _batch(outcome, reading.rows(restates))


def _empty(name: str, before: Entry | None, seen: _Seen, read_at: datetime) -> Batch:
    """No commit yet is a complete zero; no commit any more is a fault, and erases nothing."""
    if before and before.rows:
        return _failed(name, "it has no commits any more; what was collected before stands")
    return _batch(_offer(name).done(covered_until=read_at, fingerprint=seen.fingerprint, note="it has no commits yet"))


def _failed(name: str, reason: str) -> Batch:
    return Batch([_offer(name).failed(reason)])


def _retired(task: _Task, read_at: datetime) -> Batch:
    """A name that nobody asks for: with commits stored, it is known up to its last reading and not missed after it.

    Of which nothing is stored is a complete zero, lest it count as a gap for ever.
    """
    if task.before and task.before.rows:
        reason = "it is not in the settings any more"
        return Batch([_offer(task.name).retired(reason, since=task.before.covered_until)])
    reason = "" if task.before else "it is not in the settings, and nothing was collected of it"
    return _batch(_offer(task.name).done(covered_until=read_at, note=reason))


def _is_retired(last: Entry | None, known: Sequence[Entry]) -> bool:
    """Whether the ledger already says that nobody asks for it since it was read last."""
    if not (last and last.rows):
        return False
    said = (entry for entry in known if entry.status is Status.RETIRED and entry.scope == last.scope)
    return any(entry.window == _after(last) for entry in said)


def _after(last: Entry) -> Window:
    return Window(last.covered_until, FAR_FUTURE)


def _handed_over(entry: Entry, name: str, read_at: datetime) -> Batch:
    """The same history was read under another name, which the settings have no more: counted once, under the new one."""
    reason = f"it is called {name} now"
    return _batch(_offer(entry.scope).done(covered_until=read_at, note=reason))


def _offer(name: str) -> Offer:
    return Offer(COMMITS.name, ALL_TIME, name)


def _batch(outcome: Outcome, rows: pa.Table | None = None) -> Batch:
    return Batch([outcome], {} if rows is None else {COMMITS.name: rows})


def _position(read_at: datetime) -> int:
    """The cursor is the moment of reading: heads have no order that an integer could tell."""
    return int(read_at.timestamp() * 1_000_000)


def _sentences(*notes: str) -> str:
    return "; ".join(note for note in notes if note)


def _rewritten_note(old: str) -> str:
    return (
        f"the head read before, {old[:10]}, is not in the present history (rewritten, or another branch): "
        "all commits were stated again"
    )


def _shallow_note(window: Window) -> str:
    if window.start == EPOCH:
        return ""
    return f"a shallow clone: its history is cut at {short(window.start)}; `git fetch --unshallow` there gets the rest"


def _future_note(reading: _Reading, read_at: datetime) -> str:
    ahead = reading.count(Window(read_at, FAR_FUTURE))
    return f"{ahead} commits are dated after the moment they were read" if ahead else ""


def _head(entry: Entry) -> str:
    return entry.fingerprint.partition(":")[0]


def _last_read(known: Sequence[Entry]) -> dict[str, Entry | None]:
    """Of every repository the ledger knows, how it was read last; None where that never worked."""
    last: dict[str, Entry | None] = {e.scope: None for e in known if e.table == COMMITS.name and e.scope}
    for entry in sorted(known, key=lambda e: (e.observed_at or EPOCH, e.covered_until)):
        if entry.scope in last and entry.status is Status.COMPLETE:
            last[entry.scope] = entry
    return last


# Where repositories are


@dataclass(frozen=True)
class _Place:
    """A repository of the settings, with its name; `fault` says why it cannot be opened."""

    name: str
    address: str
    git_dir: Path | None = None
    fault: SourceError | None = None

    @property
    def identity(self) -> str:
        return str(self.git_dir or self.address)

    def open(self, scratch: Path, patience: float) -> Repository:
        if self.fault:
            raise self.fault
        return Repository(self.git_dir) if self.git_dir else mirror(self.address, scratch, patience)


@dataclass(frozen=True)
class _Task:
    """A name in the ledger, or to be: the repository of the settings that has it, and how it was read last."""

    name: str
    place: _Place | None
    before: Entry | None
    gone: tuple[Entry, ...] = ()
    """What was read under names that the settings have no more."""


def _locate(repository: RepositoryPart, folder: Path) -> _Place:
    """Where `repository` is and what it is called; asks no network."""
    address = repository.address
    if is_clone_address(address):
        return _Place(repository.name or hosted_name(address), address)
    path = (folder / Path(address).expanduser()).resolve()
    try:
        git_dir, name = discover(path)
        return _Place(repository.name or name, address, git_dir)
    except SourceError as fault:
        return _Place(repository.name or path.name.removesuffix(".git"), str(path), fault=fault)


def _recognised(place: _Place, places: Sequence[_Place], before: Mapping[str, Entry | None]) -> _Place:
    """A folder that is gone cannot tell its owner/name: the one that was read from a folder so called."""
    taken = {other.name for other in places}
    names = [name for name, entry in before.items() if entry and name not in taken and name.endswith(f"/{place.name}")]
    return replace(place, name=names[0]) if place.fault and len(names) == 1 else place


def _refuse_twins(places: Sequence[_Place]) -> None:
    """The same repository under two names would be counted twice, two under one name would overwrite each other."""
    named: dict[str, _Place] = {}
    placed: dict[str, _Place] = {}
    for place in places:
        if twin := placed.get(place.identity):
            raise SettingsError(
                f"sources.git: {without_password(twin.address)!r} and {without_password(place.address)!r} are the same repository; remove one."
            )
        if twin := named.get(place.name.casefold()):
            raise SettingsError(
                f"sources.git: {without_password(twin.address)!r} and {without_password(place.address)!r} are both called {place.name!r}; "
                'name one of them: { address = "…", name = "…" }.'
            )
        named[place.name.casefold()] = placed[place.identity] = place


@dataclass(frozen=True)
class _Seen:
    """What a repository looks like: its head (empty without commits), and what else shapes its rows."""

    head: str
    cuts: Sequence[str]
    shape: str

    @classmethod
    def of(cls, repository: Repository, authors: _Authors) -> _Seen:
        head, cuts = repository.head(), repository.cuts()
        parts = "\n".join((_VERSION, authors.fingerprint, repository.mailmap() if head else "", *cuts))
        return cls(head, cuts, hashlib.sha256(parts.encode()).hexdigest()[:12])

    @property
    def fingerprint(self) -> str:
        return f"{self.head}:{self.shape}"

    def has_shape_of(self, before: Entry) -> bool:
        """Whether rows read now would look like those read `before`."""
        return before.fingerprint.partition(":")[2] == self.shape


_VERSION = "1"
"""Raised when the same commit gives other rows than before."""

# From commits to rows


class _Authors:
    """Who an author is and whether it is a bot; each name and address is looked at once."""

    def __init__(self, hash_key: Secret | None, bots: Sequence[str]) -> None:
        self._key = hash_key.reveal().encode() if hash_key else None
        self._bots = (*KNOWN_BOTS, *(pattern.lower() for pattern in bots))
        self._seen: dict[tuple[bytes, bytes], tuple[str | None, bool]] = {}
        marks = "\n".join((self._hashed("footfall") if self._key else "plain", *self._bots))
        self.fingerprint = hashlib.sha256(marks.encode()).hexdigest()[:12]

    def __call__(self, name: bytes, email: bytes) -> tuple[str | None, bool]:
        known = self._seen.get((name, email))
        if known is None:
            known = self._seen[name, email] = self._look_at(_text(name), _text(email))
        return known

    def _look_at(self, name: str, email: str) -> tuple[str | None, bool]:
        identity = email or name or None
        is_bot = any(fnmatchcase(text, pattern) for text in (name, email) for pattern in self._bots)
        return self._hashed(identity) if identity and self._key else identity, is_bot

    def _hashed(self, identity: str) -> str:
        assert self._key is not None
        return hmac.new(self._key, identity.encode(), hashlib.sha256).hexdigest()[:16]


class _Reading:
    """Commits on their way from git to rows of one repository."""

    def __init__(self, repo: str, authors: _Authors) -> None:
        self.repo = repo
        self.rejected = 0
        self.sample = ""
        self.earliest: datetime | None = None
        self.cut: datetime | None = None
        """In a shallow clone the moment since when all commits are there."""
        self.true_parents: Mapping[str, int] = {}
        self._authors = authors
        self._blocks: list[pa.Table] = []

    def take(self, pieces: Iterable[bytes]) -> None:
        for shas, parents, committed, authored, names, emails in _columns(pieces):
            self._take_block(shas, parents, committed, authored, names, emails)

    def _take_block(self, *fields: Sequence[bytes]) -> None:
        import pyarrow as pa

        texts, parents, committed, authored, names, emails = fields
        shas = [sha.decode() for sha in texts]
        seconds = [_second(text) for text in committed]
        whos = [self._authors(name, email) for name, email in zip(names, emails, strict=True)]
        merges = [b" " in text for text in parents]
        for at, sha in enumerate(shas):
            if seconds[at] is None:
                self._reject(f"{sha}: the committer date {_text(committed[at])!r} cannot be read")
            elif sha in self.true_parents:
                merges[at] = self.true_parents[sha] > 1
                moment = datetime.fromtimestamp(seconds[at] or 0, UTC)
                self.cut = max(moment, self.cut or EPOCH)
        block = pa.table(
            [
                pa.array([None if s is None else s * 1_000_000 for s in seconds], pa.timestamp("us", "UTC")),
                pa.array([self.repo] * len(shas), pa.string()),
                pa.array(shas, pa.string()),
                pa.array([who for who, _ in whos], pa.string()),
                pa.array(
                    [None if (s := _second(t)) is None else s * 1_000_000 for t in authored], pa.timestamp("us", "UTC")
                ),
                pa.array(merges, pa.bool_()),
                pa.array([is_bot for _, is_bot in whos], pa.bool_()),
                pa.array([1] * len(shas), pa.int64()),
            ],
            names=COMMITS.names,
        )
        block = block.filter(block["committed_at"].is_valid()).cast(COMMITS.arrow_schema())
        dated = [s for s in seconds if s is not None]
        if dated:
            first = datetime.fromtimestamp(min(dated), UTC)
            self.earliest = min(first, self.earliest or first)
        self._blocks.append(block)

    def _reject(self, why: str) -> None:
        self.rejected += 1
        self.sample = self.sample or why

    def rows(self, window: Window) -> pa.Table:
        """What was taken and lies in `window`."""
        import pyarrow as pa
        import pyarrow.compute as pc

        taken = pa.concat_tables([COMMITS.arrow_schema().empty_table(), *self._blocks])
        at = pc.field("committed_at")
        stamp = pa.timestamp("us", "UTC")
        return taken.filter((at >= pa.scalar(window.start, stamp)) & (at < pa.scalar(window.end, stamp)))

    def count(self, window: Window) -> int:
        return int(self.rows(window).num_rows)


def _columns(pieces: Iterable[bytes]) -> Iterator[list[list[bytes]]]:
    """The fields of whole commits, one list a field."""
    width = len(FIELDS)
    tail, fields = b"", list[bytes]()
    for piece in pieces:
        *whole, tail = (tail + piece).split(b"\0")
        fields += whole
        end = len(fields) - len(fields) % width
        yield [fields[n:end:width] for n in range(width)]
        fields = fields[end:]
    if tail or fields:
        raise BrokenDataError("git's answer ended in the middle of a commit")


def _second(text: bytes) -> int | None:
    """Seconds since 1970, or None when it is no date before the year 9999."""
    return second if text.isdigit() and (second := int(text)) < _LAST_SECOND else None


_LAST_SECOND = int(FAR_FUTURE.timestamp())


def _text(raw: bytes) -> str:
    # Bytes that are no UTF-8 stay apart from one another, as \xe9.
    return raw.decode(errors="backslashreplace").strip().lower()
