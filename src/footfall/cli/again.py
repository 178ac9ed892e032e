"""Collecting repeatedly in one process, until Ctrl-C or SIGTERM."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from typing import TYPE_CHECKING

from footfall.cli.app import interruptible, print_fault, print_mistake
from footfall.errors import FootfallError
from footfall.formats import moment_of
from footfall.periods import utc_now
from footfall.upkeep.repeating import parse_schedule, repeat

if TYPE_CHECKING:
    import typer

    from footfall.workspace import Workspace


def collect_again(context: typer.Context, when: str, collect: Callable[[Workspace], None], what_now: str) -> None:
    """Collect on a schedule. Each run reloads the settings; a failed run is reported, and the schedule continues.

    SIGTERM, the way in which a service is stopped, ends it with status 0.
    """
    from footfall.workspace import open as open_workspace

    schedule = parse_schedule(when)
    with closing(open_workspace(context.obj)) as workspace:
        workspace.sources  # noqa: B018 - settings that cannot be used are said now, not at the first run
    with interruptible(what_now, terminated=0) as is_ended:

        def once() -> None:
            try:
                with closing(open_workspace(context.obj)) as workspace:
                    collect(workspace)
            except FootfallError as error:
                print_mistake(error)
            except Exception:
                if not is_ended():
                    print_fault()
            if is_ended():  # some libraries swallow the interrupt
                raise KeyboardInterrupt
            sys.stdout.flush()

        def tell(due: datetime) -> None:
            print(f"next run: {moment_of(due)}", flush=True)

        repeat(once, schedule, now=utc_now, sleep=time.sleep, tell=tell)
