"""A git folder, and what is read of its history."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from footfall.errors import BrokenDataError
from footfall.programs import Completed, StoppedError
from footfall.repositories.running import ask_git, start_git, words

FIELDS = ("%H", "%P", "%ct", "%at", "%aN", "%aE")
"""The fields of a commit: id, parents, committer and author second, author's name and e-mail after .mailmap."""


@dataclass(frozen=True)
class Repository:
    """A git folder (`.git`, or a bare repository)."""

    folder: Path

    def ask(self, *arguments: str, stdin: bytes = b"") -> Completed:
        # Run inside the git folder: there .mailmap is read from HEAD, never from the working tree.
        return ask_git(f"--git-dir={self.folder}", *arguments, cwd=self.folder, stdin=stdin)

    def head(self) -> str:
        """The commit at HEAD; empty if there is none yet. Raises BrokenDataError."""
        last = self.ask("log", "-1", "--no-show-signature", "--format=%H")
        if last.status and b"does not have any commits yet" not in last.err:
            raise self._broken(last.err)
        return last.out.decode().strip()

    def branch(self) -> str:
        """The branch that HEAD names."""
        return self.ask("symbolic-ref", "--quiet", "--short", "HEAD").out.decode(errors="replace").strip()

    def branches(self) -> list[str]:
        """The branches; if there are none, other refs to commits: remote branches, tags."""
        for which in ("refs/heads/", "refs/"):
            listed = self.ask("for-each-ref", "--format=%(refname:short)", which)
            if listed.out:
                return listed.out.decode(errors="replace").splitlines()
        return []

    def is_ancestor(self, old: str, new: str) -> bool:
        """Whether `old` is in the history of `new`; False if it does not exist."""
        return self.ask("merge-base", "--is-ancestor", old, new).status == 0

    def log(self, revisions: str) -> Iterator[bytes]:
        """The commits of `revisions`: FIELDS, each terminated by NUL, in chunks of any size."""
        return self._log("--end-of-options", revisions)

    def log_of(self, shas: Sequence[str]) -> Iterator[bytes]:
        """The same, for exactly these commits."""
        return self._log("--no-walk=unsorted", "--stdin", stdin="\n".join(shas).encode()) if shas else iter(())

    def graph(self, head: str, end: int) -> dict[bytes, tuple[tuple[bytes, ...], int | None]]:
        """The commits in the history of `head`: their parents, and their committer seconds, None from `end` on.

        The whole history is walked: `git log --since` stops at the first older commits, and clocks may have been wrong.
        """
        found = self.ask("rev-list", "--timestamp", "--parents", head)
        if found.status:
            raise self._broken(found.err)
        lines = (line.split() for line in found.out.splitlines())
        dated = ((sha, tuple(parents), int(second)) for second, sha, *parents in lines)
        return {sha: (parents, second if second < end else None) for sha, parents, second in dated}

    def true_parents(self, shas: Iterable[str]) -> dict[str, int]:
        """The real number of parents of commits; where history is truncated, git's log shows none."""
        asked = list(shas)
        if not asked:
            return {}
        answer = self.ask("cat-file", "--batch", stdin="\n".join(asked).encode())
        if answer.status:
            raise self._broken(answer.err)
        found = answer.out
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
        try:
            with start_git((f"--git-dir={self.folder}", *command, *arguments), self.folder, stdin) as program:
                yield from program.output()
                if program.wait():
                    raise self._broken(program.complaints())
        except StoppedError as stopped:
            raise BrokenDataError(f"{self.folder} cannot be read: git was stopped, as {stopped}") from None

    def _broken(self, stderr: bytes) -> BrokenDataError:
        advice = "try `git fsck` there"
        if b"promisor remote" in stderr:
            advice = "it is a partial clone that lacks its .mailmap; `git show HEAD:.mailmap` there fetches it"
        return BrokenDataError(f"{self.folder} cannot be read: {words(stderr)}; {advice}")
