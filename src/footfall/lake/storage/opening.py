"""Opening the storage at an address."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from footfall.lake.storage.folder import Folder
from footfall.lake.storage.seam import Storage, register


def open_storage(address: str, options: Mapping[str, str] | None = None, copies: Path | None = None) -> Storage:
    """The storage of a lake.

    Args:
        address: A folder, or an address such as s3://bucket/folder.
        options: What an object store needs, such as `endpoint` and `region`; what is missing, the environment has.
        copies: The folder for working copies of lakes in buckets; by default one of the system's temporary folders.

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
    folder = copies or Path(tempfile.gettempdir()) / "footfall-lakes"
    storage = Bucket((folder / name).resolve(), remote)
    register(storage)
    return storage
