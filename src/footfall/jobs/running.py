"""Starting jobs, hearing them, and waiting for all of them."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from threading import Event, Lock
from typing import Any

from footfall.awaiting import until_done
from footfall.concealing import concealed
from footfall.errors import FootfallError, LakeError
from footfall.jobs.messages import Done, Failed, Told, messages_in
from footfall.programs import Bounds, NotInstalledError, Program, StoppedError

MOST = 64
"""The maximum number of jobs of one command."""
_UNBOUNDED = 1 << 50
"""Bytes. A job is this program itself, which bounds its own memory."""


class JobError(FootfallError):
    """A job failed; what it had committed stays."""

    code = "job_failed"


@dataclass(frozen=True)
class Task:
    """The work of one job."""

    function: Callable[..., Any]
    """A function of a module, called with the arguments and `tell`: a function that passes a value to `heard`."""
    arguments: tuple[Any, ...]
    """Anything that can be pickled. They are passed through a file without a name, so they may be secret."""


def run_jobs(
    tasks: Sequence[Task], heard: Callable[[Any], None] = lambda value: None
) -> tuple[list[Any], list[FootfallError]]:
    """Run every task in a process of its own, all at once, and wait for all of them, even when one fails.

    Args:
        tasks: At most `MOST`.
        heard: Called with everything that a job tells, by one thread at a time.

    Returns:
        The results of those that ended well, in the order of the tasks, and why the others did not: `JobError`s, and
        before them `LakeError`s where the lake was the reason.
    """
    stop, lock = Event(), Lock()

    def hear(value: Any) -> None:
        with lock:
            heard(value)

    with ThreadPoolExecutor(max(1, len(tasks))) as threads:
        running: list[Future[Any]] = [threads.submit(_run, task, hear, stop) for task in tasks]
        try:
            until_done(running)
        finally:  # an interrupt ends the jobs too
            stop.set()
    results, failures = [], []
    for each in running:
        error = each.exception()
        if error is None:
            results.append(each.result())
        elif isinstance(error, FootfallError):
            failures.append(error)
        else:
            raise error
    return results, sorted(failures, key=lambda error: not isinstance(error, LakeError))


def _run(task: Task, hear: Callable[[Any], None], stop: Event) -> Any:
    content = pickle.dumps((task.function, task.arguments))
    command = [sys.executable or "python3", "-m", "footfall.jobs"]
    try:
        with Program(command, stdin=content, bounds=Bounds(memory=_UNBOUNDED, stop=stop)) as program:
            for message in messages_in(program.output(is_prompt=True)):
                match message:
                    case Told(value):
                        hear(value)
                    case Done(value):
                        program.wait()
                        return value
                    case Failed():
                        raise _error(message)
            return _ended(program)
    except NotInstalledError:
        raise JobError(f"{command[0]} cannot be started, and --jobs needs it; leave --jobs out.") from None
    except StoppedError as error:
        raise JobError(f"a process of --jobs was stopped: {error}; run the same command again.") from None


def _ended(program: Program) -> Any:
    status = program.wait()
    lines = concealed(program.complaints().decode("utf-8", "replace")).strip().splitlines()
    said = f" ({lines[-1][:200]})" if lines and status < 128 else ""
    how = f"by signal {status - 128}" if status > 128 else f"with status {status}{said}"
    raise JobError(
        f"a process of --jobs ended {how} before its work was done; what it committed stays, run the same command again."
    )


def _error(failed: Failed) -> FootfallError:
    error = LakeError(failed.said) if failed.is_of_lake else JobError(failed.said)
    error.add_note(failed.trace)
    return error
