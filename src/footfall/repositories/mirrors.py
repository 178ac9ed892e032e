"""Mirrors: bare copies of clone addresses, without file contents if that is safe.

The exit status of git is not sufficient: a fetch succeeded if the head reported by the remote is there.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event

from footfall.errors import UnreachableError
from footfall.programs import Bounds, Completed
from footfall.repositories.addresses import hosted_name, listed, without_password
from footfall.repositories.places import Look, cuts_in
from footfall.repositories.running import REMOTE, ask_git, never_fetches_by_itself, words

PATIENCE = 60.0
"""Seconds for which a server may send less than 1,000 bytes a second."""

_BRANCH = "refs/heads/history"
_LONGEST_FETCH = 12 * 3600.0
_TRIES = 3
"""How often to fetch if the head moves on in the meantime."""


@dataclass(frozen=True)
class Remote:
    """The remote at a clone address, and its mirror in a folder below `mirrors`."""

    address: str
    mirrors: Path
    patience: float = PATIENCE
    stop: Event | None = None
    """Set by another thread when the result is no longer needed."""

    @property
    def folder(self) -> Path:
        slug = re.sub(r"\W+", "-", hosted_name(self.address))
        return self.mirrors / f"{slug}-{hashlib.sha256(self.address.encode()).hexdigest()[:12]}"

    def head(self) -> str:
        """The commit of its HEAD; empty if there are no commits. Raises UnreachableError."""
        if head := self._listed("HEAD").get("HEAD"):
            return head
        there = [name for name in self._listed("*") if name.startswith("refs/") and not name.endswith("^{}")]
        prefix = "refs/heads/"
        if branches := [name.removeprefix(prefix) for name in there if name.startswith(prefix)] or there:
            raise UnreachableError(
                f"{without_password(self.address)} has a HEAD that names no existing branch; branches: {listed(branches)}: "
                "set its default branch there"
            )
        return ""

    def _listed(self, pattern: str) -> dict[str, str]:
        answer = self.ask("cannot be reached", "ls-remote", REMOTE, pattern)
        if answer.status:
            raise UnreachableError(f"{without_password(self.address)} cannot be reached: {words(answer.err)}")
        lines = (line.partition("\t") for line in answer.out.decode(errors="replace").splitlines())
        return {name: commit for commit, _, name in lines}

    def look(self, head: str) -> Look:
        """Copy the history of `head`, or of a newer head if it has moved.

        Raises UnreachableError if the remote sends something else than the head that it reports.
        """
        copy = _Mirror(self.folder, self)
        for _ in range(_TRIES):
            if copy.is_shallow or not copy.is_copy_of(head):
                copy.renew(head)
            if copy.is_copy_of(head):
                cuts = cuts_in(copy.folder / "shallow")
                return Look(copy.folder, hosted_name(self.address), head, cuts, copy.mailmap())
            head = self.head()
        raise UnreachableError(
            f"{without_password(self.address)} cannot be copied: "
            f"it names {head[:10] or 'no commit'} as its head, and git got another"
        )

    def look_afresh(self, head: str) -> Look:
        """The same with a new copy, which replaces a broken one."""
        shutil.rmtree(self.folder, ignore_errors=True)
        return self.look(head)

    def look_at_copy(self, head: str) -> Look | None:
        """The look of the copy at `head`, if that is certain: a shallow copy may have a longer history by now."""
        copy = _Mirror(self.folder, self)
        is_whole = (copy.folder / "HEAD").is_file() and not copy.is_shallow
        return Look(copy.folder, hosted_name(self.address), head) if is_whole else None

    def ask(self, what_failed: str, *arguments: str) -> Completed:
        """Run git with the address as REMOTE."""
        bounds = Bounds(seconds=_LONGEST_FETCH, silence=self.patience, stop=self.stop)
        try:
            return ask_git(*arguments, origin=self.address, bounds=bounds)
        except UnreachableError as stopped:
            raise UnreachableError(f"{without_password(self.address)} {what_failed}: {stopped}") from None


@dataclass(frozen=True)
class _Mirror:
    """The folder of a mirror, which may be absent or broken."""

    folder: Path
    remote: Remote

    def is_copy_of(self, head: str) -> bool:
        """Whether `head` and everything that is read with it is there."""
        if not (self.folder / "HEAD").is_file():
            return False
        there = self._git("rev-parse", "--quiet", "--verify", "HEAD^{commit}").out.decode().strip()
        return there == head and (not self._is_partial or (never_fetches_by_itself() and self._has_mailmap()))

    def renew(self, head: str) -> None:
        """Update it to `head`; if that fails, create a new one with all contents."""
        if (self.folder / "HEAD").is_file() and (never_fetches_by_itself() or not self._is_partial):
            try:
                self._fetch(head, is_partial=self._is_partial)
                if self.is_copy_of(head):
                    return
            except UnreachableError:
                pass  # The server has just answered, so the copy may be broken (a killed run, a full disk).
        fresh = replace(self, folder=self.folder.with_name(f"{self.folder.name}.new"))
        fresh._make(head)
        shutil.rmtree(self.folder, ignore_errors=True)
        fresh.folder.rename(self.folder)

    def _make(self, head: str) -> None:
        """A new mirror: without file contents if git handles that safely and the server can leave them out."""
        if never_fetches_by_itself():
            try:
                self._begin(head)
                self._fetch(head, is_partial=True)
                if self.is_copy_of(head):
                    return
            except UnreachableError:
                pass  # over the file protocol, or if the server cannot send single contents
        self._begin(head)
        self._fetch(head, is_partial=False)

    def _begin(self, head: str) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        form = "sha256" if len(head) == 64 else "sha1"
        self._do("init", "--quiet", "--bare", "--template=", f"--object-format={form}")
        self._do("symbolic-ref", "HEAD", _BRANCH)

    def _fetch(self, head: str, *, is_partial: bool) -> None:
        if not head:
            self._do("update-ref", "-d", _BRANCH)
            return
        options = ["--filter=blob:none"] if is_partial else []
        if self.is_shallow:
            options.append("--unshallow")  # as far as the server's own history goes
        # The cuts of a shallow upstream are copied too: otherwise git fetches nothing, and reports success.
        self._do("fetch", "--quiet", "--no-tags", "--update-shallow", *options, REMOTE, f"+HEAD:{_BRANCH}")
        if is_partial and not self._has_mailmap():
            alone = ("-c", "fetch.negotiationAlgorithm=noop", "fetch", "--quiet", "--no-tags", "--no-write-fetch-head")
            self._do(*alone, "--filter=blob:none", REMOTE, self.mailmap())

    @property
    def is_shallow(self) -> bool:
        """Whether its history is truncated; the server may have a longer one by now, with the same head."""
        return (self.folder / "shallow").exists()

    @property
    def _is_partial(self) -> bool:
        """Whether git considers it a partial clone, and would fetch missing contents automatically."""
        try:
            return "promisor" in (self.folder / "config").read_text(errors="replace")
        except OSError:
            return False

    def mailmap(self) -> str:
        """The id of its head's .mailmap; empty if it has none."""
        return self._git("rev-parse", "--quiet", "--verify", "HEAD:.mailmap").out.decode().strip()

    def _has_mailmap(self) -> bool:
        named = self.mailmap()
        return not named or self._git("cat-file", "-e", named).status == 0

    def _git(self, *arguments: str) -> Completed:
        """Git on the copy alone, without remote and network."""
        return ask_git(f"--git-dir={self.folder}", *arguments, cwd=self.folder)

    def _do(self, *arguments: str) -> None:
        done = self.remote.ask("cannot be copied", f"--git-dir={self.folder}", *arguments)
        if done.status:
            raise UnreachableError(f"{without_password(self.remote.address)} cannot be copied: {words(done.err)}")
