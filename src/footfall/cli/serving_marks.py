"""The command that serves the store of marks to clients of Redis."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from footfall.cli.app import app, needing, workspace_of
from footfall.errors import AccessError, SettingsError

if TYPE_CHECKING:
    from footfall.resp import Rights
    from footfall.workspace import Workspace


@app.command("serve-marks", rich_help_panel="Serve")
def serve_marks(
    context: typer.Context,
    host: Annotated[str, typer.Option(metavar="HOST", help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(metavar="PORT", help="The port to listen on; 0 picks a free port.", min=0, max=65535)
    ] = 6380,
    sync: Annotated[
        Literal["everysec", "always"],
        typer.Option(help="When marks are on the disk: within a second, or before each answer."),
    ] = "everysec",
    auth: Annotated[
        bool | None,
        typer.Option(
            "--auth/--no-auth",
            help="Whether clients give a token (`footfall token create`); default: when other machines can connect.",
            show_default=False,
        ),
    ] = None,
    tls_cert: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The certificate for TLS, in PEM form; needs --tls-key.")
    ] = None,
    tls_key: Annotated[Path | None, typer.Option(metavar="FILE", help="The key of the certificate.")] = None,
    connections: Annotated[
        int, typer.Option(metavar="N", help="How many clients may be connected at once.", min=1)
    ] = 1000,
    allow_admin: Annotated[
        bool, typer.Option("--allow-admin", help="Let clients delete all keys, and have the server copy from a Redis.")
    ] = False,
) -> None:
    """Serve the marks to bitmapist and other clients of Redis until Ctrl-C or SIGTERM.

    The server speaks the protocol of Redis: any program that marks in Redis or bitmapist-server can mark here instead.
    """
    if (tls_cert is None) != (tls_key is None):
        raise SettingsError("--tls-cert and --tls-key belong together; give both, or neither.")
    with needing("footfall serve-marks", "resp"):
        from footfall.resp import Limits
        from footfall.resp import serve_marks as serve_until_ended
    workspace = workspace_of(context)
    needs_token = not _is_this_machine(host) if auth is None else auth
    serve_until_ended(
        _file_of(workspace),
        host=host,
        port=port,
        tell=lambda port: print(
            f"Marks are served at redis{'s' if tls_cert else ''}://{_shown(host)}:{port}"
            f"{', to clients with a token' if needs_token else ''}. Press Ctrl-C to stop it.",
            flush=True,
        ),
        is_synced=sync == "always",
        rights_of=_rights_by_token(workspace) if needs_token else None,
        certificate=(tls_cert, tls_key) if tls_cert and tls_key else None,
        may_administer=allow_admin,
        limits=Limits(connections=connections),
    )


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _file_of(workspace: Workspace) -> Path:
    from footfall.stores.sqlite import SqliteStore

    store = workspace.activity.store
    if not isinstance(store, SqliteStore):
        raise SettingsError(
            f"activity is kept in {store.address}, which is a server already; marks are served from a file, such as "
            '"sqlite:///activity.db".'
        )
    return Path(store.address)


def _rights_by_token(workspace: Workspace) -> Callable[[str], Rights | None]:
    from footfall.access.tokens import Tokens
    from footfall.access.viewer import Scope
    from footfall.resp import Rights

    tokens = Tokens(workspace.settings.folder, workspace.settings.scratch)

    def rights_of(text: str) -> Rights | None:
        try:
            viewer = tokens.viewer_of(text, workspace.now())
        except AccessError:
            return None
        may_read = viewer.may(Scope.READ) and not viewer.is_limited
        return Rights(may_read=may_read, may_write=viewer.may(Scope.MARK))

    return rights_of
