"""The tables of downloads. Which dimensions are known depends on the provider; the others are null."""

from __future__ import annotations

from collections.abc import Mapping

from footfall.periods import Grain
from footfall.sources.pypi.names import normalise
from footfall.tables import Column, Replace, Role, Table

DOWNLOADS = "pypi_downloads"
PYTHONS = "pypi_pythons"
SYSTEMS = "pypi_systems"

_COLUMNS = {
    "version": "Version of the project.",
    "python_minor": "Minor version of the Python that downloaded, such as 3.12; none if unknown.",
    "system": "Operating system, such as Linux, Darwin or Windows; none if unknown.",
    "installer": "Installer, such as pip or uv; none if unknown.",
    "country": "Country, as a code of two letters.",
    "is_ci": "Whether it was continuous integration; only true is certain.",
    "is_mirror": "Whether it was a mirror.",
}
_VERSIONS = frozenset({"version", "python_minor"})


def downloads_table(unknown: Mapping[str, str]) -> Table:
    """Downloads with every dimension; those in `unknown` are not filled, for the given reason."""
    return _table(DOWNLOADS, "Downloads of projects from PyPI by day.", tuple(_COLUMNS), unknown)


def breakdown_table(name: str, dimension: str, words: str) -> Table:
    """The same downloads by one dimension."""
    description = f"Downloads of projects from PyPI by day and {words}. The same downloads as in {DOWNLOADS}."
    return _table(name, description, (dimension, "is_mirror"), {})


def _table(name: str, description: str, dimensions: tuple[str, ...], unknown: Mapping[str, str]) -> Table:
    return Table(
        name=name,
        description=description,
        columns=(
            Column("day", "timestamp", Role.TIME, "The day, in UTC."),
            Column(
                "project",
                "string",
                Role.DIMENSION,
                "Name of the project, as PEP 503 writes it.",
                spelled=normalise,
            ),
            *(
                Column(
                    each,
                    "boolean" if each.startswith("is_") else "string",
                    Role.DIMENSION,
                    _COLUMNS[each],
                    unknown=unknown.get(each, ""),
                    is_version=each in _VERSIONS,
                )
                for each in dimensions
            ),
            Column("downloads", "integer", Role.MEASURE, "Downloaded files."),
        ),
        rule=Replace(scope="project"),
        sort=("project", "day"),
        resolution=Grain.DAY,
    )
