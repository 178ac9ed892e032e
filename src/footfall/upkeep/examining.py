"""Checks of the settings, the lake, the activity, the engine, and every source."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from footfall.alerts import AlertSettings
from footfall.concealing import concealed
from footfall.errors import FootfallError, LakeError, SettingsError, UnsetError, did_you_mean
from footfall.formats import counted, size_of
from footfall.sources import Check, Source

if TYPE_CHECKING:
    from footfall.engine import Engine
    from footfall.lake import Lake
    from footfall.tables import Table


@dataclass(frozen=True)
class Finding:
    """A check and its subject: "settings", "lake", "activity", "engine", or the name of a source."""

    about: str
    check: Check

    @property
    def is_failed(self) -> bool:
        return self.check.state == "failed"


def sources_checked(
    parts: Mapping[str, Any], open_one: Callable[[str], Source], open_all: Callable[[], object], has_marks: bool
) -> Iterator[Finding | tuple[str, Source]]:
    """Each configured source, opened separately: a finding if that fails, otherwise its name and the source.

    A workspace with marks of an application needs no source.
    """
    if not parts and has_marks:
        yield Finding("settings", Check("sources", "ok", "none, only marks"))
        return
    if not parts:
        fix = "add one, such as [sources.git], or mark an event"
        yield Finding("settings", Check("sources", "failed", "no source is set up", fix))
        return
    failed = False
    for name in parts:
        try:
            yield name, open_one(name)
        except Exception as error:
            failed = True
            yield Finding("settings", _failure(f"[sources.{name}]", error, "correct it in footfall.toml"))
    if not failed:
        try:
            open_all()
        except Exception as error:
            yield Finding("settings", _failure("sources together", error, "correct them in footfall.toml"))
        else:
            yield Finding("settings", Check("sources", "ok", counted(len(parts), "source")))


def variables_checked(about: str, part: Any) -> Iterator[Finding]:
    """Environment variables that are named in settings as `{ env = "NAME" }` but not set."""
    for place, name in sorted(_variables_in(part)):
        if not os.environ.get(name):
            yield Finding(about, _unset(name, place))


def alerts_checked(
    alerts: Iterable[AlertSettings], metrics: Collection[str], sources: Collection[str]
) -> Iterator[Finding]:
    """Alerts with unknown metrics or sources, and unset environment variables of their channels.

    Args:
        metrics: All metrics that can be watched; empty if the sources could not be opened.
        sources: The names of the sources.
    """
    for alert in alerts:
        what = f"alert {alert.name}"
        if alert.metric and metrics and alert.metric not in metrics:
            said = f"unknown metric {alert.metric!r}{did_you_mean(alert.metric, metrics)}"
            yield Finding("settings", Check(what, "failed", said, "correct `metric`"))
        if alert.source and alert.source not in sources:
            said = f"unknown source {alert.source!r}{did_you_mean(alert.source, sources)}"
            yield Finding("settings", Check(what, "failed", said, "correct `source`"))
        for place, secret in (
            ("webhook", alert.webhook),
            ("email.server", alert.email.server if alert.email else None),
        ):
            if secret is not None and secret.lacking:
                yield Finding("settings", _unset(secret.lacking, f"alerts: {alert.name}: {place}"))


class Named(Protocol):
    """A project as configured in footfall.toml."""

    @property
    def name(self) -> str: ...

    @property
    def spelled(self) -> Sequence[tuple[str, str, Sequence[str]]]:
        """For each source that knows it: the source's name, the dimension, and the names as the source spells them."""
        ...


def projects_checked(
    projects: Iterable[Named], collected: Callable[[str, str], Collection[str] | None]
) -> Iterator[Finding]:
    """Names of projects without collected data in a source that has data for others.

    Args:
        projects: Those in footfall.toml.
        collected: The collected values of a dimension of a source; None if they cannot be determined.
    """
    for project in projects:
        for source, dimension, names in project.spelled:
            known = collected(source, dimension)
            folded = {each.lower() for each in known or ()}
            for name in names:
                if known and name.lower() not in folded:
                    said = f"{source} has no data of {name!r}{did_you_mean(name, known)}"
                    fix = f"correct the name under [[projects]], or have [sources.{source}] collect it"
                    yield Finding("settings", Check(f"project {project.name}", "failed", said, fix))


def _unset(name: str, place: str) -> Check:
    said = f"the environment variable {name} is not set ({place})"
    return Check("variables", "failed", said, f"set {name}; cron, systemd and containers have variables of their own")


def _variables_in(part: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Where a variable is used, and its name."""
    if isinstance(part, Mapping):
        if list(part) == ["env"] and isinstance(part["env"], str):
            yield place, part["env"]
            return
        for key, value in part.items():
            yield from _variables_in(value, f"{place}.{key}" if place else str(key))
    elif isinstance(part, list | tuple):
        for each in part:
            yield from _variables_in(each, place)


def checks_of(name: str, source: Source, now: datetime) -> Iterator[Finding]:
    """The checks of a source; an error in them is a failed check."""
    ask = getattr(source, "checks", None)
    if ask is None:
        yield Finding(name, Check("checks", "unknown", "this source has no checks; collect it to test it"))
        return
    try:
        for check in ask(now):
            yield Finding(name, _concealed(check))
    except UnsetError:
        return  # reported for the settings
    except Exception as error:
        yield Finding(name, _failure("checks", error, "see its message; -vv shows the traceback"))


def tried(about: str, name: str, look: Callable[[], str], fix: str) -> Finding:
    """A check that passes with the result of `look`, or fails with its error."""
    try:
        return Finding(about, Check(name, "ok", concealed(look())))
    except Exception as error:
        return Finding(about, _failure(name, error, fix))


def table_read(engine: Engine, lake: Lake, tables: Sequence[Table]) -> str:
    """Reads the table with the fewest files on an engine, and in this process.

    Raises LakeError if the engine cannot read it, or reads a different one.
    """
    from footfall.engine import DuckDB

    pinned = {name: one for name, one in lake.snapshot(tables).tables.items() if one.current}
    found = [table for table in tables if table.name in pinned]
    if not found:
        return "the lake has no rows yet"
    table = min(found, key=lambda one: len(pinned[one.name].current))

    def counted_on(reader: Engine) -> tuple[int, int]:
        rows = reader.mount(pinned[table.name], table)
        # distinct values are in no metadata: the server has to open the files
        [row] = reader.run(rows.aggregate(rows=rows.count(), moments=rows[table.time].nunique())).to_pylist()
        return row["rows"], row["moments"]

    there, here = counted_on(engine), counted_on(DuckDB())
    if there != here:
        raise LakeError(
            f"the server finds {counted(there[0], 'row')} of {table.name}, and the lake has {here[0]:,}: it reads another lake"
        )
    return f"{counted(there[0], 'row')} of {table.name}"


def writable(folder: Path) -> str:
    """Reports the free space for `folder`. Raises SettingsError if it cannot be written."""
    there = next(path for path in (folder, *folder.parents) if path.exists())
    if not os.access(there, os.W_OK | os.X_OK):
        raise SettingsError(f"{there} cannot be written")
    return f"{folder}, {size_of(shutil.disk_usage(there).free)} free"


def _failure(name: str, error: Exception, fix: str) -> Check:
    said = str(error) if isinstance(error, FootfallError) else f"{type(error).__name__}: {error}"
    return Check(name, "failed", concealed(" ".join(said.split())), fix)


def _concealed(check: Check) -> Check:
    return replace(check, name=concealed(check.name), detail=concealed(check.detail), fix=concealed(check.fix))
