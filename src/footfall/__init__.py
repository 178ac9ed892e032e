"""Footfall: long-term usage analytics for open-source projects and the platforms that run them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from footfall.errors import FootfallError as FootfallError
    from footfall.settings import Settings as Settings
    from footfall.workspace import Workspace as Workspace
    from footfall.workspace import open as open

__version__ = "0.1.0"

__all__ = ["FootfallError", "Settings", "Workspace", "__version__", "open"]

_HOMES = {"open": "workspace", "Workspace": "workspace", "Settings": "settings", "FootfallError": "errors"}


def __getattr__(name: str) -> Any:
    """Public names are loaded when they are used, so that `import footfall` costs nothing."""
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(f"footfall.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'footfall' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
