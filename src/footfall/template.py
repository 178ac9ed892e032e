"""A commented footfall.toml, and the table of settings in the docs, both generated from the settings."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from footfall.errors import FootfallError, SettingsError
from footfall.settings import FILE_NAME, ActivitySettings, Settings
from footfall.web_settings import WebSettings

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from footfall.sources import Source

_HEAD = """\
# Settings of Footfall. Commented lines show the defaults.
# Environment variables override this file: FOOTFALL_LAKE, FOOTFALL_SOURCES__BINDER__ARCHIVE …
"""


_HAPPENED = [
    f"# {Settings.model_fields['annotations'].description}",
    "# [[annotations]]",
    "# at = 2026-03-01",
    '# kind = "release"',
    '# text = "version 2.0"',
    "",
    f"# {Settings.model_fields['known_wrong'].description}",
    "# [[known_wrong]]",
    '# source = "binder"',
    "# from = 2026-03-01",
    "# to = 2026-03-04",
    '# reason = "the archive lost these days"',
    "",
    f"# {Settings.model_fields['alerts'].description}",
    "# [[alerts]]",
    '# name = "losses"',
    '# when = "loss"',
    "# days = 3",
    '# file = "alerts.log"',
    "",
]
_HAPPENED += [
    f"# {Settings.model_fields['questions'].description}",
    "# [[questions]]",
    '# name = "Launches by member"',
    '# ask = { metric = "launches", by = "federation", last = "91" }',
    "",
]
_PROJECTS = [
    f"# {Settings.model_fields['projects'].description}",
    "# [[projects]]",
    '# name = "icepyx"',
    '# git = "icesat2py/icepyx"',
    '# binder = "icesat2py/icepyx"',
    "",
]


def write_settings_file(folder: Path, text: str) -> Path:
    """Write `text` as the settings of the workspace in `folder`; a file that is there is never touched."""
    file = folder / FILE_NAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8") as out:
            out.write(text)
    except FileExistsError:
        raise SettingsError(f"{file} exists already and was not changed; edit it, or name another folder.") from None
    except OSError as error:
        raise FootfallError(f"{file} cannot be written: {error.strerror}.") from None
    return file


_COLLECTED = ("/lake/", "/.footfall/", "/activity.db*", "/alerts.json", "/tokens.json")
"""What a workspace holds next to its settings, as git is to leave it alone."""


def keep_out_of_git(folder: Path) -> str:
    """Keep collected data, which may hold e-mail addresses, out of git; returns what was done or needs to be done.

    An existing .gitignore is not changed. Outside of a git repository nothing is done.
    """
    if not any((place / ".git").exists() for place in (folder.resolve(), *folder.resolve().parents)):
        return ""
    file = folder / ".gitignore"
    try:
        there = file.read_text(encoding="utf-8", errors="replace").splitlines() if file.exists() else []
        if not file.exists():
            file.write_text("".join(f"{line}\n" for line in _COLLECTED), encoding="utf-8")
            return f"Wrote {file}: collected data stays out of git."
    except OSError as error:
        return f"{file} cannot be written: {error.strerror}. Keep {', '.join(_COLLECTED)} out of git."
    lacking = [
        line for line in _COLLECTED if not {line, line.strip("/"), line.lstrip("/")} & {one.strip() for one in there}
    ]
    return f"Add these lines to {file} to keep collected data out of git: {' '.join(lacking)}" if lacking else ""


def commented(
    chosen: Mapping[str, Mapping[str, Any]],
    notes: Mapping[str, str] | None = None,
    projects: Sequence[Mapping[str, Any]] = (),
) -> str:
    """Every setting with its description; only the sources `chosen` are enabled, with these values."""
    from footfall.sources import installed_sources

    sources: dict[str, type[Source]] = {name: point.load() for name, point in installed_sources().items()}
    lines = [_HEAD]
    for name, setting in settings_of(Settings):
        if name not in (
            "sources",
            "notes",
            "activity",
            "annotations",
            "known_wrong",
            "projects",
            "questions",
            "alerts",
            "web",
            "report",
        ):
            lines += [f"# {setting.description}", f"# {name} = {toml_of(_default(setting))}", ""]
    lines += ["# Activity: marks of your application, and events from the sources below.", "# [activity]"]
    lines += [*_fields(ActivitySettings, {}), ""]
    lines += ["# The server, `footfall serve`.", "# [web]", *_fields(WebSettings, {}), ""]
    lines += [
        "# Where `footfall report --mail` sends the summary of a month.",
        "# [report]",
        '# email = { to = ["team@example.org"], from = "footfall@example.org", server = { env = "MAIL_SERVER" } }',
        "",
    ]
    for name in sorted(sources, key=lambda n: (n not in chosen, n)):
        lines += _source(name, sources[name], chosen.get(name))
    lines.append(f"# {Settings.model_fields['notes'].description}")
    if notes:
        lines += ["[notes]", *(f"{name} = {toml_of(note)}" for name, note in notes.items()), ""]
    else:
        lines += ["# [notes]", '# binder = "without the test hubs"', ""]
    lines += _HAPPENED
    for project in projects:
        lines += [_PROJECTS[0], "[[projects]]", *(f"{key} = {toml_of(value)}" for key, value in project.items()), ""]
    lines += [] if projects else _PROJECTS
    return "\n".join(lines)


def _source(name: str, source: type[Source], values: Mapping[str, Any] | None) -> list[str]:
    lines = [f"# {source.description}", f"{'# ' if values is None else ''}[sources.{name}]"]
    return [*lines, *_fields(source.Settings, values or {}), ""]


def _fields(model: type[BaseModel], values: Mapping[str, Any]) -> Iterator[str]:
    """The settings of a part: those of `values` as they are, the others commented out with what they mean."""
    for setting, field in settings_of(model):
        if setting in values:
            yield f"{setting} = {toml_of(values[setting])}"
            continue
        shown = '{ env = "NAME" }' if "Secret" in str(field.annotation) else toml_of(_default(field))
        if field.examples and _default(field) is None:
            shown = toml_of(field.examples[0])
        yield f"#   {field.description}"
        yield f"# {setting} = {shown}"


def example_of(model: type[BaseModel]) -> dict[str, Any]:
    """An example of each setting of a part that must be set."""
    return {name: field.examples[0] for name, field in settings_of(model) if field.is_required() and field.examples}


def settings_of(model: type[BaseModel]) -> Iterator[tuple[str, FieldInfo]]:
    """What can be set in one part of footfall.toml; the workspace's folder is where the file is, not in it."""
    return ((name, field) for name, field in model.model_fields.items() if not field.exclude)


def _default(field: FieldInfo) -> Any:
    default = field.get_default(call_default_factory=True)
    return None if default is PydanticUndefined else default


def _span(length: timedelta) -> str:
    """A stretch of time as settings have it: a whole number of the longest unit that fits."""
    units = {"d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1), "s": timedelta(seconds=1)}
    unit = next((name for name, one in units.items() if length and not length % one), "s")
    return f"{length // units[unit]}{unit}"


def toml_of(value: Any) -> str:
    """`value` as TOML, on one line; what has no default is shown as an empty text."""
    match value:
        case None:
            return '""'
        case BaseModel():
            parts = value.model_dump(exclude_defaults=True) or value.model_dump()
            first, *more = parts.values()
            return toml_of(parts if more and value.model_fields_set else first)
        case str():
            return _quoted(value)
        case bool() | int() | float():
            return json.dumps(value)
        case date():
            return value.isoformat()
        case timedelta():
            return json.dumps(_span(value))
        case Mapping():
            inner = ", ".join(f"{_quoted(k)} = {toml_of(v)}" for k, v in value.items())
            return f"{{ {inner} }}" if inner else "{}"
        case list() | tuple():
            return f"[{', '.join(toml_of(v) for v in value)}]"
        case _:
            return toml_of(str(value))


def _quoted(text: str) -> str:
    """Text in quotes: TOML escapes what JSON does, and DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
