"""One line of a crontab."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from footfall.upkeep.schedules.plan import Plan

NAME = "footfall.cron"


def files_of(plan: Plan) -> tuple[Mapping[str, str], str]:
    """A line that runs collect, and appends its output to collect.log in the workspace."""
    words = shlex.join([*plan.program, "--workspace", str(plan.folder), "collect"])
    log = shlex.quote(str(plan.folder / "collect.log"))
    line = f"{words} >>{log} 2>&1".replace("%", "\\%")  # cron treats an unescaped % as the end of the line
    needs = (
        [f"# It needs {', '.join(plan.secrets)} in its environment: NAME=value lines above it."] if plan.secrets else []
    )
    lines = ["# Footfall collects usage. Times are those of the machine's zone.", *needs, f"{plan.cron} {line}"]
    return {NAME: "\n".join(lines) + "\n"}, f"add it with: (crontab -l; cat {NAME}) | crontab -"
