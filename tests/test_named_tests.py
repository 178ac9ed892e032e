"""The tests of a module are found by its name."""

from __future__ import annotations

from pathlib import Path

import pytest

TESTS = Path(__file__).parent
SOURCE = TESTS.parent / "src" / "footfall"
BY_MODULE = ("measuring", "repositories", "sources", "warehouses")
"""Packages whose parts stand for themselves: each of their modules has tests of its own name. Of another package one
file bears its name, or a folder does; its modules are tested through it."""
ELSEWHERE = {
    "measuring.actors": "test_event_metrics.py: a number of actors needs events, their store and a question",
    "measuring.alike": "soundness/test_like_with_like.py: whole questions show which days are compared",
    "measuring.comparing": "soundness/test_like_with_like.py: the same",
    "measuring.measure": "test_answer.py: the steps from a question to its rows, as one",
    "measuring.plan": "test_answer.py: the same",
    "measuring.reading": "test_answer.py: with and without rollups the answer is the same",
    "measuring.remarks": "soundness/test_time.py: notes are read beside the numbers that they are about",
    "measuring.series": "soundness/test_time.py: means, running totals and their coverage",
    "measuring.version": "soundness/test_versions.py: equal versions are a promise about equal answers",
    "sources.checks": "test_upkeep.py: records alone, which doctor shows",
}
"""Modules without a file of their name, with where they are tested and why."""


def parts_of(folder: Path) -> list[str]:
    """The modules and packages in a package, by name."""
    return sorted(
        each.stem
        for each in folder.iterdir()
        if not each.name.startswith("_") and (each.suffix == ".py" or (each / "__init__.py").is_file())
    )


def every_part() -> list[str]:
    return [
        *parts_of(SOURCE),
        *(f"{package}.{name}" for package in BY_MODULE for name in parts_of(SOURCE / package)),
    ]


def files_of(part: str) -> list[Path]:
    """test_NAME.py; of a package also test_NAME_….py, or a folder; in a package also test_PACKAGE_NAME.py.

    Of two parts that have one name, the file in the folder of the package, or with its name, is meant.
    """
    package, _, name = part.rpartition(".")
    is_only_one = [each.rpartition(".")[2] for each in every_part()].count(name) == 1
    if not package:
        more = [f"test_{name}_*.py", f"{name}/test_*.py"] if (SOURCE / name).is_dir() else []
        return [
            file for pattern in (f"test_{name}.py", f"soundness/test_{name}.py", *more) for file in TESTS.glob(pattern)
        ]
    patterns = [f"{package}/test_{name}.py", f"**/test_{package}_{name}.py"]
    patterns += [f"**/test_{name}.py", f"test_{name}_*.py"] if is_only_one else []
    return [file for pattern in patterns for file in TESTS.glob(pattern)]


@pytest.mark.parametrize("part", every_part())
def test_every_module_has_tests_of_its_name(part: str) -> None:
    where = "tests/test_" + part.rpartition(".")[2] + ".py"
    if part in ELSEWHERE:
        assert not files_of(part), f"{part} has tests of its name: take it out of ELSEWHERE"
        assert (TESTS / ELSEWHERE[part].partition(":")[0]).is_file(), f"{part}: the file that ELSEWHERE names is gone"
    else:
        assert files_of(part), f"write {where}, or name the file that tests {part} in ELSEWHERE, with the reason"


def test_nothing_is_tested_elsewhere_that_is_not_there() -> None:
    assert set(ELSEWHERE) <= set(every_part())
