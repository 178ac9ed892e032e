"""The schedule, folder, program and secrets for scheduled collecting of a workspace."""

from __future__ import annotations

import json
import shutil
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any
from zlib import crc32

from footfall.errors import QueryError, SettingsError
from footfall.settings import FILE_NAME
from footfall.upkeep.repeating import Cron, Every, Schedule, parse_schedule

_HOUR, _DAY, _WEEK = timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)


@dataclass(frozen=True)
class Plan:
    """The input for every kind of schedule.

    Example:
        >>> Plan(Path("/srv/usage"), ("footfall",), Every(timedelta(hours=6))).cron
        '9 */6 * * *'
    """

    folder: Path
    program: tuple[str, ...]
    """The command that starts `footfall`."""
    schedule: Schedule
    secrets: tuple[str, ...] = ()
    """The environment variables named in footfall.toml."""
    lake: str = "lake"
    package: str = "footfall"
    """What pip installs if the schedule starts on a fresh machine."""

    @property
    def is_in_bucket(self) -> bool:
        return "://" in self.lake

    @property
    def minute(self) -> int:
        """A minute that differs between workspaces, so that not all of them run at the full hour."""
        return crc32(str(self.folder).encode()) % 60

    @property
    def hour(self) -> int:
        return crc32(str(self.folder).encode()) // 60 % 6

    @property
    def cron(self) -> str:
        """Five fields, in UTC if the scheduler uses UTC."""
        if isinstance(self.schedule, Cron):
            return self.schedule.expression
        length = self._length
        if length < _HOUR:
            return f"*/{length // timedelta(minutes=1)} * * * *"
        if length == _HOUR:
            return f"{self.minute} * * * *"
        if length < _DAY:
            return f"{self.minute} */{length // _HOUR} * * *"
        return f"{self.minute} {self.hour} * * {'*' if length == _DAY else '0'}"

    @property
    def calendar(self) -> str:
        """The same in systemd's format, in UTC."""
        if isinstance(self.schedule, Cron):
            raise QueryError(
                f"systemd knows no cron expression such as {self.schedule.expression!r}; give a length such as --every 6h, "
                "and edit OnCalendar= in the file."
            )
        length = self._length
        if length < _HOUR:
            return f"*:0/{length // timedelta(minutes=1)}"
        if length < _DAY:
            hours = "*" if length == _HOUR else f"00/{length // _HOUR}"
            return f"*-*-* {hours}:{self.minute:02}:00 UTC"
        return f"{'Sun ' if length == _WEEK else ''}*-*-* {self.hour:02}:{self.minute:02}:00 UTC"

    @property
    def _length(self) -> timedelta:
        """An interval that calendar schedules can express: it divides an hour or a day, or is a day or a week."""
        assert isinstance(self.schedule, Every)
        length = self.schedule.length
        if length == _WEEK or (not _DAY % length and (not length % _HOUR or not _HOUR % length)):
            return length
        raise QueryError(
            "this interval does not divide a day; use one such as 15m, 1h, 6h, 1d or 1w, or a cron expression."
        )


def plan_of(folder: Path, every: str, package: str = "") -> Plan:
    """The plan for the workspace in `folder`. Secrets need not be set here: only their names are read.

    Args:
        folder: The folder of footfall.toml.
        every: A duration, or a cron expression.
        package: What pip installs; default: Footfall from where the current one was installed.

    Raises SettingsError if there is no readable footfall.toml, and QueryError for an invalid schedule.
    """
    if not package.isprintable():
        raise QueryError(f"{package!r} cannot be installed by pip; write it on one line.")
    schedule, file = parse_schedule(every), folder / FILE_NAME
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SettingsError(
            f"no {FILE_NAME} in {folder.resolve()}; run `footfall init` there, or point to a workspace with --workspace."
        ) from None
    except (OSError, ValueError) as error:
        raise SettingsError(f"{file} cannot be read: {error}.") from None
    lake = _lake_in(values)
    secrets = tuple(dict.fromkeys([*_variables(values), *_usual_of(lake, values)]))
    extra = "[bucket]" if "://" in lake else ""
    return Plan(folder.resolve(), _program(), schedule, secrets, lake, package or _installed(extra))


def _lake_in(values: dict[str, Any]) -> str:
    """The lake's address in the file, which may be a table of settings."""
    lake = values.get("lake", "lake")
    return str(lake.get("address", "lake") if isinstance(lake, dict) else lake)


def _usual_of(lake: str, values: dict[str, Any]) -> tuple[str, ...]:
    """The usual variables with the credentials for a bucket, unless the file has credentials."""
    part = values.get("lake")
    if not lake.startswith("s3://") or (isinstance(part, dict) and part.get("credentials")):
        return ()
    return "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"


def _variables(value: Any) -> Iterator[str]:
    """The environment variables named in settings as `{ env = "NAME" }`."""
    if isinstance(value, dict):
        if list(value) == ["env"] and isinstance(value["env"], str):
            yield value["env"]
        else:
            for each in value.values():
                yield from _variables(each)
    elif isinstance(value, list):
        for each in value:
            yield from _variables(each)


def _installed(extra: str) -> str:
    """What pip installed here, with an extra: the commit of a git repository if it came from one, otherwise the name."""
    try:
        said = json.loads(distribution("footfall").read_text("direct_url.json") or "{}")
        return f"footfall{extra} @ {said['vcs_info']['vcs']}+{said['url']}@{said['vcs_info']['commit_id']}"
    except (PackageNotFoundError, ValueError, KeyError, TypeError):
        return f"footfall{extra}"


def _program() -> tuple[str, ...]:
    found = shutil.which("footfall")
    return (str(Path(found).resolve()),) if found else (sys.executable, "-m", "footfall")
