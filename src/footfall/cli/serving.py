"""Commands that serve the workspace to others, and say who may do what."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from footfall.access.viewer import Scope
from footfall.cli.app import app, interruptible, needing, workspace_of
from footfall.cli.numerals import whole
from footfall.cli.volume import say_done
from footfall.errors import FootfallError, QueryError

if TYPE_CHECKING:
    from footfall.workspace import Workspace

_PANEL = "Serve"
_LOCAL = "127.0.0.1"
_DEMO = "demo"
_DEMO_LASTS = timedelta(days=1)


@app.command(rich_help_panel=_PANEL)
def serve(
    context: typer.Context,
    host: Annotated[
        str | None, typer.Option(metavar="HOST", help="The address to listen on; default: `host` under [web].")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(metavar="PORT", help="The port to listen on; 0 picks a free port.", parser=whole(0, 65535)),
    ] = None,
    collect: Annotated[
        str | None,
        typer.Option(metavar="WHEN", help='Also collect: "6h", or a cron expression in UTC such as "30 5 * * *".'),
    ] = None,
) -> None:
    """Serve the dashboard and the API over HTTP until Ctrl-C or SIGTERM."""
    from footfall.upkeep.repeating import parse_schedule

    if collect is not None:
        parse_schedule(collect)
    workspace = workspace_of(context)
    command = None if collect is None else _collector(workspace.settings.folder, collect)
    _serve(workspace, host=host, port=port, tell=_tell, collect=command)


def _serve(
    workspace: Workspace, *, host: str | None, port: int | None, tell: Callable[[str], None], collect: list[str] | None
) -> None:
    with needing("footfall serve", "web"):
        from footfall.web.serving import serve as serve_until_ended
    with interruptible("; the server has stopped.", terminated=0):
        serve_until_ended(workspace, host=host, port=port, tell=tell, collect=collect)


def show_dashboard(folder: Path) -> None:
    """Serve the workspace of the demonstration to this machine, with a token that is valid as long as the server runs.

    Its port is that of the settings, or a free one where another program has it.
    """
    from footfall.access.tokens import Tokens
    from footfall.workspace import open as open_workspace

    workspace = open_workspace(folder)
    tokens = Tokens(workspace.settings.folder, workspace.settings.scratch)
    if any(token.name == _DEMO for token in tokens.every()):
        tokens.revoke(_DEMO, workspace.now())
    token = tokens.create(_DEMO, list(Scope), now=workspace.now(), expires_at=workspace.now() + _DEMO_LASTS)

    def tell(address: str) -> None:
        print(f"\nThe dashboard:       {address}", flush=True)
        print(f"Token for marks:     {token}", flush=True)
        print("Press Ctrl-C to stop both.", flush=True)

    try:
        _serve(workspace, host=_LOCAL, port=_free(workspace.settings.web.port), tell=tell, collect=None)
    finally:
        tokens.revoke(_DEMO, workspace.now())


def _free(port: int) -> int:
    """The port, or 0 for any where another program listens on it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_LOCAL, port))
        except OSError:
            return 0
    return port


@app.command(rich_help_panel=_PANEL)
def mcp(
    context: typer.Context,
    project: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Limit reading to this project; may be repeated.")
    ] = None,
) -> None:
    """Serve queries of language models over the Model Context Protocol, on standard input and output."""
    with needing("footfall mcp", "mcp"):
        from footfall.mcp.server import serve as serve_until_ended
    from footfall.access.viewer import Viewer
    from footfall.projects.names import project_named

    workspace = workspace_of(context)
    named = tuple(project_named(each, workspace.projects).name for each in project or ())
    with interruptible("."):
        serve_until_ended(workspace, Viewer(scopes=frozenset({Scope.READ}), projects=named))


def _tell(address: str) -> None:
    print(f"Footfall is running at {address} (API: {address}api/v1). Press Ctrl-C to stop it.", flush=True)


def _collector(folder: Path, when: str) -> list[str]:
    return [sys.executable, "-m", "footfall", "--workspace", str(folder), "collect", "--every", when]


tokens = typer.Typer(help="Who may read, mark, and administer over HTTP.", no_args_is_help=True)
app.add_typer(tokens, name="token", rich_help_panel=_PANEL)


@tokens.command()
def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name of the token.", show_default=False)],
    scope: Annotated[
        list[str] | None, typer.Option(metavar="SCOPE", help="read, mark or admin; may be repeated; default: read.")
    ] = None,
    project: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Limit reading to this project; may be repeated.")
    ] = None,
    expires: Annotated[
        str | None,
        typer.Option(metavar="WHEN", help="When it expires: 90d, or 2027-01-01; default: never."),
    ] = None,
) -> None:
    """Create a token and print it once; only its hash is stored."""
    from footfall.access.tokens import Tokens
    from footfall.projects.names import project_named

    workspace = workspace_of(context)
    now = workspace.now()
    named = [project_named(each, workspace.projects).name for each in project or ()]
    text = Tokens(workspace.settings.folder, workspace.settings.scratch).create(
        name, scope or ["read"], now=now, projects=named, expires_at=None if expires is None else _end(expires, now)
    )
    print(text)
    print("This token is shown only now. Send it as: Authorization: Bearer TOKEN", file=sys.stderr)


def _end(text: str, now: datetime) -> datetime:
    from footfall.periods import parse_length, parse_moment

    try:
        return now + parse_length(text)
    except FootfallError:
        pass
    try:
        return parse_moment(text, now)
    except FootfallError:
        raise QueryError(f"--expires is {text!r}; write a length such as 90d, or a date such as 2027-01-01.") from None


@tokens.command("list")
def list_tokens(context: typer.Context) -> None:
    """List the tokens, their scopes and when they expire."""
    from footfall.access.tokens import Tokens
    from footfall.terminal.console import open_console
    from footfall.terminal.grids import grid_of

    settings = workspace_of(context).settings
    found = Tokens(settings.folder, settings.scratch).every()
    if not found:
        print("There is no token yet. Next: footfall token create NAME")
        return
    grid = grid_of("token", "may", "about", "made", "valid until")
    for token in found:
        about = ", ".join(token.projects) or "everything"
        grid.add_row(token.name, ", ".join(token.scopes), about, token.made_at[:10], token.expires_at or "revoked")
    open_console().print(grid)


@tokens.command()
def revoke(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The token's name.", show_default=False)],
) -> None:
    """Revoke a token, with immediate effect on running servers."""
    from footfall.access.tokens import Tokens

    workspace = workspace_of(context)
    Tokens(workspace.settings.folder, workspace.settings.scratch).revoke(name, workspace.now())
    say_done(f"Revoked {name}.")
