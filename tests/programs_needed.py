"""Programs and interpreters that some tests need and that are not part of Footfall: found, or skipped with the reason."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def program(name: str, package: str = "", *places: str) -> str:
    """The path of a program, on PATH or in one of `places` (patterns such as "/usr/lib/postgresql/*/bin").

    Args:
        package: Debian's package that has it, for the reason of the skip.
    """
    found = shutil.which(name)
    for place in places:
        folders = sorted(Path("/").glob(place.lstrip("/")))
        found = found or next((str(folder / name) for folder in folders if (folder / name).is_file()), None)
    if found is None:
        pytest.skip(f"the program {name} is not installed (Debian: {package or name})")
    return found


def node_module(name: str) -> Path:
    """The folder of an npm package, in the project's node_modules or in FOOTFALL_NODE_MODULES."""
    for folder in (os.environ.get("FOOTFALL_NODE_MODULES", ""), str(ROOT / "node_modules")):
        if folder and (Path(folder) / name).is_dir():
            return Path(folder) / name
    pytest.skip(f"the npm package {name} is not installed (npm install {name})")


def python_with(variable: str, packages: str) -> str:
    """A Python of its own for packages that conflict with ours: the path that an environment variable names."""
    python = os.environ.get(variable, "")
    if not python:
        pytest.skip(f"{variable} names no Python with {packages} (python -m venv, pip install {packages})")
    return python
