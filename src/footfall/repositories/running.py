"""Running `git`: without a shell or terminal, with every setting fixed that would change its output.

It never lazily fetches what a partial clone lacks: with some servers that would never end.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from footfall.errors import SourceError, UnreachableError
from footfall.programs import Bounds, Completed, NotInstalledError, Program, StoppedError, is_installed, run
from footfall.repositories.addresses import without_password

REMOTE = "footfall_source"
"""The remote name for an address: no repository in the working directory has a remote of this name."""

_ANOTHERS = {
    *("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES"),
    *("GIT_COMMON_DIR", "GIT_NAMESPACE", "GIT_PREFIX", "GIT_SHALLOW_FILE", "GIT_GRAFT_FILE", "GIT_CONFIG"),
    *("GIT_CONFIG_PARAMETERS", "LANGUAGE"),
}
"""Variables set by a git hook that runs us: they are about another repository."""

_VARIABLES = {
    "LC_ALL": "C",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    # Otherwise it flushes a long answer commit by commit.
    "GIT_FLUSH": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_GRAFT_FILE": os.devnull,
    "GIT_NO_LAZY_FETCH": "1",
}

_CONFIGURATION = {
    "i18n.logOutputEncoding": "UTF-8",
    "mailmap.blob": "HEAD:.mailmap",
    "mailmap.file": os.devnull,
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    # It stores only 34 bits of a date, and a commit must be read the same way whether it is old or new.
    "core.commitGraph": "false",
    "http.lowSpeedLimit": "1000",
    "gc.autoDetach": "false",
    "maintenance.autoDetach": "false",
    # Old histories have small faults that do not matter here.
    "transfer.fsckObjects": "false",
    "fetch.fsckObjects": "false",
    # Bare repositories are read only if the settings name them.
    "safe.bareRepository": "all",
    "fetch.recurseSubmodules": "false",
    "fetch.prune": "false",
    "fetch.writeCommitGraph": "false",
    "submodule.recurse": "false",
}

_NOT_INSTALLED = "the program `git` is not installed; install it, version 2.31 or newer"


def ask_git(
    *arguments: str, cwd: Path | None = None, origin: str = "", stdin: bytes = b"", bounds: Bounds | None = None
) -> Completed:
    """Run git to completion; `origin` is the address behind REMOTE.

    Raises SourceError if git is not installed, and UnreachableError if it had to be stopped.
    """
    return _run(("git", *arguments), cwd, origin, stdin, bounds)


def start_git(arguments: Sequence[str], cwd: Path, stdin: bytes) -> Program:
    """Start git, to read its output while it runs."""
    try:
        return Program(("git", *arguments), cwd=cwd, environment=_environment("", None), stdin=stdin)
    except NotInstalledError:
        raise SourceError(_NOT_INSTALLED) from None


def ask_git_of_many(script: str, paths: Sequence[Path], bounds: Bounds) -> bytes:
    """The output of a shell script that runs git for each of `paths`, its arguments: one process for all of them."""
    if not is_installed("git"):
        raise SourceError(_NOT_INSTALLED)
    return _run(("/bin/sh", "-c", script, "git", *map(str, paths)), None, "", b"", bounds).out


def _run(command: Sequence[str], cwd: Path | None, origin: str, stdin: bytes, bounds: Bounds | None) -> Completed:
    environment = _environment(origin, bounds)
    try:
        return run(command, cwd=cwd, environment=environment, stdin=stdin, bounds=bounds)
    except NotInstalledError:
        raise SourceError(_NOT_INSTALLED) from None
    except StoppedError as stopped:
        raise UnreachableError(f"git was stopped, as {stopped}") from None
    except OSError as error:
        raise UnreachableError(f"git could not be run: {error.strerror}") from None


@cache
def never_fetches_by_itself() -> bool:
    """Whether this git supports GIT_NO_LAZY_FETCH, so that a partial clone is safe."""
    found = re.search(rb"(\d+)\.(\d+)(?:\.(\d+))?", ask_git("version").out)
    if found is None:
        return False
    major, minor, patch = (int(part or 0) for part in found.groups())
    return (major, minor) >= (2, 45) or patch >= _FIRST_PATCH.get((major, minor), patch + 1)


_FIRST_PATCH = {(2, 39): 4, (2, 40): 2, (2, 41): 1, (2, 42): 2, (2, 43): 4, (2, 44): 1}
"""The first release of each line that supports it; all since 2.45 do (git's release notes of May 2024)."""


def words(stderr: bytes) -> str:
    """git's own error message, without passwords."""
    lines = [line.strip() for line in stderr.decode(errors="replace").splitlines() if line.strip()]
    fatal = next(
        (line for line in lines if line.startswith(("fatal: ", "error: "))), lines[-1] if lines else "it says no more"
    )
    return without_password(re.sub(r"^(fatal|error): ", "", fatal)).rstrip(".")


def _environment(origin: str, bounds: Bounds | None) -> dict[str, str]:
    environment = {name: value for name, value in os.environ.items() if name not in _ANOTHERS} | _VARIABLES
    # The address may hold a password: in the environment neither other users nor files can see it.
    configuration = dict(_CONFIGURATION)
    if origin:
        configuration[f"remote.{REMOTE}.url"] = origin
    if bounds and bounds.silence < float("inf"):
        configuration["http.lowSpeedTime"] = str(max(1, int(bounds.silence)))
    given = int(environment.get("GIT_CONFIG_COUNT") or 0)
    for n, (key, value) in enumerate(configuration.items(), given):
        environment |= {f"GIT_CONFIG_KEY_{n}": key, f"GIT_CONFIG_VALUE_{n}": value}
    return {**environment, "GIT_CONFIG_COUNT": str(given + len(configuration))}
