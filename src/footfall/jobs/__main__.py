"""A job: `python -m footfall.jobs`, with a pickled task as its standard input."""

from __future__ import annotations

import os
import pickle
import sys
from traceback import format_exc
from typing import Any

from footfall.concealing import concealed
from footfall.errors import ConflictError, FootfallError, LakeError
from footfall.jobs.messages import Done, Failed, Told, framed


def main() -> None:
    """Run the task, and answer on what was the standard output; what the work prints goes to the standard error."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

    def tell(value: Any) -> None:
        answers.write(framed(Told(value)))
        answers.flush()

    answer: Done | Failed
    try:
        function, arguments = pickle.load(sys.stdin.buffer)
        answer = Done(function(*arguments, tell=tell))
    except FootfallError as error:
        is_of_lake = isinstance(error, LakeError) and not isinstance(error, ConflictError)
        answer = Failed(concealed(str(error)), concealed(format_exc()), is_of_lake)
    except Exception as error:
        said = concealed(f"an unexpected error ({type(error).__name__}: {error}); use -vv for the traceback.")
        answer = Failed(said, concealed(format_exc()), is_of_lake=False)
    answers.write(framed(answer))
    answers.flush()


if __name__ == "__main__":
    main()
    os._exit(0)  # everything is written; freeing every object would take a while
