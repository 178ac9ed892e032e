"""Clusters and their hubs, from a folder of `config/clusters/NAME/cluster.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from footfall.errors import BrokenDataError, MissingExtraError, SourceError
from footfall.sources.hubs.names import is_staging

TEMPLATES = "templates"
"""A folder next to those of clusters, with templates that are not valid YAML."""


@dataclass(frozen=True)
class ListedHub:
    """A configured hub of a cluster."""

    cluster: str
    provider: str
    hub: str
    display_name: str
    domain: str
    helm_chart: str

    @property
    def is_staging(self) -> bool:
        return is_staging(self.hub)


def read_clusters(folder: Path) -> tuple[ListedHub, ...]:
    """The hubs of all clusters, in order. Raises SourceError, which names the unreadable file.

    Args:
        folder: The root of the repository, or the folder with one subfolder per cluster.
    """
    top = folder / "config" / "clusters"
    top = top if top.is_dir() else folder
    files = [file for file in sorted(top.glob("*/cluster.yaml")) if file.parent.name != TEMPLATES]
    if not files:
        raise SourceError(f"{top} has no */cluster.yaml; correct `clusters` in the settings of the source")
    found = [hub for file in files for hub in _hubs_of(file)]
    names = [(one.cluster, one.hub) for one in found]
    if twins := sorted({name for name in names if names.count(name) > 1}):
        raise BrokenDataError(f"{top}: the hub {twins[0][1]!r} of the cluster {twins[0][0]!r} is listed twice.")
    return tuple(found)


def _hubs_of(file: Path) -> list[ListedHub]:
    try:
        import yaml
    except ImportError:
        raise MissingExtraError("a list of clusters in YAML", "hubs") from None
    try:
        cluster: Any = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        words = " ".join(str(error).split())[:200]
        raise BrokenDataError(f"{file} cannot be read: {words}.") from None
    if not isinstance(cluster, Mapping) or not isinstance(cluster.get("name"), str):
        raise BrokenDataError(f"{file} does not describe a cluster: it has no name.")
    hubs = cluster.get("hubs") or []
    if not isinstance(hubs, list) or not all(isinstance(hub, Mapping) and hub.get("name") for hub in hubs):
        raise BrokenDataError(f"{file}: `hubs` is not a list of hubs with names.")
    return [
        ListedHub(
            cluster["name"],
            str(cluster.get("provider") or ""),
            str(hub["name"]),
            str(hub.get("display_name") or ""),
            str(hub.get("domain") or ""),
            str(hub.get("helm_chart") or ""),
        )
        for hub in hubs
    ]
