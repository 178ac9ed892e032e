"""The files of a schedule, and what to do with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from footfall.errors import FootfallError
from footfall.upkeep.schedules import cron, github_actions, kubernetes, systemd
from footfall.upkeep.schedules.plan import Plan


@dataclass(frozen=True)
class Written:
    """Files by their path within the target folder, and the next step in one sentence."""

    files: Mapping[str, str]
    next: str


_Maker = Callable[[Plan], tuple[Mapping[str, str], str]]
KINDS: Mapping[str, _Maker] = {
    "cron": cron.files_of,
    "systemd": systemd.files_of,
    "kubernetes": kubernetes.files_of,
    "github-actions": github_actions.files_of,
}


def written(kind: str, plan: Plan) -> Written:
    """The files for one of KINDS."""
    files, next_step = KINDS[kind](plan)
    return Written(files, next_step)


def write(what: Written, folder: Path) -> list[Path]:
    """Write the files below `folder`, all or none; existing files are not changed. Raises FootfallError."""
    paths = {folder / name: text for name, text in what.files.items()}
    for path in paths:
        if path.exists():
            raise FootfallError(
                f"{path} exists already and was not changed; remove it, or name another folder with --to."
            )
    try:
        for path, text in paths.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise FootfallError(f"{error.filename or folder} cannot be written: {error.strerror}.") from None
    return list(paths)
