"""Mirrors: bare copies of what clone addresses have, without file contents where that is safe.

What git says is not believed by its status alone: a fetch has worked when the head that the address names is there.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from footfall.errors import UnreachableError
from footfall.programs import Bounds, Completed, StoppedError
from footfall.repositories.addresses import hosted_name, without_password
from footfall.repositories.repository import Repository
from footfall.repositories.running import REMOTE, ask_git, never_fetches_by_itself, words

PATIENCE = 60.0
"""Seconds that a server may send less than 1,000 bytes a second."""

_BRANCH = "refs/heads/history"
_LONGEST_FETCH = 12 * 3600.0
_TRIES = 3
"""How often the head is asked for, should it move on while it is fetched."""


def mirror(address: str, folder: Path, patience: float = PATIENCE) -> Repository:
    """A bare copy of the default branch's history below `folder`, brought up to date.

    Raises UnreachableError when the address does not answer, or gives something else than the head it names.
    """
    slug = re.sub(r"\W+", "-", hosted_name(address)) + "-" + hashlib.sha256(address.encode()).hexdigest()[:12]
    copy = _Mirror(folder / slug, address, patience)
    for _ in range(_TRIES):
        head = copy.head_upstream()
        if copy.is_shallow or not copy.is_copy_of(head):
            copy.renew(head)
        if copy.is_copy_of(head):
            return Repository(copy.folder)
    raise UnreachableError(
        f"{without_password(address)} cannot be copied: it names {head[:10] or 'no commit'} as its head, and git got another"
    )


@dataclass(frozen=True)
class _Mirror:
    """The folder of a mirror, which may not be there yet or be broken."""

    folder: Path
    address: str
    patience: float

    def head_upstream(self) -> str:
        """The commit that the address names as its HEAD; empty when it has none."""
        listed = self._ask("cannot be reached", "ls-remote", REMOTE, "HEAD")
        if listed.status:
            raise UnreachableError(f"{without_password(self.address)} cannot be reached: {words(listed.err)}")
        lines = (line.split(b"\t")[0].decode() for line in listed.out.splitlines() if line.endswith(b"\tHEAD"))
        return next(lines, "")

    def is_copy_of(self, head: str) -> bool:
        """Whether `head` and everything that is read of it is there."""
        if not (self.folder / "HEAD").is_file():
            return False
        there = self._git("rev-parse", "--quiet", "--verify", "HEAD^{commit}").out.decode().strip()
        return there == head and (not self._is_partial or (never_fetches_by_itself() and self._has_mailmap()))

    def renew(self, head: str) -> None:
        """Bring it to `head`; made again beside itself, and with all contents, where that does not work."""
        if (self.folder / "HEAD").is_file() and (never_fetches_by_itself() or not self._is_partial):
            try:
                self._fetch(head, is_partial=self._is_partial)
                if self.is_copy_of(head):
                    return
            except UnreachableError:
                pass  # The server has just answered, so the copy may be what is broken (a killed run, a full disk).
        fresh = replace(self, folder=self.folder.with_name(f"{self.folder.name}.new"))
        fresh._make(head)
        shutil.rmtree(self.folder, ignore_errors=True)
        fresh.folder.rename(self.folder)

    def _make(self, head: str) -> None:
        """A new mirror: without file contents where git is safe with that, and the server can leave them out."""
        if never_fetches_by_itself():
            try:
                self._begin(head)
                self._fetch(head, is_partial=True)
                if self.is_copy_of(head):
                    return
            except UnreachableError:
                pass  # over plain files, or of a server that cannot answer for single contents
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
            options.append("--unshallow")  # as far as the server's own history reaches
        # A shallow upstream's cuts come with it: without them git takes nothing, and says that all is well.
        self._do("fetch", "--quiet", "--no-tags", "--update-shallow", *options, REMOTE, f"+HEAD:{_BRANCH}")
        if is_partial and not self._has_mailmap():
            wanted = self._git("rev-parse", "HEAD:.mailmap").out.decode().strip()
            alone = ("-c", "fetch.negotiationAlgorithm=noop", "fetch", "--quiet", "--no-tags", "--no-write-fetch-head")
            self._do(*alone, "--filter=blob:none", REMOTE, wanted)

    @property
    def is_shallow(self) -> bool:
        """Whether its history is cut; the server's may reach further back by now, under the same head."""
        return (self.folder / "shallow").exists()

    @property
    def _is_partial(self) -> bool:
        """Whether git takes it for a partial clone, whose missing contents it would fetch by itself."""
        try:
            return "promisor" in (self.folder / "config").read_text(errors="replace")
        except OSError:
            return False

    def _has_mailmap(self) -> bool:
        named = self._git("rev-parse", "--quiet", "--verify", "HEAD:.mailmap")
        return named.status != 0 or self._git("cat-file", "-e", named.out.decode().strip()).status == 0

    def _git(self, *arguments: str) -> Completed:
        """Of the copy alone: no address is known, no network is used."""
        return ask_git(f"--git-dir={self.folder}", *arguments, cwd=self.folder)

    def _do(self, *arguments: str) -> None:
        done = self._ask("cannot be copied", f"--git-dir={self.folder}", *arguments)
        if done.status:
            raise UnreachableError(f"{without_password(self.address)} cannot be copied: {words(done.err)}")

    def _ask(self, what_failed: str, *arguments: str) -> Completed:
        bounds = Bounds(seconds=_LONGEST_FETCH, silence=self.patience)
        try:
            return ask_git(*arguments, origin=self.address, bounds=bounds)
        except StoppedError as stopped:
            reason = f"git was stopped, as {stopped}"
            raise UnreachableError(f"{without_password(self.address)} {what_failed}: {reason}") from None
