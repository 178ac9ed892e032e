"""Files over HTTP: one at a fixed address, or one per month, day or year at a dated address."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from footfall.errors import SourceError
from footfall.http import StatusError
from footfall.ledger import Status
from footfall.periods import Window
from footfall.sources import Batch, Context, Known, Offer, Progress
from footfall.sources.checks import Check
from footfall.sources.files.places import Found, addresses_of
from footfall.sources.files.rows import rows_of
from footfall.sources.files.settings import TablePart
from footfall.tables import Table

if TYPE_CHECKING:
    from pathlib import Path

_ABSENT = (404, 410)


class Addresses:
    """The files of one table that are at addresses."""

    def __init__(self, part: TablePart, context: Context, shape: str) -> None:
        self._part = part
        self._context = context
        self._shape = shape

    def one(self) -> Found:
        """The file at an address without dates, fetched if it changed."""
        file = self._file(self._part.path)
        mark = file.with_name(f"{file.name}.looks")
        looks = self._looks(self._part.path)
        if not (file.is_file() and looks and mark.is_file() and mark.read_text(encoding="utf-8") == looks):
            self._context.client().download(self._part.path, file)
            mark.write_text(looks, encoding="utf-8")
        return Found(file)

    def offers(self, known: Known, now: datetime) -> Iterator[Offer]:
        """A window for each address; those that became final long ago are not requested again."""
        for address, window in addresses_of(self._part, now):
            settles_at = window.end + timedelta(days=self._part.settles_after)
            stored = known.stored(self._part.name, "", window)
            is_final = stored is not None and stored.status is Status.COMPLETE and settles_at <= now
            if stored and is_final and stored.fingerprint.startswith(self._shape) and not known.is_rechecked(window):
                yield Offer(
                    self._part.name, window, fingerprint=stored.fingerprint, settles_at=settles_at, detail=address
                )
                continue
            yield self._offer(address, window, settles_at)

    def _offer(self, address: str, window: Window, settles_at: datetime) -> Offer:
        try:
            looks = self._looks(address)
        except StatusError as error:
            if error.status not in _ABSENT:
                return Offer(self._part.name, window, settles_at=settles_at, detail=error)
            return Offer(self._part.name, window, absent="there is no file of this time at the address", detail=address)
        except SourceError as error:
            return Offer(self._part.name, window, settles_at=settles_at, detail=error)
        looks = f"{self._shape}:{looks}" if looks else ""
        return Offer(self._part.name, window, fingerprint=looks, settles_at=settles_at, detail=address)

    def check(self, now: datetime) -> Check:
        """Whether the first file can be reached. Raises SourceError if not."""
        address = next(addresses_of(self._part, now))[0] if self._part.is_dated else self._part.path
        self._context.client().head(address)
        return Check(f"{self._part.name}: {address}", "ok", "it answers")

    def _looks(self, address: str) -> str:
        """Changes when the file does; empty if the server does not say."""
        headers = self._context.client().head(address).headers
        said = [headers.get(name, "") for name in ("ETag", "Last-Modified", "Content-Length")]
        return hashlib.blake2b(" ".join(said).encode(), digest_size=12).hexdigest() if said[0] or said[1] else ""

    def fetch(self, offer: Offer, table: Table, tell: Progress) -> Batch:
        """The rows of one file, which is deleted after reading."""
        if isinstance(offer.detail, SourceError):
            return Batch([offer.failed(str(offer.detail).rstrip("."))])
        file = self._file(offer.detail)
        try:
            self._context.client().download(offer.detail, file, tell=lambda count: tell(bytes=count))
            found = rows_of(file, self._part, table, offer.window)
        except SourceError as error:
            return Batch([offer.failed(str(error).rstrip("."))])
        finally:
            file.unlink(missing_ok=True)
        sample = f"line {found.rejected[0].line:,}: {found.rejected[0].reason}" if found.rejected else ""
        done = offer.done(found.rows.num_rows, rejected=len(found.rejected), sample=sample)
        return Batch([done], {table.name: found.rows} if found.rows.num_rows else {})

    def _file(self, address: str) -> Path:
        name = hashlib.blake2b(address.encode(), digest_size=8).hexdigest()
        return self._context.scratch / "files" / f"{name}-{address.rsplit('/', 1)[-1]}"
