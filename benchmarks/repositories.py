"""Git repositories by the hundred: what one more of them costs when nothing is new, beside its `git rev-parse`.

    python benchmarks/repositories.py [rounds]

Repositories are small copies of one, each with a commit of its own. Footfall is started as a person would start it;
the peer is a bare `git rev-parse HEAD` a repository, started from Python, in the same run.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

from measure import Measured, alternate, claim, run, timed

FEW, HALF, MANY = 30, 150, 300


def git(folder: Path, *arguments: str) -> None:
    command = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-C", str(folder), *arguments]
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull}
    subprocess.run(command, check=True, capture_output=True, env=environment)


def make_repositories(folder: Path) -> list[Path]:
    """A history of 20 commits, and copies of it that differ by one."""
    first = folder / "r000"
    first.mkdir()
    git(first, "init", "--quiet", "-b", "main")
    for n in range(20):
        git(first, "commit", "--quiet", "--allow-empty", "-m", str(n))
    paths = [folder / f"r{n:03}" for n in range(MANY)]
    for path in paths[1:]:
        shutil.copytree(first, path)
        git(path, "commit", "--quiet", "--allow-empty", "-m", path.name)
    return paths


def workspace(folder: Path, repositories: list[Path]) -> Path:
    folder.mkdir()
    listed = ", ".join(f'"{path}"' for path in repositories)
    (folder / "footfall.toml").write_text(f"[sources.git]\nrepositories = [{listed}]\n")
    return folder


def collect(folder: Path) -> Measured:
    return run([sys.executable, "-m", "footfall", "-w", str(folder), "collect"])


def rev_parse(paths: list[Path]) -> None:
    for path in paths:
        subprocess.run(["git", "-C", str(path), "rev-parse", "HEAD"], check=True, capture_output=True)


def main(rounds: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = make_repositories(folder)
        sizes = (FEW, HALF, MANY)
        spaces = {size: workspace(folder / f"w{size}", paths[:size]) for size in sizes}
        first = {size: collect(spaces[size]) for size in sizes}
        again = alternate(
            rounds,
            {
                **{str(size): partial(collect, space) for size, space in spaces.items()},
                "rev-parse": partial(timed, partial(rev_parse, paths[:FEW])),
            },
        )
    bare = again["rev-parse"].seconds / FEW
    slope = (again[str(MANY)].seconds - again[str(HALF)].seconds) / (MANY - HALF)
    seconds = {size: (first[size].seconds, again[str(size)].seconds) for size in sizes}
    for size, (once, more) in seconds.items():
        print(f"{size} repositories: {once:.2f} s the first time, {more:.2f} s with nothing new")
    print(f"one more with nothing new: {slope * 1000:.1f} ms; its bare `git rev-parse HEAD`: {bare * 1000:.1f} ms")
    claim(
        "a repository more, with nothing new, beside its git rev-parse", slope / bare, "at most 3×", slope <= 3 * bare
    )
    for what, at in (("the first time", 0), ("with nothing new", 1)):
        ratio = seconds[MANY][at] / seconds[FEW][at]
        claim(f"{MANY} repositories beside {FEW}, {what}", ratio, "at most 12×", ratio <= 12)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
