"""A service that collects once, and the timer that starts it."""

from __future__ import annotations

from collections.abc import Mapping

from footfall.upkeep.schedules.plan import Plan

_SERVICE = """\
[Unit]
Description=Footfall collects usage
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
WorkingDirectory={folder}
ExecStart={command}
{environment}# A run that is stopped keeps what it committed; the next one continues from there.
TimeoutStopSec=60
Nice=10
"""
_TIMER = """\
[Unit]
Description=When Footfall collects usage

[Timer]
OnCalendar={calendar}
# Run after boot if a run was missed.
Persistent=true
RandomizedDelaySec=120

[Install]
WantedBy=timers.target
"""


def files_of(plan: Plan) -> tuple[Mapping[str, str], str]:
    """`footfall.service` and `footfall.timer`, for the unit folder of a user or of the system."""
    command = " ".join(_quoted(word) for word in (*plan.program, "--workspace", str(plan.folder), "collect"))
    environment = ""
    if plan.secrets:
        environment = f"# NAME=value lines, readable by its user alone: {', '.join(plan.secrets)}\n"
        environment += f"EnvironmentFile={_escaped(str(plan.folder / 'footfall.env'))}\n"
    folder = _escaped(str(plan.folder))
    service = _SERVICE.format(folder=folder, command=command, environment=environment)
    files = {"footfall.service": service, "footfall.timer": _TIMER.format(calendar=plan.calendar)}
    return files, "copy both to ~/.config/systemd/user/, then: systemctl --user enable --now footfall.timer"


def _quoted(word: str) -> str:
    """An argument in ExecStart=: $ would start a variable, and " and \\\\ are special."""
    escaped = _escaped(word).replace("\\", "\\\\").replace('"', '\\"').replace("$", "$$")
    return f'"{escaped}"' if any(c.isspace() or c in "\"'\\;" for c in word) else escaped


def _escaped(text: str) -> str:
    """systemd expands % specifiers."""
    return text.replace("%", "%%")
