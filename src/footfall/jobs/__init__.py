"""Processes that share the work of one command, on this machine: its jobs.

A job is a new Python process, not a fork: DuckDB's and deltalake's threads would not survive one. It receives its task
(a function of a module, and its arguments) through its standard input, and answers with messages. It ends when this
process does, by any signal; see `programs`.

    results, failures = run_jobs([Task(count, ("a",)), Task(count, ("b",))], heard=print)
"""

from footfall.jobs.running import MOST, JobError, Task, run_jobs

__all__ = ["MOST", "JobError", "Task", "run_jobs"]
