"""The state of the archive: which days it has and their metadata, in a folder or at a URL."""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote, unquote, urlsplit

from footfall.errors import SourceError, UnreachableError
from footfall.ledger import Entry, Status
from footfall.periods import Window

if TYPE_CHECKING:
    from footfall.http import Client

FILE_NAME = re.compile(r"events-([0-9]{4}-[0-9]{2}-[0-9]{2})\.jsonl(\.gz)?")
RECENT = timedelta(days=10)
"""Days that are always checked again, even if known to be complete: most backfills affect these."""
PATIENCE = timedelta(days=7)
"""How long a missing day is assumed to stay missing."""
GIVE_UP = 12
"""Consecutive failed downloads before the remaining ones are postponed: each took its five attempts."""
NO_FILE = "no file"

_INDEX_NAME = re.compile(rf"(?:(?!\.\.?/)[^/\\?#:]+/)*{FILE_NAME.pattern}")
"""A name in the index: a path below the index that does not lead outside of it."""

Facts = dict[str, str]
"""File properties that can be compared without reading it: count (in the index), size, mtime, etag, modified."""


@dataclass(frozen=True)
class Look:
    """A day in the archive: the location of its file (empty `place` if there is none) and its known metadata."""

    place: str = ""
    facts: Facts = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    refusal: str = ""
    """Why the archive did not say whether it has the file."""
    stored: int = 0
    """Events of the day that were read earlier."""

    @property
    def size(self) -> int | None:
        """Bytes of the file, where known."""
        size = _digits(self.facts.get("size", ""))
        return int(size) if size else None

    @property
    def missing(self) -> str:
        return "" if self.place else self.refusal or no_file(self.facts)


def no_file(facts: Facts) -> str:
    count = int(facts.get("count", 0))
    return f"the index lists {count:,} events, but there is no file" if count else NO_FILE


class Archive(Protocol):
    def look(
        self, days: Sequence[date], known: Mapping[date, Entry], again: Collection[date], now: datetime
    ) -> dict[date, Look]:
        """The state of `days`, always checking those in `again`; raises SourceError if there is no archive."""
        ...

    def bring(self, look: Look, into: Path) -> tuple[Path, Facts]:
        """The path of the day's file, and metadata found on the way. Raises FileNotFoundError if it does not exist."""
        ...


@dataclass(frozen=True)
class _Index:
    """`index.jsonl`: names and counts of files, from the lines that can be parsed."""

    names: Mapping[date, str]
    counts: Mapping[date, str]

    @classmethod
    def parse(cls, text: str) -> _Index:
        names: dict[date, str] = {}
        counts: dict[date, str] = {}
        for line in text.splitlines():
            try:
                item = json.loads(line)
                name = str(item.get("name") or f"events-{item['date']}.jsonl")
                match = _INDEX_NAME.fullmatch(name)
                day = date.fromisoformat(match[1]) if match else date.fromisoformat(item["date"])
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
                continue  # the index is only a hint: a day that it does not list is looked up
            names[day] = name if match else f"events-{day}.jsonl"
            if count := _digits(str(item.get("count", ""))):
                counts[day] = count
        return cls(names, counts)

    def facts(self, day: date) -> Facts:
        return {"count": self.counts[day]} if day in self.counts else {}

    def notes(self, day: date) -> tuple[str, ...]:
        return ("the index does not list it",) if self.names and day not in self.names else ()


class Folder:
    """An archive in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def look(
        self, days: Sequence[date], known: Mapping[date, Entry], again: Collection[date], now: datetime
    ) -> dict[date, Look]:
        """Starts at the first day that the folder has, had or lists: it may be any part of the archive."""
        try:
            with os.scandir(self._folder) as entries:
                files = {entry.name: entry for entry in entries if FILE_NAME.fullmatch(entry.name)}
        except FileNotFoundError:
            raise SourceError(f"the archive folder {self._folder} does not exist; correct `archive`.") from None
        except OSError as error:
            raise SourceError(f"the archive folder {self._folder} cannot be read: {error.strerror}.") from None
        index = self._index()
        below = {day: self._folder / name for day, name in index.names.items() if "/" in name}
        below = {day: path for day, path in below.items() if path.is_file()}
        if not files and not below:
            raise SourceError(
                f"the archive folder {self._folder} holds no events-YYYY-MM-DD.jsonl or .jsonl.gz; correct `archive`."
            )
        there = {date.fromisoformat(match[1]) for name in files if (match := FILE_NAME.fullmatch(name))}
        there |= {*index.names, *known}
        first, last = min(there), max(*there, _yesterday(now))
        looks = {}
        for day in days:
            if not first <= day <= last:
                continue
            name = f"events-{day}.jsonl"
            twin = name + ".gz"
            notes = index.notes(day)
            if name in files and twin in files:
                notes += (f"{twin} was left aside for {name}",)
            if found := below.get(day) or files.get(name) or files.get(twin):
                place = str(found) if isinstance(found, Path) else found.path
                looks[day] = Look(place, {**index.facts(day), **_stat_facts(found)}, notes)
            else:
                looks[day] = Look("", index.facts(day))
        return looks

    def bring(self, look: Look, into: Path) -> tuple[Path, Facts]:
        return Path(look.place), {}

    def _index(self) -> _Index:
        try:
            return _Index.parse((self._folder / "index.jsonl").read_text(encoding="utf-8", errors="replace"))
        except OSError:
            return _Index({}, {})


def _yesterday(now: datetime) -> date:
    """The last complete day: today's file may not exist yet."""
    return now.astimezone(UTC).date() - timedelta(days=1)


def _stat_facts(entry: Any) -> Facts:
    try:
        stat = entry.stat()
    except OSError:  # a dangling link: reading it will report that
        return {}
    return {"size": str(stat.st_size), "mtime": str(stat.st_mtime_ns)}


class Address:
    """An archive at a URL.

    The index says which days exist; days that it does not list are requested one by one (HEAD). To keep
    the load low, days known to be complete are requested only while recent, or once a week (`marker` remembers when)
    if the index cannot show that they changed; days known to be missing only while recent or once a week. A query in
    the URL, such as a signature, is sent with every request.
    """

    def __init__(self, address: str, client: Callable[[], Client], concurrency: int, marker: Path) -> None:
        self._parts = urlsplit(address.partition("#")[0])
        host = self._parts.netloc.rpartition("@")[2]
        self._address = self._parts._replace(netloc=host, query="").geturl().rstrip("/")
        """Where it is, without what may be secret: for messages."""
        self._open_client = client
        self._opened: Client | None = None
        self._concurrency = concurrency
        self._marker = marker
        self._failures = 0

    @property
    def _client(self) -> Client:
        if self._opened is None:
            self._opened = self._open_client()
        return self._opened

    def look(
        self, days: Sequence[date], known: Mapping[date, Entry], again: Collection[date], now: datetime
    ) -> dict[date, Look]:
        self._failures = 0
        index = self._index()
        is_week_over = self._is_week_over(now)
        looks: dict[date, Look] = {}
        asked: list[date] = []
        for day in days:
            entry, facts = known.get(day), index.facts(day)
            is_recent = now - Window.of_day(day).start < RECENT
            is_had = entry is not None and entry.is_success
            is_gone = (
                entry is not None
                and entry.status is Status.MISSING
                and facts_of(entry.fingerprint).get("count") == facts.get("count")
            )
            is_due = is_week_over or day in again
            is_new = day not in index.names and not is_had and not is_gone
            if is_recent or is_new or (is_due and (is_gone or (is_had and not _agrees(facts, entry)))):
                asked.append(day)
            elif is_gone:
                looks[day] = Look("", facts)
            else:
                looks[day] = Look(self._url(index, day), facts, index.notes(day))
        looks.update(self._ask_all(index, asked))
        if days and not any(look.place for look in looks.values()):
            raise SourceError(f"{self._address} holds no events-YYYY-MM-DD.jsonl for any day; correct `archive`.")
        if is_week_over:
            self._marker.parent.mkdir(parents=True, exist_ok=True)
            self._marker.write_text(now.isoformat())
        return self._without_refused(looks, index, known)

    def _ask_all(self, index: _Index, asked: Sequence[date]) -> dict[date, Look]:
        with ThreadPoolExecutor(self._concurrency) as pool:
            try:
                return dict(zip(asked, pool.map(lambda day: self._ask(index, day), asked), strict=True))
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise

    def _without_refused(self, looks: dict[date, Look], index: _Index, known: Mapping[date, Entry]) -> dict[date, Look]:
        """Days that are refused (403) are treated as absent if other days can be read.

        A bucket whose objects are readable but not listable responds with 403 for objects that do not exist.
        """
        refused = [day for day, look in looks.items() if look.refusal and day not in index.names]
        if not refused or not self._can_read(looks, index, known):
            return looks
        return looks | {day: replace(looks[day], place="") for day in refused}

    def _can_read(self, looks: Mapping[date, Look], index: _Index, known: Mapping[date, Entry]) -> bool:
        if any(can_tell(look.facts) for look in looks.values()):  # the headers of at least one day were received
            return True
        had = [day for day, entry in known.items() if entry.is_success and not looks[day].refusal]
        return bool(had) and can_tell(self._ask(index, max(had)).facts)

    def bring(self, look: Look, into: Path) -> tuple[Path, Facts]:
        from footfall.http import StatusError

        if self._failures >= GIVE_UP:
            raise UnreachableError(
                f"{self._address} failed {GIVE_UP} times in a row and was skipped; collect again later."
            )
        to = into / unquote(urlsplit(look.place).path.rpartition("/")[2])
        try:
            headers = self._client.download(look.place, to)
        except UnreachableError as error:
            status = error.status if isinstance(error, StatusError) else 0
            self._failures = self._failures + 1 if status == 0 or status >= 500 else 0
            if status in (404, 410):
                raise FileNotFoundError(look.place) from None
            raise
        self._failures = 0
        # if a download was resumed, the size in the headers is that of the remainder
        return to, {**_header_facts(headers), "size": str(to.stat().st_size), **_count_in(look.facts)}

    def _index(self) -> _Index:
        from footfall.http import StatusError

        try:
            return _Index.parse(self._client.get(self._at("index.jsonl")).text)
        except StatusError as error:
            if error.status in (403, 404, 410):
                return _Index({}, {})
            raise

    def _ask(self, index: _Index, day: date) -> Look:
        """Request the headers of one day; for a day that the index does not list, also those of a compressed file.

        Refusals other than "not found" are reported when the file is fetched.
        """
        look = self._ask_for(self._url(index, day), index, day)
        if look.place or day in index.names:
            return look
        packed = self._ask_for(self._at(f"events-{day}.jsonl.gz"), index, day)
        return packed if packed.place and not packed.refusal else look

    def _ask_for(self, url: str, index: _Index, day: date) -> Look:
        from footfall.http import StatusError

        facts, notes = index.facts(day), index.notes(day)
        try:
            headers = self._client.head(url).headers
        except StatusError as error:
            if error.status in (404, 410):
                return Look("", facts)
            refusal = f"probably no file: the request is refused ({error.status}), and other days can be read"
            return Look(url, facts, notes, refusal if error.status == 403 else "")
        return Look(url, {**_header_facts(headers), **facts}, notes)

    def _url(self, index: _Index, day: date) -> str:
        return self._at(index.names.get(day, f"events-{day}.jsonl"))

    def _at(self, name: str) -> str:
        """The URL of a file in the archive, with the query of the archive's own URL."""
        path = f"{self._parts.path.rstrip('/')}/{quote(name)}"
        return self._parts._replace(path=path).geturl()

    def _is_week_over(self, now: datetime) -> bool:
        try:
            return now - datetime.fromisoformat(self._marker.read_text()) >= PATIENCE
        except (OSError, ValueError, TypeError):
            return True


def _header_facts(headers: Mapping[str, str]) -> Facts:
    facts = {
        "etag": headers.get("ETag", "").removeprefix("W/").strip('"'),
        "modified": headers.get("Last-Modified", ""),
        "size": headers.get("Content-Length", "") if "Content-Encoding" not in headers else "",
        "count": _digits(headers.get("x-goog-meta-events-count", "")),
    }
    return {name: value for name, value in facts.items() if value}


def _agrees(facts: Facts, entry: Entry | None) -> bool:
    """Whether the index has a count for the file that was read, so that the count would change with the file."""
    return entry is not None and facts.get("count") == str(entry.rows + entry.rejected)


def _count_in(facts: Facts) -> Facts:
    """The count in the index takes precedence over the file's own headers, so that a day has one count."""
    return {"count": facts["count"]} if "count" in facts else {}


def _digits(text: str) -> str:
    return str(int(text)) if text.isdecimal() and text.isascii() else ""


def can_tell(facts: Facts) -> bool:
    """Whether the file itself was examined, so that a change would be noticed."""
    return not facts.keys().isdisjoint(("etag", "modified", "mtime"))


def fingerprint_of(facts: Facts) -> str:
    return json.dumps(facts, sort_keys=True, separators=(",", ":"))


def facts_of(fingerprint: str) -> Facts:
    try:
        facts = json.loads(fingerprint)
    except ValueError:
        return {}
    return {str(k): str(v) for k, v in facts.items()} if isinstance(facts, dict) else {}


def is_news(fingerprint: str, facts: Facts) -> bool:
    """Whether `facts` contradict a fingerprint; properties that only one of them has are not compared."""
    known = facts_of(fingerprint)
    return any(known.get(name, value) != value for name, value in facts.items())


def unpacked(path: Path, into: Path) -> Path:
    """The path of an uncompressed file: gzip is decompressed first, which verifies its checksum and its end."""
    if path.suffix != ".gz":
        return path
    to = into / path.stem
    with gzip.open(path) as packed, to.open("wb") as plain:
        shutil.copyfileobj(packed, plain, 1 << 20)
    if path.parent == into:
        path.unlink()
    return to
