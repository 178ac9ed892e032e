"""Opening the storage at an address."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from footfall.lake.storage.finding import register
from footfall.lake.storage.folder import Files, Folder
from footfall.lake.storage.seam import Objects, Storage


def objects_at(address: str, options: Mapping[str, str] | None = None) -> Objects:
    """The files below an address, without copies. Raises as `open_storage` does."""
    if "://" not in address:
        return Files(Path(address).resolve())
    from footfall.lake.storage.remote import Remote

    return Remote(address, options or {})


def open_storage(address: str, options: Mapping[str, str] | None = None, copies: Path | None = None) -> Storage:
    """The storage of a lake.

    Args:
        address: A folder, or an address such as s3://bucket/folder.
        options: What an object store needs, such as `endpoint` and `region`; what is missing, the environment has.
        copies: The folder for working copies of lakes in buckets; by default one that is deleted when the process ends.

    Raises:
        SettingsError: For an address that is none.
        MissingExtraError: For a bucket, without the extra for it.
    """
    if "://" not in address:
        return Folder(Path(address))
    from footfall.lake.storage.bucket import Bucket
    from footfall.lake.storage.remote import Remote

    remote = Remote(address, options or {})
    endpoint = (options or {}).get("endpoint", "")
    digest = hashlib.sha256(f"{endpoint} {remote.address}".encode()).hexdigest()[:12]
    name = f"{urlsplit(remote.address).netloc}-{digest}"
    passing = None if copies else tempfile.TemporaryDirectory(prefix="footfall-lake-")
    folder = copies or Path(passing.name if passing else "")
    storage = Bucket((folder / name).resolve(), remote, passing)
    register(storage)
    return storage
