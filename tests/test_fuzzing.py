"""Random input for every parser and every face, some of it each time; `make fuzz` continues for an hour."""

from __future__ import annotations

import pytest

from fuzzed import Target
from fuzzing import TARGETS, run
from lengths import IS_LONG


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_random_input_is_read_or_refused(target: Target) -> None:
    run(target, 20_000 if IS_LONG else 150)
