"""The command line: `footfall COMMAND`. Thin: it reads words, calls the workspace and shows what comes back.

Nothing heavy is imported before a command needs it, so that `footfall --help` answers at once.
Exit status: 0 answered, 1 a FootfallError (one line says what, why, what to do), 2 wrong usage, 130 interrupted.
"""

from __future__ import annotations

from footfall.cli.app import app, main, run
from footfall.cli.help import complete_help

# Commands stand in the help in the order in which their files are read.
# isort: split
from footfall.cli import collecting

# isort: split
from footfall.cli import upkeep

# isort: split
from footfall.cli import backups

# isort: split
from footfall.cli import copying

# isort: split
from footfall.cli import schedules

# isort: split
from footfall.cli import questions

# isort: split
from footfall.cli import projects

# isort: split
from footfall.cli import communities

# isort: split
from footfall.cli import cohorts

# isort: split
from footfall.cli import activity

# isort: split
from footfall.cli import serving

# isort: split
from footfall.cli import serving_marks

# isort: split
from footfall.cli import reporting

# isort: split
from footfall.cli import moving

# isort: split
from footfall.cli import archives

complete_help(app)

__all__ = [
    "activity",
    "app",
    "archives",
    "backups",
    "cohorts",
    "collecting",
    "communities",
    "copying",
    "main",
    "moving",
    "projects",
    "questions",
    "reporting",
    "run",
    "schedules",
    "serving",
    "serving_marks",
    "upkeep",
]
