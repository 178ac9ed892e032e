"""How a source names a project, so that `[[projects]]` can map its names in different sources."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class ProjectNames:
    """The dimension of a source's tables whose values are names of projects.

    A source that knows projects has one as the attribute `project_names`.

    Args:
        dimension: A dimension of every table of the source that can be queried by project.
        normalise: Returns a name as the source spells it, such as a package name after PEP 503.

    Example:
        >>> ProjectNames("repo", str.lower).normalise("JupyterHub/BinderHub")
        'jupyterhub/binderhub'
    """

    dimension: str
    normalise: Callable[[str], str] = str
