"""Local repositories: their paths, their names and their current heads."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from footfall.errors import BrokenDataError, SourceError
from footfall.programs import Bounds
from footfall.repositories.addresses import hosted_name, is_clone_address, listed
from footfall.repositories.origins import origin_in
from footfall.repositories.repository import Repository
from footfall.repositories.running import ask_git, ask_git_of_many, words
from footfall.repositories.together import together

_SETTING = "correct `repositories` in footfall.toml"
_PATIENCE = Bounds(silence=60)
_AT_ONCE = max(2, min(8, os.cpu_count() or 2))
_SHARE = 64
"""Repositories that are examined by one shell."""

_SCRIPT = """
git -C / config --get remote.origin.url 2>/dev/null
printf '\\037'
for path do
  git -C "$path" rev-parse --absolute-git-dir --is-inside-work-tree --show-prefix --git-path shallow --git-path config \
    'HEAD^{commit}' HEAD:.mailmap 2>/dev/null
  printf '\\037'
done
"""
"""First whether the user's configuration sets an origin for every repository; then one path after the other."""


@dataclass(frozen=True)
class Look:
    """The current state of a local repository."""

    git_dir: Path
    name: str
    """owner/name of its origin, otherwise its folder's name."""
    head: str
    """The commit at HEAD; empty if there are no commits yet."""
    cuts: tuple[str, ...] = ()
    """The commits of a shallow clone whose parents are absent."""
    mailmap: str = ""
    """The id of the head's .mailmap; empty if it has none."""


def look_at(paths: Sequence[Path]) -> list[Look | SourceError]:
    """The repository at each of `paths`, or why it cannot be used. Many are examined together.

    A folder must be the top of a repository, its git folder, or a bare repository.
    """
    share = max(1, min(_SHARE, -(-len(paths) // _AT_ONCE)))
    shares = [paths[at : at + share] for at in range(0, len(paths), share)]

    def look(some: Sequence[Path], stop: Event) -> list[Look | SourceError]:
        bounds = Bounds(silence=_PATIENCE.silence, stop=stop)
        try:
            everywhere, *answers = ask_git_of_many(_SCRIPT, some, bounds).split(b"\x1f")
            is_plain = not everywhere.strip()
            return [_seen(path, answer, is_plain) for path, answer in zip(some, answers, strict=False)]
        except SourceError as fault:
            return [fault for _ in some]

    return [one for looks in together(look, shares, _AT_ONCE) for one in looks]


def _seen(path: Path, answer: bytes, is_plain: bool) -> Look | SourceError:
    match [os.fsdecode(line) for line in answer.splitlines()]:
        case [git_dir, "true" | "false" as is_inside, prefix, shallow, config, *shown]:
            # git prints what it cannot resolve unchanged, and stops.
            head, mailmap, *_ = [*(name if _ID.fullmatch(name) else "" for name in shown), "", ""]
            try:
                origin = _origin(path, path / config if is_plain else None)
                found = _Found(path, Path(git_dir), is_inside == "true", prefix, path / shallow, origin)
                return _look(found, head, mailmap)
            except SourceError as fault:
                return fault
        case _:
            return _fault(path)


_ID = re.compile("[0-9a-f]{40,}")


@dataclass(frozen=True)
class _Found:
    """git's message about a path inside a repository."""

    path: Path
    git_dir: Path
    is_in_work_tree: bool
    prefix: str
    """The path relative to the top of the repository."""
    shallow: Path
    origin: str


def origin_at(path: Path) -> str:
    """The address of the origin of the repository whose top is `path`; empty if it has none.

    Raises SourceError if git is needed and cannot be run.
    """
    return _origin(path, path / ".git" / "config")


def _origin(path: Path, configuration: Path | None) -> str:
    """The address of its origin: from its `configuration` if that is certain, otherwise from git."""
    origin = origin_in(configuration) if configuration else None
    if origin is None:
        asked = ask_git("-C", str(path), "config", "--get", "remote.origin.url", bounds=_PATIENCE)
        origin = asked.out.decode(errors="replace").strip()
    return origin


def _look(found: _Found, head: str, mailmap: str) -> Look:
    is_inside_git_folder = found.path != found.git_dir and found.git_dir in found.path.parents
    if found.prefix or is_inside_git_folder:
        top = (
            str(found.git_dir) if is_inside_git_folder else str(found.path).removesuffix("/" + found.prefix.rstrip("/"))
        )
        raise SourceError(
            f"{found.path} is inside the repository {top} but is not a repository itself (a submodule needs "
            f"`git submodule update --init`); name {top}, or {_SETTING}"
        )
    address = found.origin
    git_dir = found.git_dir
    top_folder = found.path if found.is_in_work_tree else git_dir.parent if git_dir.name == ".git" else git_dir
    name = hosted_name(address) if is_clone_address(address) else top_folder.name.removesuffix(".git")
    return Look(git_dir, name, head or _unborn(git_dir), cuts_in(found.shallow), mailmap)


def cuts_in(shallow: Path) -> tuple[str, ...]:
    """The content of the file `shallow` in a git folder: the commits whose parents are absent."""
    try:
        return tuple(sorted(shallow.read_text().split()))
    except FileNotFoundError:
        return ()


def _unborn(git_dir: Path) -> str:
    """The empty head of a repository without commits. Raises BrokenDataError if it has commits, but HEAD is at none."""
    repository = Repository(git_dir)
    if head := repository.head():
        return head
    if branches := repository.branches():
        raise BrokenDataError(
            f"HEAD of {git_dir} is at {repository.branch()!r}, which does not exist; branches: {listed(branches)}; "
            "check one of them out, or set HEAD with `git symbolic-ref`"
        )
    return ""


def _fault(path: Path) -> SourceError:
    """Why there is no readable repository at `path`."""
    if not path.is_dir():
        return SourceError(f"there is no folder {path}; {_SETTING}")
    found = ask_git("-C", str(path), "rev-parse", "--absolute-git-dir", bounds=_PATIENCE)
    if b"not a git repository" in found.err:
        return SourceError(f"{path} is not a git repository; {_SETTING}")
    if b"dubious ownership" in found.err:
        return SourceError(
            f"{path} belongs to another user, so git refuses it; if you trust it, run "
            f"`git config --global --add safe.directory {path}`"
        )
    return BrokenDataError(f"{path} cannot be read: {words(found.err)}")


def has_commits(folder: Path) -> bool:
    """Whether `folder` is a repository whose HEAD is at a commit; False if git is not installed."""
    [look] = look_at([folder])
    return isinstance(look, Look) and look.head != ""
