"""Settings: footfall.toml and the environment, read once, then frozen.

Environment variables override the file: FOOTFALL_LAKE, FOOTFALL_ENGINE, FOOTFALL_SOURCES__BINDER__ARCHIVE …
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, EnvSettingsSource, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings import SettingsError as UnreadableVariable

from footfall.alerts import AlertSettings
from footfall.annotations import Annotation, AnnotationKind, KnownWrong, span
from footfall.engine_settings import EngineSettings
from footfall.errors import FootfallError, SettingsError, did_you_mean, said_of_value, shown
from footfall.lake_settings import LakeSettings
from footfall.parts import NotEmpty as NotEmpty
from footfall.parts import Part as Part
from footfall.parts import Secret as Secret
from footfall.parts import as_table, revealed
from footfall.periods import EPOCH, Window, parse_moment
from footfall.report_settings import ReportSettings
from footfall.web_settings import WebSettings

FILE_NAME = "footfall.toml"
WORKSPACE_VARIABLE = "FOOTFALL_WORKSPACE"
"""The environment variable that names the default workspace."""


class ActivitySettings(Part):
    """Where and how marks of activity are stored."""

    store: Annotated[str, BeforeValidator(revealed)] = Field(
        default="sqlite:///activity.db",
        description='"sqlite:///activity.db", relative to this file, or "redis://host:6379/0"; or { env = "NAME" }.',
    )
    hash_key: Secret | None = Field(
        default=None,
        description="With a key, names of actors are stored only as keyed hashes (HMAC-SHA-256).",
    )
    hourly: bool = Field(default=False, description="Store every mark by the hour as well as by the day.")
    lake: bool = Field(default=False, description="Keep the facts in the lake too, and count them on the engine.")
    population: str | None = Field(
        default=None, description="The event whose actors are the population of `~`; by default all actors ever seen."
    )


def _on(value: Any) -> Any:
    """A date, or a moment with its zone; from the environment both come as text."""
    if isinstance(value, str):
        try:
            value = date.fromisoformat(value) if len(value) == len("2026-11-23") else datetime.fromisoformat(value)
        except ValueError:
            raise ValueError("write a date such as 2026-11-23, or a moment such as 2026-11-23T09:30:00Z") from None
    if not isinstance(value, date):
        raise ValueError("write a date such as 2026-11-23, or a moment such as 2026-11-23T09:30:00Z")
    if isinstance(value, datetime):
        try:
            return parse_moment(value, value)
        except FootfallError as error:
            raise ValueError(str(error).removesuffix(".")) from None
    return value


On = Annotated[date | datetime, BeforeValidator(_on)]


class QuestionSettings(Part):
    """A saved question with a name."""

    name: NotEmpty = Field(description="Its name on pages.")
    ask: dict[str, str | tuple[str, ...]] = Field(
        description='The options of `footfall query`, such as { metric = "launches", by = "federation", last = "91" }.'
    )

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The question as names and texts."""
        listed = ((name, (given,) if isinstance(given, str) else given) for name, given in self.ask.items())
        return [(name, text) for name, texts in listed for text in texts]


class AnnotationSettings(Part):
    """An event that explains the numbers of its time."""

    kind: Literal["release", "outage", "break", "note"] = Field(
        default="note",
        description="release, outage, note, or break: a definition changed, numbers before and after are not compared.",
    )
    text: NotEmpty = Field(description="What happened, in a few words.")
    at: On | None = Field(default=None, description="When: a date, or a moment with its zone.")
    from_: On | None = Field(default=None, alias="from", description="Instead of `at`: the first day of a span.")
    to: On | None = Field(default=None, description="The last day of the span, included; or the moment it ended.")
    source: str = Field(default="", description="The source; by default every source.")
    table: str = Field(default="", description="The table; by default all tables of the source.")
    scope: str = Field(default="", description="The scope, such as a repository; by default all.")

    @model_validator(mode="after")
    def _check_time(self) -> Self:
        if (self.at is None) == (self.from_ is None) or (self.from_ is None) != (self.to is None):
            raise ValueError("it needs either `at`, or both `from` and `to`")
        _ = self.window
        return self

    @property
    def window(self) -> Window:
        if self.from_ is not None and self.to is not None:
            return span(self.from_, self.to)
        assert self.at is not None
        moment = parse_moment(self.at, EPOCH)
        return Window(moment, moment)

    @property
    def annotation(self) -> Annotation:
        return Annotation(
            AnnotationKind(self.kind), self.window, self.text, self.scope, source=self.source, table=self.table
        )


class KnownWrongSettings(Part):
    """An interval in which a source recorded wrong values: it counts as not collected, with the reason."""

    source: NotEmpty = Field(description="The source, by its name in this file.")
    from_: On = Field(alias="from", description="The first day, or the moment it begins.")
    to: On = Field(description="The last day, included; or the moment it ends.")
    reason: NotEmpty = Field(description="Why the values are wrong; shown with every answer that includes them.")
    table: str = Field(default="", description="The table; by default all tables of the source.")
    scope: str = Field(default="", description="The scope, such as a repository; by default all.")

    @model_validator(mode="after")
    def _check_time(self) -> Self:
        span(self.from_, self.to)
        return self

    @property
    def known_wrong(self) -> KnownWrong:
        return KnownWrong(span(self.from_, self.to), self.reason, self.scope, source=self.source, table=self.table)


class ProjectSettings(BaseModel):
    """A project under its names in the sources: every other key is a source."""

    model_config = ConfigDict(frozen=True, extra="allow")

    name: NotEmpty = Field(description="The name of the project here.")
    description: str = Field(default="", description="A short description.")

    @model_validator(mode="after")
    def _check_names(self) -> Self:
        for source, given in (self.model_extra or {}).items():
            names = [given] if isinstance(given, str) else given
            if not isinstance(names, list | tuple) or not names or not all(isinstance(n, str) and n for n in names):
                raise ValueError(f'{source} is {given!r}; write a name, or several as ["one", "two"]')
        return self

    @property
    def names(self) -> dict[str, tuple[str, ...]]:
        """By source, as they stand in the file: the names that the project has there."""
        return {key: (n,) if isinstance(n, str) else tuple(n) for key, n in (self.model_extra or {}).items()}


_as_activity = partial(as_table, "activity", "store")
_as_engine = partial(as_table, "engine", "address")
_as_lake = partial(as_table, "lake", "address")


class _Environment(EnvSettingsSource):
    """The environment; FOOTFALL_LAKE, FOOTFALL_ENGINE and FOOTFALL_ACTIVITY may be addresses and do not change the rest of the table."""

    def __call__(self) -> dict[str, Any]:
        found = super().__call__()
        return found | {name: self._with_parts(name, found[name]) for name in _TABLES.keys() & found.keys()}

    def _with_parts(self, name: str, given: Any) -> dict[str, Any]:
        """FOOTFALL_ENGINE and FOOTFALL_ENGINE__LAKE together: Pydantic would drop the second one."""
        parts: dict[str, Any] = self.explode_env_vars(name, self.settings_cls.model_fields[name], self.env_vars)
        return {**_TABLES[name](given), **parts}


_TABLES = {"activity": _as_activity, "engine": _as_engine, "lake": _as_lake}
"""Tables that may be an address alone."""


class Settings(BaseSettings):
    """All settings and their defaults."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        env_prefix="FOOTFALL_",
        env_nested_delimiter="__",
        nested_model_default_partial_update=True,
    )

    lake: Annotated[LakeSettings, NoDecode, BeforeValidator(_as_lake)] = Field(
        default=LakeSettings(),
        description='Where tables are stored: a folder, relative to this file, or "s3://bucket/folder"; or a table of settings.',
    )
    engine: Annotated[EngineSettings, NoDecode, BeforeValidator(_as_engine)] = Field(
        default=EngineSettings(),
        description='Where queries run: "duckdb://", or "sc://host:port" for Spark Connect; or a table of settings.',
    )
    activity: Annotated[ActivitySettings, NoDecode, BeforeValidator(_as_activity)] = Field(
        default=ActivitySettings(),
        description='Where marks are stored: "sqlite:///activity.db", or "redis://host:6379/0"; or a table of settings.',
    )
    sources: dict[str, dict[str, Any]] = Field(default_factory=dict, description="One table per source.")
    notes: dict[str, str] = Field(
        default_factory=dict, description="A note shown with every number of a source, by the source's name."
    )
    annotations: tuple[AnnotationSettings, ...] = Field(
        default=(), description="Releases, outages, breaks and notes; one [[annotations]] each."
    )
    known_wrong: tuple[KnownWrongSettings, ...] = Field(
        default=(), description="Intervals in which a source recorded wrong values; one [[known_wrong]] each."
    )
    projects: tuple[ProjectSettings, ...] = Field(
        default=(), description="Projects, under their names in the sources; one [[projects]] each."
    )
    questions: tuple[QuestionSettings, ...] = Field(
        default=(), description="Saved questions, shown on pages; one [[questions]] each."
    )
    alerts: tuple[AlertSettings, ...] = Field(
        default=(), description="Alerts and who is notified; one [[alerts]] each."
    )
    web: WebSettings = Field(default=WebSettings(), description="Settings of `footfall serve`.")
    report: ReportSettings = Field(default=ReportSettings(), description="Settings of reports.")
    folder: Path = Field(default=Path(), exclude=True, description="The folder of the workspace; not set in the file.")

    @field_validator("alerts")
    @classmethod
    def _check_names(cls, alerts: tuple[AlertSettings, ...]) -> tuple[AlertSettings, ...]:
        names = [alert.name for alert in alerts]
        if twin := next((name for name in names if names.count(name) > 1), None):
            raise ValueError(f"two alerts are called {twin!r}; give each a unique name")
        return alerts

    @property
    def scratch(self) -> Path:
        """The workspace's folder for downloads, clones and locks; safe to delete while nothing runs."""
        return self.folder / ".footfall"

    @property
    def lake_address(self) -> str:
        """The lake as an absolute path, or as the address it was given."""
        address = self.lake.address
        return address if "://" in address else str((self.folder / address).resolve())

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return _Environment(settings_cls), init_settings


def read_settings(path: str | Path | None = None) -> Settings:
    """The settings of a workspace.

    Args:
        path: A folder with a footfall.toml, or such a file. By default the value of FOOTFALL_WORKSPACE, or else the nearest
            of this folder and its parents that has one.
    """
    file = _file_at(path) if path is not None else _nearest_file()
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8-sig"))
        _check_texts(file, values)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{file} is not valid TOML: {error}.") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{file} is not UTF-8 text; save it as UTF-8.") from None
    except RecursionError:
        raise SettingsError(f"{file} is nested too deeply; no setting has more than a few levels.") from None
    except ValueError:  # of Python's integers
        raise SettingsError(f"{file} holds a number of more than 4,300 digits; write a smaller one.") from None
    except OSError as error:
        raise SettingsError(f"{file} cannot be read: {error.strerror}.") from None
    _check_variables(os.environ)
    try:
        values |= {name: read(values[name]) for name, read in _TABLES.items() if isinstance(values.get(name), str)}
        return Settings(**{**values, "folder": file.parent.resolve()})
    except ValidationError as error:
        raise SettingsError(explain(error, Settings, str(file))) from None
    except UnreadableVariable as error:
        raise SettingsError(
            f"an environment variable FOOTFALL_… cannot be read ({error}); write a table as JSON, or each of its settings "
            "as a separate variable, such as FOOTFALL_SOURCES__GIT__BOTS."
        ) from None
    except RecursionError:
        raise SettingsError("an environment variable FOOTFALL_… is nested too deeply; write a shorter one.") from None


def _check_texts(file: Path, value: Any, path: tuple[str, ...] = ()) -> None:
    """No path, address or name can hold the character NUL, and few libraries say so in a sentence."""
    if isinstance(value, dict):
        for name, inner in value.items():
            _check_texts(file, name, (*path, name))
            _check_texts(file, inner, (*path, name))
    elif isinstance(value, list):
        for inner in value:
            _check_texts(file, inner, path)
    elif isinstance(value, str) and "\0" in value:
        raise SettingsError(f"{file}: {shown('.'.join(path))} holds the character NUL in {shown(value)}; take it out.")


def _file_at(path: str | Path, said_by: str = "") -> Path:
    given = Path(path)
    file = given if given.suffix == ".toml" else given / FILE_NAME
    if not file.is_file():
        raise SettingsError(
            f"no {FILE_NAME} in {file.parent.resolve()}{said_by}; run `footfall init` there, or point to a workspace with "
            "--workspace."
        )
    return file


def _nearest_file() -> Path:
    if said := os.environ.get(WORKSPACE_VARIABLE):
        return _file_at(said, f", which {WORKSPACE_VARIABLE} names")
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / FILE_NAME).is_file():
            return folder / FILE_NAME
    raise SettingsError(
        f"no {FILE_NAME} in {here} or a folder above it; run `footfall init` here, or point to a workspace with --workspace."
    )


def _check_variables(names: Iterable[str]) -> None:
    """A typo in a variable's name would silently leave the setting unchanged."""
    prefix = "FOOTFALL_"
    known = [f"{prefix}{field.upper()}" for field in Settings.model_fields if field != "folder"]
    for name in sorted(names):
        setting = name.upper().split("__")[0]
        if not setting.startswith(prefix) or setting in known or setting == WORKSPACE_VARIABLE:
            continue
        if near := get_close_matches(
            setting.removeprefix(prefix), [k.removeprefix(prefix) for k in known], n=1, cutoff=0.7
        ):
            raise SettingsError(
                f"the environment variable {name} is not a setting; did you mean {prefix}{near[0]}? Unset or rename it."
            )


def explain(error: ValidationError, model: type[BaseModel], where: str) -> str:
    """The first error of a validation, as one sentence with the valid names."""
    faults = error.errors()
    # A typo in a name makes the right one missing: report the typo.
    fault = next((f for f in faults if f["type"] == "extra_forbidden"), faults[0])
    path = ".".join(f"#{part + 1}" if isinstance(part, int) else part for part in fault["loc"])
    if fault["type"] == "extra_forbidden":
        *parts, name = fault["loc"]
        for part in parts:
            model = _inner(model, part)
        names = [field.alias or n for n, field in model.model_fields.items() if n != "folder"]
        inside = f"{path.rpartition('.')[0]}: " if parts else ""
        return f"{where}: {inside}unknown setting {shown(str(name))}{did_you_mean(str(name), names)}."
    if fault["type"] == "missing":
        return f"{where}: {path} is missing; it must be set."
    message = said_of_value(fault)
    if isinstance(fault["input"], dict) and fault["type"] == "value_error":
        return f"{where}: {path or 'this part'}: {message}."
    return f"{where}: {path or 'this part'} is {shown(fault['input'])}: {message[:1].lower()}{message[1:]}."


def _inner(model: type[BaseModel], part: str | int) -> type[BaseModel]:
    """The record that a setting holds, or a list of them; the same one where there is none."""
    if isinstance(part, int):
        return model
    found = model.model_fields[part].annotation if part in model.model_fields else None
    return next(_records_in(found), model)


def _records_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _records_in(inner)
