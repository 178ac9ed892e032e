"""How one thing that people use is named in a source, so that `[[projects]]` can tie its names together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class ProjectNames:
    """The dimension of a source's tables whose values are names of projects.

    A source that knows projects has one as the attribute `project_names`.

    Args:
        dimension: A dimension that every table of the source has which a project is asked about.
        normalise: A name as the source spells it, such as a package name after PEP 503.

    Example:
        >>> ProjectNames("repo", str.lower).normalise("JupyterHub/BinderHub")
        'jupyterhub/binderhub'
    """

    dimension: str
    normalise: Callable[[str], str] = str
