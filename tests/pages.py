"""The pages of docs/ that are written from the code's own records. `python tests/pages.py` writes them anew.

`python tests/pages.py demo` also draws the README's pictures, from the workspace that `make demo` leaves; those of the
dashboard are drawn by `python tests/pages.py dashboard`, in Chromium, from sample data alone.
"""

from __future__ import annotations

import io
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from typer.main import get_command

import footfall
from footfall import errors
from footfall.alerts import AlertSettings, EmailSettings
from footfall.cli import app
from footfall.engine_settings import EngineSettings
from footfall.lake_settings import LakeSettings
from footfall.metrics import KINDS
from footfall.settings import (
    ActivitySettings,
    AnnotationSettings,
    KnownWrongSettings,
    ProjectSettings,
    QuestionSettings,
    Settings,
)
from footfall.sources import installed_sources
from footfall.template import example_of, settings_of, toml_of
from footfall.web_settings import WebSettings
from footfall.workspace import Workspace

DOCS = Path(__file__).parents[1] / "docs"
BEGIN, END = "<!-- begin: written by tests/pages.py -->", "<!-- end -->"


def commands() -> dict[str, Any]:
    """Every command by its name; those of a group by both words."""
    found: dict[str, Any] = {}
    for name, command in get_command(app).commands.items():  # type: ignore[attr-defined]
        inner = getattr(command, "commands", None)
        found |= {f"{name} {word}": each for word, each in inner.items()} if inner else {name: command}
    return found


def cli_page() -> Iterator[str]:
    """Every command with its arguments and options."""
    for name, command in commands().items():
        words = " ".join(p.metavar if p.required else f"[{p.metavar}]" for p in command.params if not _is_option(p))
        many = "…" if any(getattr(p, "nargs", 1) == -1 for p in command.params) else ""
        yield f"### footfall {name}\n"
        said = " ".join(command.help.split())
        yield f"`footfall {' '.join(word for word in (name, words) if word)}{many} [OPTIONS]`: {said}\n"
        parameters = [p for p in command.params if p.name != "help" and not getattr(p, "hidden", False)]
        if parameters:
            yield "| | |\n|---|---|"
        for parameter in parameters:
            yield f"| {_spelled(parameter)} | {_cell(parameter.help)}{_default(parameter)} |"
        yield ""


def _is_option(parameter: Any) -> bool:
    return str(parameter.opts[0]).startswith("-")


def _spelled(parameter: Any) -> str:
    if not _is_option(parameter):
        return f"`{parameter.metavar}`"
    value = "" if parameter.is_flag else f" {parameter.metavar or 'TEXT'}"
    return ", ".join(f"`{name}{value}`" for name in parameter.opts)


def _default(parameter: Any) -> str:
    if parameter.required:
        return " Required." if _is_option(parameter) else ""
    return "" if parameter.default in (None, False, ()) else f" Default: `{parameter.default}`."


def metrics_page() -> Iterator[str]:
    """Every metric of the built-in sources, its dimensions and its policies."""
    sources = {name: example_of(point.load().Settings) for name, point in installed_sources().items()}
    workspace = Workspace(Settings.model_validate({"sources": sources}))
    yield "| kind | how it adds up |\n|---|---|"
    yield from (f"| `{kind}` | {says} |" for kind, says in KINDS.items())
    yield ""
    for source in workspace.sources.values():
        yield f"### From the source `{source.name}`\n"
        for metric in source.metrics:
            yield f"**`{metric.name}`**, {metric.unit}, `{metric.kind}`: {metric.description}\n"
            for policy in metric.policies:
                choices = ", ".join(
                    f"`{choice}` ({'keeps everything' if kept is None else f'keeps `{kept}`'})"
                    for choice, kept in policy.choices.items()
                )
                yield f"- Policy `{policy.name}`: {policy.description} {choices}; default `{policy.default}`.\n"
        for table in source.tables:
            yield f"Table `{table.name}`: {table.description}\n"
            yield "| dimension | |\n|---|---|"
            yield from (f"| `{name}` | {_cell(table.column(name).description)} |" for name in table.dimensions)
            yield ""


def settings_page() -> Iterator[str]:
    """Every setting of footfall.toml."""
    yield from _settings("The workspace", Settings)
    yield from _settings("`[lake]`", LakeSettings)
    yield from _settings("`[engine]`", EngineSettings)
    yield from _settings("`[activity]`", ActivitySettings)
    yield from _settings("`[[annotations]]`", AnnotationSettings)
    yield from _settings("`[[known_wrong]]`", KnownWrongSettings)
    yield from _settings("`[[projects]]`", ProjectSettings)
    yield from _settings("`[[questions]]`", QuestionSettings)
    yield from _settings("`[web]`", WebSettings)
    yield from _settings("`[[alerts]]`", AlertSettings)
    yield from _settings("`email` of an alert", EmailSettings)
    for name, point in installed_sources().items():
        yield from _settings(f"`[sources.{name}]`", point.load().Settings)


def _settings(title: str, model: type[BaseModel]) -> Iterator[str]:
    yield f"### {title}\n"
    yield "| setting | default | |\n|---|---|---|"
    for name, field in settings_of(model):
        default = None if field.is_required() else field.get_default(call_default_factory=True)
        shown = "" if default in (None, "") else f"`{toml_of(default)}`"
        yield f"| `{field.alias or name}` | {shown} | {_cell(field.description)} |"
    yield ""


def python_page() -> Iterator[str]:
    """Every error with its code, and every public name."""
    yield "| code | error | |\n|---|---|---|"
    for error in vars(errors).values():
        if isinstance(error, type) and issubclass(error, errors.FootfallError):
            yield f"| `{error.code}` | `{error.__name__}` | {_first_line(error)} |"
    yield "\n## Public names\n"
    yield ", ".join(f"`footfall.{name}`" for name in sorted(footfall.__all__)) + "."
    yield ""


def _first_line(thing: object) -> str:
    return _cell((thing.__doc__ or "").strip().splitlines()[0])


def _cell(text: str | None) -> str:
    return (text or "").replace("|", "\\|")


PAGES = {"cli.md": cli_page, "python.md": python_page, "metrics.md": metrics_page, "settings.md": settings_page}


def current(page: Path) -> str:
    """`page` as it ought to be: its own words, with the written part renewed."""
    before, rest = page.read_text(encoding="utf-8").split(BEGIN)
    after = rest.split(END)[1]
    return "".join([before, BEGIN, "\n\n", "\n".join(PAGES[page.name]()), "\n", END, after])


def draw_pictures(demo: Path) -> None:
    """The README's pictures, from the workspace that `make demo` leaves."""
    from rich.console import Console

    from footfall.terminal.answers import answer
    from footfall.workspace import open as open_workspace

    workspace = open_workspace(demo)
    again = workspace.cohort("binder_launch", "binder_launch", grain="week", kind="new")
    again.save(DOCS / "images" / "cohort.svg")
    asked: dict[str, Any] = {"grain": "month", "last": 12, "compare": "year"}
    console = Console(record=True, width=96, file=io.StringIO(), markup=False, highlight=False)
    console.print("$ footfall query launches --grain month --last 12 --compare year\n", style="green")
    console.print(answer(workspace.query("launches", **asked), width=96))
    # Pictures in a README may not load fonts from elsewhere: the reader's own monospaced one will do.
    svg = re.sub(r"@font-face \{.*?\}", "", console.export_svg(title="footfall"), flags=re.DOTALL)
    (DOCS / "images" / "query.svg").write_text(svg, encoding="utf-8")


def draw_dashboard() -> None:
    """The README's pictures of the dashboard, light and dark: the same bytes of the same samples."""
    from browsers import chromium, page_of, serving
    from pngs import smaller
    from walked import NOW, write_history, write_samples

    with tempfile.TemporaryDirectory() as name:
        write_history(Path(name) / "tool", 460)
        workspace = footfall.open(write_samples(Path(name), 460, 400, "tool"), now=lambda: NOW)
        workspace.collect()
        with serving(workspace) as address, chromium() as browser:
            for scheme in ("light", "dark"):
                with page_of(browser, address, width=1200, scheme=scheme) as page:
                    page.goto("/")
                    (DOCS / "images" / f"dashboard-{scheme}.png").write_bytes(smaller(page.screenshot()))


if __name__ == "__main__":
    if sys.argv[1:] == ["dashboard"]:
        draw_dashboard()
        sys.exit()
    for name in PAGES:
        (DOCS / name).write_text(current(DOCS / name), encoding="utf-8")
    if len(sys.argv) > 1:
        draw_pictures(Path(sys.argv[1]))
