"""Files of others whose form is known: their settings in one word."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Any

from footfall.annotations import Annotation

CONDA: Mapping[str, Any] = MappingProxyType(
    {
        "name": "conda_downloads",
        "description": "Downloads of conda packages by month, from Anaconda's public data.",
        "path": "https://anaconda-package-data.s3.amazonaws.com/conda/monthly/%Y/%Y-%m.parquet",
        "first": date(2017, 4, 1),
        "format": "parquet",
        "time": {"column": "time", "format": "%Y-%m"},
        "resolution": "month",
        "window": "month",
        "repeated": "add",
        "dimensions": [
            {"name": "channel", "column": "data_source", "description": "The channel: conda-forge, anaconda …"},
            {"name": "project", "column": "pkg_name", "description": "The package.", "folds_case": True},
            {"name": "version", "column": "pkg_version", "description": "The version of the package."},
            {"name": "platform", "column": "pkg_platform", "description": "linux-64, osx-arm64, noarch …"},
            {"name": "python", "column": "pkg_python", "description": "The minor version of Python it was built for."},
        ],
        "measures": [
            {
                "name": "downloads",
                "column": "counts",
                "metric": "conda_downloads",
                "title": "Downloads (conda)",
                "unit": "downloads",
                "description": "Downloads of conda packages from the channels that Anaconda serves, machines included.",
            }
        ],
        "project": "project",
    }
)
PRESETS: Mapping[str, Mapping[str, Any]] = MappingProxyType({"conda": CONDA})
BREAKS: Mapping[str, tuple[tuple[date, str], ...]] = MappingProxyType(
    {"conda": ((date(2024, 3, 1), "files in the .conda format are counted from here on, up to 40 times as many"),)}
)
"""Of a preset: when a definition changed upstream, and how."""


def with_preset(value: Any) -> Any:
    """The settings of a table, with those of its preset where it does not say otherwise."""
    if not isinstance(value, dict) or not value.get("preset"):
        if isinstance(value, dict) and value.get("packages"):
            raise ValueError('packages is for preset = "conda"; use keep = { column = ["value"] }')
        return value
    if value["preset"] not in PRESETS:
        raise ValueError(f"there is no preset {value['preset']!r}; valid: {', '.join(PRESETS)}")
    found = {**PRESETS[value["preset"]], **value}
    if not found.get("packages"):
        raise ValueError('the preset conda holds every package; name yours with packages = ["name"]')
    return {**found, "keep": {**found.get("keep", {}), "pkg_name": list(found["packages"])}}


def annotations_of(preset: str, table: str) -> tuple[Annotation, ...]:
    """What is known of the time that the files of a preset cover."""
    return tuple(Annotation.at("break", on, text, table=table) for on, text in BREAKS.get(preset, ()))
