"""Building blocks of the settings: secrets, and records that reject unknown keys."""

from __future__ import annotations

import json
import os
import re
from typing import Annotated, Any, get_args

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, ValidationInfo, field_validator
from pydantic_core import CoreSchema, core_schema

from footfall.concealing import remember, remember_password
from footfall.errors import SettingsError, UnsetError
from footfall.numerals import number_of, whole_of

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

NotEmpty = Annotated[str, Field(min_length=1)]


class Secret:
    """A value that is not shown; `reveal()` returns it.

    In settings it is a text, or better `{ env = "NAME" }`, the name of an environment variable. An unset variable is an
    error only where the value is needed: queries need no token, and a source without its token does not stop the others.

    Args:
        value: The value.
        lacking: The name of an environment variable that is not set, instead of a value.
    """

    def __init__(self, value: str, lacking: str = "") -> None:
        self._value = value
        self.lacking = lacking
        if value:
            remember(value)

    def __repr__(self) -> str:
        return "Secret('…')"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and (other._value, other.lacking) == (self._value, self.lacking)

    def __hash__(self) -> int:
        return hash((self._value, self.lacking))

    def __bool__(self) -> bool:
        """Whether the settings have a value, even if its variable is not set."""
        return bool(self._value or self.lacking)

    def reveal(self) -> str:
        """The value. Raises UnsetError where the environment variable that holds it is not set."""
        if self.lacking:
            raise UnsetError(self.lacking)
        return self._value

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(cls.read)

    @classmethod
    def read(cls, value: Any) -> Secret:
        if isinstance(value, Secret):
            return value
        if isinstance(value, str) and value:
            return cls(value)
        if isinstance(value, dict) and list(value) == ["env"]:
            name = str(value["env"])
            if not _VARIABLE.fullmatch(name):
                raise ValueError("the name of an environment variable has letters, digits and _, and no digit first")
            found = os.environ.get(name, "")
            if not found.isprintable() and any(0xD800 <= ord(character) < 0xE000 for character in found):
                raise ValueError(f"the environment variable {name} is not a text in UTF-8")
            return cls(found, "" if found else name)
        raise ValueError('write a text, or { env = "NAME" } to take it from the environment')


def as_table(setting: str, key: str, value: Any) -> Any:
    """An address is short for a table with only an address; in the environment a table is JSON."""
    if not isinstance(value, str):
        if not isinstance(value, dict | BaseModel):
            raise ValueError("write an address, or a table of settings")
        return value
    try:
        return json.loads(value) if value.lstrip().startswith("{") else {key: value}
    except ValueError as error:
        raise SettingsError(
            f"{setting} is {value!r}, which is not JSON ({error}); write an address or a JSON table."
        ) from None


class Part(BaseModel):
    """One part of the settings: frozen, and unknown keys are rejected."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @field_validator("*", mode="before", check_fields=False)
    @classmethod
    def _in_digits(cls, value: Any, info: ValidationInfo) -> Any:
        """A number that is a text, as the environment has it, is one in the digits 0 to 9."""
        if isinstance(value, str) and info.field_name:
            annotation = cls.model_fields[info.field_name].annotation
            kinds = set(get_args(annotation) or (annotation,)) - {type(None)}
            if kinds <= {int, float}:
                return whole_of(value) if kinds == {int} else number_of(value)
        return value


def revealed(value: Any) -> Any:
    """The address in a setting; one with a password may be `{ env = "NAME" }`, and the password is in no message."""
    if isinstance(value, dict):
        return Secret.read(value).reveal()
    if isinstance(value, str):
        remember_password(value)
    return value
