"""Requests to an object store, and what its refusals mean. The only user of `obstore`.

Requests that failed on the way, and those that the store was too busy for, are tried again for a while. All of them are safe to
repeat: a data file has a name of its own, and a version is only created, never replaced.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from footfall.errors import LakeStorageError, MissingExtraError, SettingsError
from footfall.lake.storage.seam import Found

KINDS = {"s3": "AWS", "az": "AZURE", "gs": "GOOGLE"}
"""The schemes of addresses, and how the usual environment variables of each begin."""

_RETRIES = 8
_PAUSES = {"init_backoff": timedelta(seconds=0.3), "max_backoff": timedelta(seconds=8), "base": 3}
_PATIENCE = timedelta(seconds=60)
_TIMES = 3
"""How often a file is copied whole, where the connection breaks in the middle."""
_CHUNK = 1 << 22
_CODE = re.compile(r"<Code>(\w+)</Code>")
_STATUS = re.compile(r"status code: (\d{3})")
_T = TypeVar("_T")


class Remote:
    """The objects below one address.

    Args:
        address: Such as s3://bucket/prefix.
        options: What the store needs, by the names that deltalake has for it; what is missing, the environment has.
    """

    def __init__(self, address: str, options: Mapping[str, str]) -> None:
        self.scheme, _, rest = address.partition("://")
        rest = rest.strip("/")
        self.address = f"{self.scheme}://{rest}"
        self.bucket, _, self.prefix = rest.partition("/")
        if self.scheme not in KINDS:
            known = ", ".join(f"{scheme}://" for scheme in KINDS)
            raise SettingsError(
                f"a lake on {self.scheme}:// is not supported; write a folder, or an address that begins with {known}."
            )
        if not self.bucket:
            raise SettingsError(f"the lake's address {address} names no bucket; write {self.scheme}://BUCKET/FOLDER.")
        self.options = {**options, **self._plain(options)}
        try:
            import obstore
            from obstore.exceptions import BaseError
            from obstore.store import from_url
        except ImportError:
            raise MissingExtraError(f"a lake on {self.scheme}://", "bucket") from None
        self._obstore, self._failure = obstore, BaseError
        client = {"allow_http": True} if self.options.get("allow_http") == "true" else {}
        config = {name: value for name, value in self.options.items() if name != "allow_http"}
        try:
            self._store: Any = from_url(
                self.address,
                config=config,  # type: ignore[call-overload]
                client_options={**client, "timeout": "60s", "connect_timeout": "5s"},
                retry_config={"max_retries": _RETRIES, "retry_timeout": _PATIENCE, "backoff": _PAUSES},
            )
        except BaseError as error:
            raise SettingsError(
                f"the lake's address {address} cannot be used: {_first(error)}; correct it, or `credentials` or `options` of [lake]."
            ) from None

    def _plain(self, options: Mapping[str, str]) -> dict[str, str]:
        """A store without TLS is only asked where its address says so."""
        start = KINDS[self.scheme]
        names = (f"{start}_ENDPOINT_URL", f"{start}_ENDPOINT")
        endpoint = options.get("endpoint") or next((os.environ[name] for name in names if os.environ.get(name)), "")
        return {"allow_http": "true"} if endpoint.startswith("http://") else {}

    def below(self, folder: str = "", after: str = "") -> list[Found]:
        """The objects below a folder, by name; of those whose names come after `after`, if given."""
        with self._said():
            found = self._obstore.list(self._store, folder or None, offset=after or None).collect()
        listed = (Found(one["path"], one["size"], one["last_modified"]) for one in found)
        return sorted(listed, key=lambda one: one.name)

    def tops(self) -> list[str]:
        """The files and folders at the top."""
        with self._said():
            found = self._obstore.list_with_delimiter(self._store)
        return [*(path.rstrip("/") for path in found["common_prefixes"]), *(one["path"] for one in found["objects"])]

    def read(self, name: str) -> bytes | None:
        """The content of a small object; None if there is none."""
        try:
            return self._repeated(lambda: bytes(self._obstore.get(self._store, name).bytes()))
        except FileNotFoundError as error:
            self._check_bucket(error)
            return None

    def copy_to(self, name: str, file: Path) -> Found | None:
        """Write an object to a local file; None if there is none."""

        def copy() -> Found:
            got = self._obstore.get(self._store, name)
            with file.open("wb") as out:
                for part in got.stream(min_chunk_size=_CHUNK):
                    out.write(part)
                if out.tell() != got.meta["size"]:
                    raise self._failure(f"HTTP error: {out.tell()} of {got.meta['size']} bytes arrived")
            return Found(name, got.meta["size"], got.meta["last_modified"])

        try:
            return self._repeated(copy)
        except FileNotFoundError as error:
            self._check_bucket(error)
            return None

    def write(self, name: str, content: bytes | Path) -> None:
        """Write or replace an object."""
        with self._said():
            self._obstore.put(self._store, name, content)

    def create(self, name: str, content: bytes) -> bool:
        """Write an object unless one of that name exists; returns whether it has this content now.

        Where an answer was lost on the way, what is there says whether the request had arrived.
        """
        from obstore.exceptions import AlreadyExistsError

        try:
            with self._said():
                self._obstore.put(self._store, name, content, mode="create", use_multipart=False)
        except AlreadyExistsError:
            return self.read(name) == content
        except LakeStorageError:
            if self.read(name) == content:
                return True
            raise
        return True

    def delete(self, names: Iterable[str]) -> None:
        """Delete objects; those that do not exist are no error."""
        for name in names:
            with self._said(), _missing_is_fine():
                self._obstore.delete(self._store, name)

    def move(self, name: str, to: str) -> None:
        """Copy an object to another name, then delete it."""
        with self._said(), _missing_is_fine():
            self._obstore.copy(self._store, name, to)
            self._obstore.delete(self._store, name)

    def _repeated(self, ask: Callable[[], _T]) -> _T:
        for attempt in range(1, _TIMES + 1):
            try:
                return ask()
            except FileNotFoundError:
                raise
            except self._failure as error:
                if attempt == _TIMES or "Error performing" in str(error):  # the client itself asked again already
                    raise self._error(error) from None
                time.sleep(0.2 * attempt)
        raise AssertionError("the last attempt returns or raises")

    @contextmanager
    def _said(self) -> Iterator[None]:
        from obstore.exceptions import AlreadyExistsError

        try:
            yield
        except AlreadyExistsError:
            raise
        except FileNotFoundError as error:
            self._check_bucket(error)
            raise
        except self._failure as error:
            raise self._error(error) from None

    def _check_bucket(self, error: BaseException) -> None:
        if "NoSuchBucket" in str(error) or "ContainerNotFound" in str(error):
            raise self._error(error) from None

    def _error(self, error: BaseException) -> LakeStorageError:
        """What went wrong, in one sentence."""
        text = str(error)
        code = found[1] if (found := _CODE.search(text)) else ""
        status = found[1] if (found := _STATUS.search(text)) else ""
        named = f"{code or _first(error)}" if not status else f"{status} {code}".strip()
        start = KINDS[self.scheme]
        if code in {"NoSuchBucket", "ContainerNotFound"} or (status == "404" and "list request" in text):
            reason = f"there is no bucket {self.bucket}; create it, or correct `lake` in footfall.toml"
        elif code == "RequestTimeTooSkewed":
            reason = (
                "the clock of this machine is wrong by more than a few minutes; set it, then run the same command again"
            )
        elif "169.254.169.254" in text or "metadata.google" in text:
            reason = f"there are no credentials; set {_variables(start)}, or `credentials` of [lake]"
        elif status in {"401", "403"}:
            reason = (
                f"the store refuses the credentials ({named}); check {_variables(start)} or `credentials` of [lake], and "
                f"that they may list, read, write and delete in {self.bucket}"
            )
        elif status in {"429", "500", "502", "503", "504"}:
            reason = f"the store is overloaded or down ({named}); wait a few minutes, then run the same command again"
        elif not status:
            reason = f"the connection fails ({_network(text)}); check the network and `endpoint` of [lake], then run the same command again"
        else:
            reason = f"the store refuses the request ({named})"
        return LakeStorageError(f"the lake {self.address} cannot be reached: {reason}; stored data is intact.")


@contextmanager
def _missing_is_fine() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        if "NoSuchBucket" in str(error):
            raise


def _variables(start: str) -> str:
    return {
        "AWS": "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        "AZURE": "AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY",
        "GOOGLE": "GOOGLE_SERVICE_ACCOUNT",
    }[start]


def _network(text: str) -> str:
    """The innermost reason that the client names."""
    for sign, said in (
        ("onnection refused", "connection refused"),
        ("dns error", "the host name is unknown"),
        ("timed out", "no answer in time"),
        ("bytes arrived", "it was cut off"),
    ):
        if sign in text:
            return said
    return text.splitlines()[0].rpartition("HTTP error: ")[2] if text else "no answer"


def _first(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
