"""Where a local repository is, and what it is called."""

from __future__ import annotations

import os
from pathlib import Path

from footfall.errors import BrokenDataError, SourceError
from footfall.repositories.addresses import hosted_name, is_clone_address
from footfall.repositories.running import ask_git, words


def discover(path: Path) -> tuple[Path, str]:
    """The git folder that `path` lies in, and a name: owner/name of its origin, else its folder's."""
    if not path.is_dir():
        raise SourceError(f"there is no folder {path}; correct `repositories` in [sources.git]")
    found = ask_git("-C", str(path), "rev-parse", "--absolute-git-dir")
    if b"not a git repository" in found.err:
        raise SourceError(f"{path} is no git repository; correct `repositories` in [sources.git]")
    if b"dubious ownership" in found.err:
        raise SourceError(
            f"{path} belongs to another user, so git refuses it; if you trust it, run "
            f"`git config --global --add safe.directory {path}`"
        )
    if found.status:
        raise BrokenDataError(f"{path} cannot be read: {words(found.err)}")
    git_dir = Path(os.fsdecode(found.out.rstrip(b"\n")))
    origin = ask_git("-C", str(path), "config", "--get", "remote.origin.url").out.decode(errors="replace").strip()
    if is_clone_address(origin):
        return git_dir, hosted_name(origin)
    top = ask_git("-C", str(path), "rev-parse", "--show-toplevel")
    shown = git_dir if top.status else Path(os.fsdecode(top.out.rstrip(b"\n")))
    return git_dir, shown.name.removesuffix(".git")


def has_commits(folder: Path) -> bool:
    """Whether `folder` lies in a repository whose HEAD is a commit; not when git is not installed."""
    try:
        return ask_git("-C", str(folder), "rev-parse", "--verify", "--quiet", "HEAD").status == 0
    except SourceError:
        return False
