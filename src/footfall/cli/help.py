"""What `--help` shows beyond the declarations: examples, and no names of Python's types."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperArgument, TyperCommand, TyperOption

EXAMPLES: dict[str, tuple[str, ...]] = {
    "init": ("footfall init", "footfall -w ~/usage init"),
    "collect": (
        "footfall collect",
        "footfall collect binder --since 2026-01",
        "footfall collect --every 6h",
        "footfall collect binder --jobs 4",
    ),
    "status": ("footfall status", "footfall status --check", "footfall status --format json"),
    "doctor": ("footfall doctor", "footfall doctor --deep"),
    "repair": ("footfall repair", "footfall repair --yes"),
    "discard": ("footfall discard git old/project", "footfall discard git old/project --yes"),
    "alert": ("footfall alert --dry-run",),
    "schedule": (
        "footfall schedule cron",
        "footfall schedule github-actions",
        'footfall schedule kubernetes --package "footfall @ git+https://git.example.org/footfall"',
    ),
    "maintain": ("footfall maintain", "footfall maintain --keep-days 30", "footfall maintain --jobs 4"),
    "demo": ("footfall demo", "footfall demo ~/footfall-demo --no-serve"),
    "query": (
        "footfall query launches --grain month --last 12",
        "footfall query launches --by federation --last 2w --compare previous",
        "footfall query installs --project icepyx --grain month -o installs.csv",
    ),
    "chart": (
        "footfall chart launches --last 90 --by federation --top 4 -o launches.svg",
        "footfall chart commits authors --grain month --last 24 -o work.html",
    ),
    "metrics": ("footfall metrics", "footfall metrics launches"),
    "project": ("footfall project icepyx", "footfall project --all --by installs"),
    "beside": ("footfall beside installs icepyx earthaccess", "footfall beside commits icepyx earthaccess --align age"),
    "communities": ("footfall communities",),
    "cohort": ("footfall cohort signed_up active --grain week --last 12", "footfall cohort active active --kind new"),
    "funnel": ("footfall funnel signed_up invited paid --within 14d",),
    "stickiness": ("footfall stickiness active --last 30",),
    "growth": ("footfall growth active --grain month --last 12",),
    "mark": ("footfall mark active ada bob", "footfall mark paid --file purchases.csv --actor user --at bought_at"),
    "unmark": ("footfall unmark active ada --at 2026-11-23",),
    "events": ("footfall events",),
    "forget": ("footfall forget ada",),
    "backup": ("footfall backup usage.tar", "footfall backup --force /backups/usage.tar"),
    "copy": ("footfall copy lake s3://our-bucket/footfall", "footfall copy s3://our-bucket/footfall lake"),
    "restore": ("footfall restore usage.tar restored", "footfall restore --force /backups/usage.tar ~/usage"),
    "export": ("footfall export backup",),
    "report": ("footfall report -o site", "footfall report -o site --month 2026-10 --mail"),
    "serve": ("footfall serve", "footfall serve --host 0.0.0.0 --port 8080"),
    "serve-marks": ("footfall serve-marks", "footfall serve-marks --host 0.0.0.0 --sync always"),
    "token create": ("footfall token create grafana --scope read",),
    "token list": ("footfall token list",),
    "token revoke": ("footfall token revoke grafana",),
    "import bitmapist": ("footfall import bitmapist redis://localhost:6379/0",),
    "import export": ("footfall import export backup",),
    "import binder": ("footfall import binder days/hourly",),
    "import pypistats": ("footfall import pypistats icepyx.csv --project icepyx",),
    "import hub-users": ("footfall import hub-users hub_users.csv",),
    "import github-repo-stats": ("footfall import github-repo-stats ghrs-data --repo icesat2py/icepyx",),
    "import repository-traffic-action": ("footfall import repository-traffic-action traffic --repo icesat2py/icepyx",),
    "import traffic-to-badge": ("footfall import traffic-to-badge traffic --repo icesat2py/icepyx",),
    "import ghstats": ("footfall import ghstats ghstats.db",),
    "import velocirepo": ("footfall import velocirepo data",),
}
"""Examples per command; a test parses each."""


class Command(TyperCommand):
    """A command whose help names what a value is, not its Python type."""

    def get_params(self, ctx: Any) -> list[Any]:
        params: list[Any] = super().get_params(ctx)
        for param in params:
            if isinstance(param, TyperOption) and param.metavar is None:
                param.metavar = ""
            if isinstance(param, TyperArgument):
                setattr(param, "display_type_rich", _nothing)  # noqa: B010 - of this object alone
        return params


def _nothing(ctx: Any) -> None:
    return None


def complete_help(app: typer.Typer, above: str = "") -> None:
    """Give every command its examples and the plain form of its options."""
    for command in app.registered_commands:
        name = command.name or getattr(command.callback, "__name__", "").rstrip("_")
        command.cls = Command
        if shown := EXAMPLES.get(f"{above}{name}"):
            command.epilog = "\n\n".join(("Examples:", *(f"  {line}" for line in shown)))
    for group in app.registered_groups:
        if group.typer_instance is not None:
            complete_help(group.typer_instance, f"{group.name} ")
