"""The application: its options, how it opens a workspace, how it ends."""

from __future__ import annotations

import errno
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn

import typer

from footfall.cli.sparing import spare_work
from footfall.cli.volume import set_quiet
from footfall.cli.wording import Group
from footfall.concealing import concealed
from footfall.errors import FootfallError, MissingExtraError

if TYPE_CHECKING:
    from footfall.workspace import Workspace


Shown = Literal["text", "json"]
Form = Annotated[Shown, typer.Option("--format", "-f", help="text or json.")]

INTERRUPTED = 130
TERMINATED = 143

app = typer.Typer(
    name="footfall",
    cls=Group,
    help="Who uses what you build: collect usage data, keep it in open tables, and query it.",
    no_args_is_help=True,
    add_completion=True,
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
        typer.Option(
            "--workspace",
            "-w",
            metavar="FOLDER",
            help="The folder with footfall.toml; default: FOOTFALL_WORKSPACE, or the nearest parent folder that has one.",
        ),
    ] = None,
    verbose: Annotated[
        int,
        typer.Option("--verbose", "-v", count=True, help="Log progress; -vv also prints tracebacks."),
    ] = 0,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print only answers, errors and notes on numbers.")
    ] = False,
    version: Annotated[
        bool,
        typer.Option("--version", "-V", help="Print the version and exit.", is_eager=True, callback=_print_version),
    ] = False,
) -> None:
    context.obj = workspace
    set_quiet(quiet)
    if verbose or "footfall.cli.verbose" in sys.modules:  # left by an earlier command in the same process
        from footfall.cli.verbose import set_level

        set_level(verbose)


@contextmanager
def interruptible(what_now: str, *, terminated: int = TERMINATED) -> Iterator[Callable[[], bool]]:
    """Ctrl-C and SIGTERM end with one sentence, also where DuckDB turns them into its own RuntimeError.

    Args:
        what_now: How the sentence continues.
        terminated: The exit status after SIGTERM.

    Yields:
        Whether an interrupt was requested, for code that catches exceptions broadly.
    """
    asked: list[int] = []

    def stop(number: int, _: object) -> None:
        asked.append(number)
        raise KeyboardInterrupt

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, stop)
    try:
        yield lambda: bool(asked)
    except BaseException:
        if not asked:
            raise
        is_interrupt = asked[0] == signal.SIGINT
        print(f"footfall: {'interrupted' if is_interrupt else 'terminated'}{what_now}", file=sys.stderr)
        raise typer.Exit(INTERRUPTED if is_interrupt else terminated) from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def workspace_of(context: typer.Context) -> Workspace:
    """The selected workspace; it is closed when the command ends."""
    from footfall.workspace import open as open_workspace

    workspace = open_workspace(context.obj)
    context.call_on_close(workspace.close)
    return workspace


@contextmanager
def needing(command: str, extra: str) -> Iterator[None]:
    """While the modules of a command are imported: a package that is not installed belongs to an extra.

    Raises:
        MissingExtraError: Unless the missing module is one of ours, which is a bug.
    """
    try:
        yield
    except ImportError as error:
        if (error.name or "").partition(".")[0] in ("footfall", ""):
            raise
        raise MissingExtraError(command, extra) from None


def print_json(record: object) -> None:
    """A record for programs, in ASCII, so that names from elsewhere can be printed safely on any terminal."""
    import json

    print(json.dumps(record, indent=2))


def check_folder(file: Path | None) -> None:
    """Check before the query that the folder of an output file exists."""
    if file is not None and not file.parent.is_dir():
        raise FootfallError(f"{file} cannot be written: there is no folder {file.parent}.")


def run() -> NoReturn:
    """The command `footfall`. It exits without freeing objects one by one."""
    spare_work()
    try:
        main()
    except SystemExit as end:
        is_awaited = end.code not in (INTERRUPTED, TERMINATED) and _has_others_at_work()
        if isinstance(end.code, str) or is_awaited:
            raise
        if store := sys.modules.get("footfall.stores.sqlite.store"):
            store.close_all()  # which ends with the interpreter otherwise
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                with suppress(OSError):
                    stream.flush()
        os._exit(int(end.code or 0))


def _has_others_at_work() -> bool:
    return any(not thread.daemon and thread is not threading.main_thread() for thread in threading.enumerate())


def options_first(arguments: Sequence[str]) -> list[str]:
    """The same arguments with --workspace and --quiet moved before the command.

    Example:
        >>> options_first(["status", "-w", "here", "--check"])
        ['-w', 'here', 'status', '--check']
    """
    first: list[str] = []
    others: list[str] = []
    left = list(arguments)
    while left:
        word = left.pop(0)
        if word == "--":
            others += [word, *left]
            break
        if word in ("-w", "--workspace") and left:
            first += [word, left.pop(0)]
        elif word in ("-q", "--quiet") or word.startswith("--workspace="):
            first.append(word)
        else:
            others.append(word)
    return first + others


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and exit. User errors print one line, never a traceback."""
    code: Any = 0
    if not sys.warnoptions:  # warnings of libraries are for programmers
        warnings.simplefilter("ignore")
    if sys.stdout is None:
        sys.exit("footfall: there is no standard output to write to; do not close it, or write to a file with -o.")
    try:
        try:
            given = sys.argv[1:] if arguments is None else arguments
            code = app(options_first(given), prog_name="footfall", standalone_mode=True)
        except SystemExit as end:
            code = end.code
            sys.stdout.flush()  # here, where errors are reported
    except FootfallError as error:
        print_mistake(error)
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
        # The reader closed the pipe; the interpreter must not try to flush the rest.
        _forget_output()
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
            _forget_output()
            print(f"footfall: the output cannot be written: {error.strerror}.", file=sys.stderr)
        else:
            print_fault()
        code = 1
    except Exception:
        print_fault()
        code = 1
    sys.exit(code)


def print_mistake(error: FootfallError) -> None:
    """Print an error of the user or of an upstream as one line; with -vv also the traceback."""
    from footfall.cli.verbose import has_traces

    if has_traces():
        print_fault()
    print(f"footfall: {' '.join(concealed(str(error)).split())}", file=sys.stderr)


def print_fault() -> None:
    """Print the traceback of a bug, without secrets."""
    from footfall.cli.verbose import print_trace

    print_trace()


def _forget_output() -> None:
    """Do not flush unwritten output when the interpreter exits."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
