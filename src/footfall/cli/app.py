"""The application: its options, how it opens a workspace, how it ends."""

from __future__ import annotations

import errno
import gc
import os
import signal
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from footfall.errors import FootfallError

if TYPE_CHECKING:
    from footfall.workspace import Workspace


app = typer.Typer(
    name="footfall",
    help="Who uses what you build: collect usage facts, keep them in open tables, ask them anything.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(is_asked: bool) -> None:
    if is_asked:
        from footfall import __version__

        print(f"footfall {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    context: typer.Context,
    workspace: Annotated[
        Path | None,
        typer.Option("--workspace", "-w", metavar="FOLDER", help="The folder with footfall.toml; default: here."),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    context.obj = workspace


@contextmanager
def interruptible(what_now: str) -> Iterator[None]:
    """Ctrl-C ends in one sentence, however it surfaces: DuckDB turns it into a RuntimeError of its own."""
    asked = False

    def stop(*_: object) -> None:
        nonlocal asked
        asked = True
        raise KeyboardInterrupt

    before = signal.getsignal(signal.SIGINT)
    if before is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, stop)
    try:
        yield
    except BaseException:
        if not asked:
            raise
        print(f"footfall: interrupted{what_now}", file=sys.stderr)
        raise typer.Exit(130) from None
    finally:
        signal.signal(signal.SIGINT, before)


def workspace_of(context: typer.Context) -> Workspace:
    from footfall.workspace import open as open_workspace

    return open_workspace(context.obj)


def check_folder(file: Path | None) -> None:
    """Before anything is asked: a file needs a folder that is there."""
    if file is not None and not file.parent.is_dir():
        raise FootfallError(f"{file} cannot be written: there is no folder {file.parent}.")


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and exit. A user's mistake is one line, never a traceback."""
    code: Any = 0
    # A question is answered before there is garbage; libraries that load are looked through again and again for nothing.
    gc.disable()
    # numpy brings threads for linear algebra, of which there is none here: they spin, and take a core from who works.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if not sys.warnoptions:  # what libraries tell programmers is no news to users
        warnings.simplefilter("ignore")
    if sys.stdout is None:
        sys.exit("footfall: there is no standard output to write to; do not close it, or write to a file with -o.")
    try:
        code = app(arguments, prog_name="footfall", standalone_mode=True)
    except FootfallError as error:
        print(f"footfall: {' '.join(str(error).split())}", file=sys.stderr)
        code = 1
    except UnicodeEncodeError as error:
        lacking = error.object[error.start : error.start + 1]
        print(
            f"footfall: the output's encoding, {error.encoding}, has no {lacking}; "
            "set PYTHONIOENCODING=utf-8, or write to a file with -o.",
            file=sys.stderr,
        )
        code = 1
    except BrokenPipeError:
        # Whoever read has read enough; the interpreter must not try again to flush what is left.
        _forget_output()
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
            raise
        _forget_output()
        print(f"footfall: the output cannot be written: {error.strerror}.", file=sys.stderr)
        code = 1
    finally:
        gc.enable()
    sys.exit(code)


def _forget_output() -> None:
    """What could not be written is not tried again when the interpreter ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
