"""Installed kinds of sources, and the configured sources in footfall.toml, each under its name."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any

from footfall.declarations import check_metrics, check_together
from footfall.errors import SettingsError, UnknownNameError
from footfall.tables import Replace

if TYPE_CHECKING:
    from footfall.sources import Context, Source

GROUP = "footfall.sources"
KIND = "kind"
"""The setting for the kind of a source, if its name is different."""
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


def installed_sources() -> dict[str, EntryPoint]:
    """Every kind of source in every installed package, by name: ours and those of plugins. None is loaded yet."""
    return {point.name: point for point in sorted(entry_points(group=GROUP), key=lambda point: point.name)}


def check_known(names: Iterable[str], set_up: Collection[str], where: str) -> None:
    """Raises UnknownNameError for a name that is neither a configured source nor a kind of source."""
    for name in names:
        if name not in set_up and name not in (installed := installed_sources()):
            raise UnknownNameError("source", name, {**dict.fromkeys(set_up), **installed}, f"It is under {where}.")


def kinds_with(metric: str, set_up: Collection[str]) -> list[str]:
    """The kinds of source that measure `metric` and are not among `set_up`.

    A kind declares its metrics in `measures`, or in `metrics` if all sources of the kind have the same.
    """
    found = []
    for name, point in installed_sources().items():
        if name in set_up:
            continue
        try:
            kind = point.load()
        except Exception:  # a plugin that cannot be loaded, or an optional dependency that is not installed
            continue
        always = getattr(kind, "metrics", ())
        names = getattr(kind, "measures", ()) or [each.name for each in always if isinstance(always, tuple)]
        if metric in names:
            found.append(name)
    return found


def open_sources(settings: Mapping[str, Mapping[str, Any]], context: Context) -> dict[str, Source]:
    """The sources in `settings`, each with its part validated.

    `[sources.NAME]` configures the kind of that name, or the one in `kind = "…"`: one kind may be configured several
    times. Each has its own ledger, cursors and scratch folder; tables and metrics are those of the kind.

    Raises SettingsError, UnknownNameError for a kind that is not installed, and DeclarationError if two sources use one
    name for different things, or if a metric reads a column that no table has.
    """
    installed = installed_sources()
    opened: dict[str, Source] = {}
    named: dict[str, list[str]] = defaultdict(list)
    for name, part in settings.items():
        kind = _kind_of(name, part, installed)
        own = replace(context, name=name, scratch=context.scratch / name)
        opened[name] = _open_source(name, installed[kind], {k: v for k, v in part.items() if k != KIND}, own)
        named[kind].append(name)
    for kind, names in named.items():
        if len(names) > 1:
            _check_shared(kind, {name: opened[name] for name in names})
    check_together(opened)
    check_metrics(opened)
    return opened


def _kind_of(name: str, part: Mapping[str, Any], installed: Mapping[str, EntryPoint]) -> str:
    if not NAME.fullmatch(name):
        raise SettingsError(
            f"[sources.{name}]: {name!r} is not a name for a source; use letters, digits, - and _, a letter first."
        )
    kind = part.get(KIND, name)
    if not isinstance(kind, str):
        raise SettingsError(f'sources.{name}: kind is {kind!r}; write the name of a source, such as kind = "git".')
    if kind not in installed:
        where = f"It is in footfall.toml as [sources.{name}]"
        hint = f"{where}." if KIND in part else f'{where}; a name of your own needs a kind, such as kind = "git".'
        raise UnknownNameError("kind of source" if KIND in part else "source", kind, installed, hint)
    return kind


def _check_shared(kind: str, sources: Mapping[str, Source]) -> None:
    """A table filled by several sources of one kind: each must be able to keep its rows apart from the others'."""
    filled = [(table, name) for name, source in sources.items() for table in source.tables]
    for table in dict.fromkeys(table for table, _ in filled):
        names = [name for other, name in filled if other.name == table.name]
        if len(names) > 1 and isinstance(table.rule, Replace) and not table.rule.scope:
            raise SettingsError(
                f"{' and '.join(f'[sources.{name}]' for name in names)} are both {kind}, which states each window of its "
                f"table {table.name} for everything: the second would overwrite the data of the first. Keep one of them, "
                "and configure the other one in a separate workspace."
            )


def _open_source(name: str, point: EntryPoint, part: Mapping[str, Any], context: Context) -> Source:
    from pydantic import ValidationError

    from footfall.settings import explain

    try:
        kind: type[Source] = point.load()
    except (ImportError, AttributeError) as error:
        raise SettingsError(
            f"the source {point.name} ({point.value}) cannot be loaded: {error}; reinstall or remove the package it is from."
        ) from None
    try:
        return kind(kind.Settings.model_validate(dict(part)), context)
    except ValidationError as error:
        raise SettingsError(explain(error, kind.Settings, f"sources.{name}")) from None
