"""Git repositories by the hundred, next to their `git rev-parse`; and a long history, next to its `git log`.

    python benchmarks/repositories.py [rounds]

Repositories are small copies of one, each with a commit of its own. Footfall is started as a person would start it;
the peers are a bare `git rev-parse HEAD` a repository and a `git log` that writes the same fields, in the same run.
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
COMMITS = 80_000


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


def long_history(folder: Path) -> Path:
    """A bare repository of 80,000 commits of 15 years by 2,000 authors; every tenth is of a branch that is merged."""
    folder.mkdir()
    git(folder, "init", "--quiet", "--bare", "-b", "main")
    first, step = 1_300_000_000, 15 * 365 * 86_400 // COMMITS
    lines = []
    for n in range(COMMITS):
        who = f"Author {n * 7919 % 2000} <author{n * 7919 % 2000}@example.org> {first + n * step} +0000"
        branch, parents = {5: ("side", [n]), 6: ("main", [n - 1]), 7: ("main", [n, n - 1])}.get(n % 10, ("main", [n]))
        lines.append(f"commit refs/heads/{branch}\nmark :{n + 1}\nauthor {who}\ncommitter {who}\ndata 1\nx\n")
        lines += [f"{'merge' if at else 'from'} :{mark}\n" for at, mark in enumerate(parents) if mark]
    command = ["git", "-C", str(folder), "fast-import", "--quiet"]
    subprocess.run(command, input="".join(lines).encode(), check=True)
    return folder


def log(folder: Path) -> Measured:
    fields = "%H%x00%P%x00%ct%x00%at%x00%aN%x00%aE"
    return run(["git", "-C", str(folder), "log", "-z", f"--format={fields}", "HEAD"])


def one_long_history(rounds: int, folder: Path) -> None:
    history = long_history(folder / "long")

    def first_time() -> Measured:
        shutil.rmtree(folder / "long-workspace", ignore_errors=True)
        return collect(workspace(folder / "long-workspace", [history]))

    best = alternate(rounds, {"footfall": first_time, "git log": partial(log, history)})
    for name, measured in best.items():
        print(
            f"{COMMITS:,} commits, {name}: {measured.seconds:.2f} s, {measured.cpu:.2f} s of CPU, at most {measured.peak / 1e6:.0f} MB"
        )
    print(f"time of its git log: {best['footfall'].seconds / best['git log'].seconds:.2f}×")
    ratio = best["footfall"].cpu / best["git log"].cpu
    claim("the first collect of a long history, CPU time of its git log", ratio, "at most 4×", ratio <= 4)


def main(rounds: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        many_repositories(rounds, Path(name))
        one_long_history(rounds, Path(name))


def many_repositories(rounds: int, folder: Path) -> None:
    paths = make_repositories(folder)
    sizes = (FEW, HALF, MANY)
    spaces = {size: workspace(folder / f"w{size}", paths[:size]) for size in sizes}
    first = {size: collect(spaces[size]) for size in sizes}
    again = alternate(
        rounds,
        {
            **{str(size): partial(collect, space) for size, space in spaces.items()},
            "rev-parse": partial(timed, partial(rev_parse, paths[HALF:])),
        },
    )
    bare = again["rev-parse"].seconds / (MANY - HALF)
    slope = (again[str(MANY)].seconds - again[str(HALF)].seconds) / (MANY - HALF)
    seconds = {size: (first[size].seconds, again[str(size)].seconds) for size in sizes}
    for size, (once, more) in seconds.items():
        print(f"{size} repositories: {once:.2f} s the first time, {more:.2f} s with nothing new")
    print(f"one more with nothing new: {slope * 1000:.1f} ms; its bare `git rev-parse HEAD`: {bare * 1000:.1f} ms")
    what = "a repository more, with nothing new, next to its git rev-parse"
    claim(what, slope / bare, "at most 3×", slope <= 3 * bare)
    for when, at in (("the first time", 0), ("with nothing new", 1)):
        ratio = seconds[MANY][at] / seconds[FEW][at]
        claim(f"{MANY} repositories beside {FEW}, {when}", ratio, "at most 12×", ratio <= 12)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
