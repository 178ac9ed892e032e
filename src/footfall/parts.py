"""What the parts of the settings are made of: secrets, and records that refuse what they do not know."""

from __future__ import annotations

import os
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from footfall.concealing import remember

NotEmpty = Annotated[str, Field(min_length=1)]


class Secret:
    """A value that does not show itself; `reveal()` gives it.

    In settings it is a text, or better `{ env = "NAME" }`, the name of an environment variable.
    """

    def __init__(self, value: str) -> None:
        self._value = value
        remember(value)

    def __repr__(self) -> str:
        return "Secret('…')"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __bool__(self) -> bool:
        return bool(self._value)

    def reveal(self) -> str:
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
            found = os.environ.get(name, "")
            if not found:
                raise ValueError(f"the environment variable {name} is not set")
            return cls(found)
        raise ValueError('write a text, or { env = "NAME" } to take it from the environment')


class Part(BaseModel):
    """One part of the settings: unknown keys are refused, nothing changes once read."""

    model_config = ConfigDict(frozen=True, extra="forbid")
