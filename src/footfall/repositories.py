"""Git repositories: the only user of the `git` program, as `http` is of the network.

Git runs without a shell and without a terminal (nothing can stop and ask), with every setting that
would change its answers fixed here. Faults are SourceErrors in git's own words.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

from footfall.errors import BrokenDataError, SourceError, UnreachableError

FIELDS = ("%H", "%P", "%ct", "%at", "%aN", "%aE")
"""What is read of a commit: id, parents, committer and author second, author's name and e-mail after .mailmap."""

_BRANCH = "refs/heads/history"


@dataclass(frozen=True)
class Repository:
    """A git folder (`.git`, or a bare repository); `origin` is the clone address of a mirror."""

    folder: Path
    origin: str = ""

    def ask(self, *arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        # Run inside the git folder: there .mailmap is HEAD's own, never an uncommitted one.
        return _git(f"--git-dir={self.folder}", *arguments, cwd=self.folder, origin=self.origin, stdin=stdin)

    def head(self) -> str:
        """The commit HEAD is at; empty when there is none yet. Raises BrokenDataError."""
        last = self.ask("log", "-1", "--no-show-signature", "--format=%H")
        if last.returncode and b"does not have any commits yet" not in last.stderr:
            raise self._broken(last.stderr)
        return last.stdout.decode().strip()

    def mailmap(self) -> str:
        """The id of HEAD's .mailmap; empty when it has none."""
        return self.ask("rev-parse", "--quiet", "--verify", "HEAD:.mailmap").stdout.decode().strip()

    def cuts(self) -> list[str]:
        """The commits of a shallow clone whose parents are not there."""
        path = self.ask("rev-parse", "--git-path", "shallow").stdout.rstrip(b"\n")
        try:
            return sorted((self.folder / os.fsdecode(path)).read_text().split())
        except FileNotFoundError:
            return []

    def is_ancestor(self, old: str, new: str) -> bool:
        """Whether `old` lies in the history of `new`; not when it is not there at all."""
        return self.ask("merge-base", "--is-ancestor", old, new).returncode == 0

    def log(self, revisions: str) -> Iterator[bytes]:
        """The commits of `revisions`: FIELDS, every one ended by NUL, in pieces of any size."""
        return self._log("--end-of-options", revisions)

    def log_of(self, shas: Sequence[str]) -> Iterator[bytes]:
        """The same, of just these commits."""
        return self._log("--no-walk=unsorted", "--stdin", stdin="\n".join(shas).encode()) if shas else iter(())

    def since(self, head: str, start: datetime) -> list[str]:
        """The commits in the history of `head` committed at `start` or later.

        All of it is walked: `git log --since` stops at the first older ones, and clocks were wrong.
        """
        found = self.ask("rev-list", "--timestamp", head)
        if found.returncode:
            raise self._broken(found.stderr)
        from_second = int(start.timestamp())
        pairs = (line.split() for line in found.stdout.decode().splitlines())
        return [sha for second, sha in pairs if int(second) >= from_second]

    def true_parents(self, shas: Iterable[str]) -> dict[str, int]:
        """How many parents commits really have; where history is cut, git's log shows none."""
        asked = list(shas)
        answer = self.ask("cat-file", "--batch", stdin="\n".join(asked).encode())
        if answer.returncode:
            raise self._broken(answer.stderr)
        found = answer.stdout
        parents: dict[str, int] = {}
        for sha in asked:
            header, _, found = found.partition(b"\n")
            if not header.endswith(b" missing"):
                size = int(header.split()[2])
                parents[sha] = found[:size].partition(b"\n\n")[0].count(b"\nparent ")
                found = found[size + 1 :]
        return parents

    def _log(self, *arguments: str, stdin: bytes = b"") -> Iterator[bytes]:
        command = ("log", "-z", "--no-show-signature", "--no-patch", f"--format=tformat:{'%x00'.join(FIELDS)}")
        # Files, not pipes: neither the question nor the complaints can fill up while the answer is read.
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as complaints:
            given.write(stdin)
            given.seek(0)
            with _start((f"--git-dir={self.folder}", *command, *arguments), self.folder, given, complaints) as process:
                assert process.stdout is not None
                while piece := process.stdout.read(1 << 20):
                    yield piece
            if process.returncode:
                complaints.seek(0)
                raise self._broken(complaints.read())

    def _broken(self, stderr: bytes) -> BrokenDataError:
        return BrokenDataError(f"{self.folder} cannot be read: {_words(stderr)}; try `git fsck` there")

    def is_mirror_of(self, head: str) -> bool:
        if not (head and self.folder.is_dir()):
            return False
        return self.ask("rev-parse", "--quiet", "--verify", "HEAD^{commit}").stdout.decode().strip() == head

    def fetch(self, head: str) -> Repository:
        """Make it a mirror of the origin's HEAD, for the first time or again; an empty `head` empties it."""
        form = "sha256" if len(head) == 64 else "sha1"
        self.folder.mkdir(parents=True, exist_ok=True)
        # A server that cannot leave file contents out says so and sends them.
        fetch = ("fetch", "--quiet", "--no-tags", "--filter=blob:none", _REMOTE, f"+HEAD:{_BRANCH}")
        steps = (
            ("init", "--quiet", "--bare", "--template=", f"--object-format={form}"),
            ("symbolic-ref", "HEAD", _BRANCH),
            fetch if head else ("update-ref", "-d", _BRANCH),
        )
        for step in steps:
            done = self.ask(*step)
            if done.returncode:
                raise UnreachableError(f"{without_password(self.origin)} cannot be copied: {_words(done.stderr)}")
        return self


# Where they are

_SCP = re.compile(r"(?:[^@/\s]+@)?[^:/\s]{2,}:(?!//)(?P<path>\S+)")
"""host:path as ssh takes it; a single letter before the colon is a Windows drive."""


def is_clone_address(text: str) -> bool:
    return "://" in text or _SCP.fullmatch(text) is not None


def hosted_name(address: str) -> str:
    """owner/name of a clone address; of file:// the folder's name alone."""
    scp = None if "://" in address else _SCP.fullmatch(address)
    path = scp["path"] if scp else address.partition("://")[2].partition("/")[2]
    parts = [part for part in path.rstrip("/").removesuffix(".git").split("/") if part]
    return "/".join(parts[-1:] if address.startswith("file:") else parts[-2:]) or without_password(address)


def discover(path: Path) -> tuple[Path, str]:
    """The git folder that `path` lies in, and a name: owner/name of its origin, else its folder's."""
    if not path.is_dir():
        raise SourceError(f"there is no folder {path}; correct `repositories` in [sources.git]")
    found = _git("-C", str(path), "rev-parse", "--absolute-git-dir")
    if b"not a git repository" in found.stderr:
        raise SourceError(f"{path} is no git repository; correct `repositories` in [sources.git]")
    if b"dubious ownership" in found.stderr:
        raise SourceError(
            f"{path} belongs to somebody else, so git refuses it; if you trust it, run "
            f"`git config --global --add safe.directory {path}`"
        )
    if found.returncode:
        raise BrokenDataError(f"{path} cannot be read: {_words(found.stderr)}")
    git_dir = Path(os.fsdecode(found.stdout.rstrip(b"\n")))
    origin = _git("-C", str(path), "config", "--get", "remote.origin.url").stdout.decode(errors="replace").strip()
    if is_clone_address(origin):
        return git_dir, hosted_name(origin)
    top = _git("-C", str(path), "rev-parse", "--show-toplevel")
    shown = git_dir if top.returncode else Path(os.fsdecode(top.stdout.rstrip(b"\n")))
    return git_dir, shown.name.removesuffix(".git")


def mirror(address: str, folder: Path) -> Repository:
    """A bare copy of the default branch's history below `folder`, without file contents, brought up to date."""
    listed = _git("ls-remote", _REMOTE, "HEAD", origin=address)
    if listed.returncode:
        raise UnreachableError(f"{without_password(address)} cannot be reached: {_words(listed.stderr)}")
    head = next((line.split(b"\t")[0].decode() for line in listed.stdout.splitlines() if line.endswith(b"\tHEAD")), "")
    slug = re.sub(r"\W+", "-", hosted_name(address)) + "-" + hashlib.sha256(address.encode()).hexdigest()[:12]
    copy = Repository(folder / slug, address)
    if copy.is_mirror_of(head):
        return copy
    try:
        return copy.fetch(head)
    except SourceError:
        # The server answers, so the copy may be what is broken (a killed run, a full disk): made anew beside it.
        fresh = Repository(folder / f"{slug}.new", address)
        shutil.rmtree(fresh.folder, ignore_errors=True)
        fresh.fetch(head)
        shutil.rmtree(copy.folder, ignore_errors=True)
        fresh.folder.rename(copy.folder)
        return copy


def without_password(text: str) -> str:
    """`text` without the user names and passwords of the addresses in it."""
    return re.sub(r"(?<=://)[^/@\s]+@", "", text)


# Running git

_ANOTHERS = {
    *("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES"),
    *("GIT_COMMON_DIR", "GIT_NAMESPACE", "GIT_PREFIX", "GIT_SHALLOW_FILE", "GIT_GRAFT_FILE", "GIT_CONFIG"),
    *("GIT_CONFIG_PARAMETERS", "LANGUAGE"),
}
"""Variables that a git hook which runs us has set: they are about another repository."""

_CONFIGURATION = {
    "i18n.logOutputEncoding": "UTF-8",
    "mailmap.blob": "HEAD:.mailmap",
    "mailmap.file": os.devnull,
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    "http.lowSpeedLimit": "1000",
    "http.lowSpeedTime": "60",
    "gc.autoDetach": "false",
    "maintenance.autoDetach": "false",
}


_REMOTE = "footfall_source"
"""What an address is called while git is asked: no repository that we may stand in has a remote of this name."""


def _environment(origin: str) -> dict[str, str]:
    environment = {name: value for name, value in os.environ.items() if name not in _ANOTHERS}
    environment |= {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_REPLACE_OBJECTS": "1"}
    # The address may hold a password: in the environment neither another user nor a file sees it.
    configuration = {**_CONFIGURATION, **({f"remote.{_REMOTE}.url": origin} if origin else {})}
    given = int(environment.get("GIT_CONFIG_COUNT") or 0)
    for n, (key, value) in enumerate(configuration.items(), given):
        environment |= {f"GIT_CONFIG_KEY_{n}": key, f"GIT_CONFIG_VALUE_{n}": value}
    return {**environment, "GIT_CONFIG_COUNT": str(given + len(configuration))}


def _start(
    arguments: Sequence[str], cwd: Path | None, stdin: IO[bytes] | int, stderr: IO[bytes] | int, origin: str = ""
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            ["git", *arguments],
            cwd=cwd,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=_environment(origin),
            start_new_session=True,
        )
    except FileNotFoundError:
        raise SourceError("the program `git` is not installed; install it, version 2.31 or newer") from None


def _git(
    *arguments: str, cwd: Path | None = None, origin: str = "", stdin: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    with _start(arguments, cwd, subprocess.PIPE, subprocess.PIPE, origin) as process:
        try:
            out, err = process.communicate(stdin)
        except BaseException:
            process.kill()
            raise
    return subprocess.CompletedProcess(arguments, process.returncode, out, err)


def _words(stderr: bytes) -> str:
    """What git complained of, in its own words, without passwords."""
    lines = [line.strip() for line in stderr.decode(errors="replace").splitlines() if line.strip()]
    fatal = next(
        (line for line in lines if line.startswith(("fatal: ", "error: "))), lines[-1] if lines else "it says no more"
    )
    return without_password(re.sub(r"^(fatal|error): ", "", fatal)).rstrip(".")
