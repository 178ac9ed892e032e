"""Known file formats of other tools: their settings in one word."""

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
CONDASTATS: Mapping[str, Any] = MappingProxyType(
    {
        "name": "condastats",
        "description": "Downloads of conda packages by month, as condastats wrote them.",
        "format": "csv",
        "time": {"column": "time", "format": "%Y-%m"},
        "resolution": "month",
        "window": "month",
        "rule": "observe",
        "dimensions": [
            {"name": "project", "column": "pkg_name", "description": "The package.", "folds_case": True},
        ],
        "measures": [
            {
                "name": "downloads",
                "column": "counts",
                "metric": "condastats_downloads",
                "title": "Downloads (conda, archived)",
                "unit": "downloads",
                "description": "Downloads of conda packages by month that condastats wrote to files, machines included.",
            }
        ],
        "project": "project",
    }
)
PEPY: Mapping[str, Any] = MappingProxyType(
    {
        "name": "pepy_downloads",
        "description": "Downloads from PyPI by day, as pepy counts them.",
        "format": "csv",
        "time": {"column": "date", "format": "%Y-%m-%d"},
        "rule": "observe",
        "measures": [
            {
                "name": "downloads",
                "metric": "pepy_downloads",
                "title": "Downloads (pepy)",
                "unit": "downloads",
                "description": "Downloads from PyPI by day as pepy counts them, which may leave machines in or out.",
            }
        ],
    }
)
PLAUSIBLE: Mapping[str, Any] = MappingProxyType(
    {
        "name": "site_traffic",
        "description": "Visitors and page views of a web site by day, as Plausible exports them.",
        "format": "csv",
        "time": {"column": "date", "format": "%Y-%m-%d"},
        "rule": "observe",
        "absent": "zero",
        "measures": [
            {
                "name": "visitors",
                "metric": "site_visitors",
                "title": "Visitors of the site",
                "unit": "visitors",
                "kind": "level",
                "description": "Different visitors of each day, as Plausible counts them; over more than a day the mean of the days.",
            },
            {
                "name": "pageviews",
                "metric": "site_pageviews",
                "title": "Page views of the site",
                "unit": "page views",
                "description": "Page views, as Plausible counts them.",
            },
            {
                "name": "visits",
                "metric": "site_visits",
                "title": "Visits of the site",
                "unit": "visits",
                "description": "Visits, as Plausible counts them: one ends after 30 minutes without a page view.",
            },
        ],
    }
)
PRESETS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {"conda": CONDA, "condastats": CONDASTATS, "pepy": PEPY, "plausible": PLAUSIBLE}
)
_BY_PACKAGE = "conda"
"""The preset whose files contain all packages."""
_CONDA_BREAK = (date(2024, 3, 1), "files in the .conda format are counted from here on, up to 40 times as many")
BREAKS: Mapping[str, tuple[tuple[date, str], ...]] = MappingProxyType(
    {"conda": (_CONDA_BREAK,), "condastats": (_CONDA_BREAK,)}
)
"""By preset: when a definition changed upstream, and how."""


def with_preset(value: Any) -> Any:
    """The settings of a table, merged with the defaults of its preset."""
    if not isinstance(value, dict):
        return value
    preset = value.get("preset")
    if preset and preset not in PRESETS:
        raise ValueError(f"there is no preset {preset!r}; valid: {', '.join(PRESETS)}")
    if value.get("packages") and preset != _BY_PACKAGE:
        raise ValueError('packages is for preset = "conda"; use keep = { column = ["value"] }')
    if not preset:
        return value
    found = {**PRESETS[preset], **value}
    if preset != _BY_PACKAGE:
        return found
    if not found.get("packages"):
        raise ValueError('the preset conda holds every package; name yours with packages = ["name"]')
    return {**found, "keep": {**found.get("keep", {}), "pkg_name": list(found["packages"])}}


def annotations_of(preset: str, table: str) -> tuple[Annotation, ...]:
    """Known facts about the time that the files of a preset cover."""
    return tuple(Annotation.at("break", on, text, table=table) for on, text in BREAKS.get(preset, ()))
