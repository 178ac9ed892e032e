"""The public names: pinned, loaded when used, and documented with examples that run."""

from __future__ import annotations

import doctest
import inspect
import subprocess
import sys
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import footfall
from footfall import errors
from footfall.errors import FootfallError
from histories import ADA, History

NOW = datetime(2026, 3, 11, 12, tzinfo=UTC)
PUBLIC = {
    "ActivityError", "Annotation", "Answer", "Cohort",
    "Communities", "CohortQuestion", "Event", "FootfallError", "Funnel",
    "FunnelQuestion", "Grain", "Growth", "GrowthQuestion", "LakeError", "MissingExtraError", "Picture", "Project",
    "Query", "QueryError", "Ranking", "Result", "Settings", "SettingsError", "SourceError", "Stickiness", "StickinessQuestion",
    "UnknownNameError", "Workspace", "__version__", "open", "restore",
}  # fmt: skip
SETTINGS = """
[sources.git]
repositories = ["project"]
[[annotations]]
kind = "release"
at = 2026-02-01
text = "1.0"
[[projects]]
name = "tool"
git = "project"
"""


def public_things() -> Iterator[tuple[str, Any]]:
    """Every exported class and function, and every public method that a class of ours defines."""
    for name in sorted(PUBLIC - {"__version__"}):
        thing = getattr(footfall, name)
        yield name, thing
        if inspect.isclass(thing):
            yield from _methods(name, thing)


def _methods(name: str, of: type) -> Iterator[tuple[str, Any]]:
    for each in of.__mro__:
        if each.__module__.startswith("footfall."):
            for method, function in vars(each).items():
                if inspect.isfunction(function) and not method.startswith("_"):
                    yield f"{name}.{method}", function


THINGS = dict(public_things())
_INNER = {"Workspace.notes_on_events", "Workspace.filter_of_project"}
_PARSED_BY_WORKSPACE = {"Query.parse", *(f"{of}Question.parse" for of in ("Cohort", "Funnel", "Growth", "Stickiness"))}
"""A workspace parses questions; its methods say what they take."""


def _is_spoken(name: str, thing: Any) -> bool:
    if (
        name in _INNER | _PARSED_BY_WORKSPACE
        or name in ("Settings", "Grain", "Result.resolved")
        or name.startswith("Settings.")
    ):
        return False
    return inspect.isfunction(thing) or name in ("Workspace", "Answer", "Picture", "open")


SPOKEN = {name: thing for name, thing in THINGS.items() if _is_spoken(name, thing)}
"""Functions and methods that people call by themselves: each says what it takes."""


def said_of(name: str) -> str:
    """What a method says of itself; where it only does for one kind of answer what every answer does, that too."""
    method = name.partition(".")[2]
    every = getattr(footfall.Answer, method, None) if method else None
    own = inspect.getdoc(SPOKEN[name]) or ""
    return f"{own}\n{inspect.getdoc(every) or ''}" if inspect.isfunction(every) else own


@pytest.fixture(scope="module")
def spoken_of(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A small workspace that all examples speak of, as `ff`."""
    folder = tmp_path_factory.mktemp("public")
    history = History.new(folder / "project")
    for day in ("2026-01-05", "2026-01-20", "2026-02-05", "2026-03-05"):
        history.commit(f"{day}T12:00+00:00", author=ADA)
    history.write()
    (folder / "footfall.toml").write_text(SETTINGS)
    (folder / "orders.csv").write_text("customer,day\n1,2026-02-03\nada,2026-02-04\n")
    ff = footfall.open(folder, now=lambda: NOW)
    ff.collect()
    ff.mark("signed_up", [1, 2, 3], "2026-02-10")
    ff.mark("active", [1, 2], "2026-02-20")
    ff.mark("active", [1, 2], "2026-03-05")
    ff.mark("active", [1], "2026-03-06T09:30Z", hourly=True)
    return {"ff": ff, "folder": folder, "footfall": footfall}


def test_the_public_names_are_these() -> None:
    assert set(footfall.__all__) == set(dir(footfall)) == PUBLIC
    assert all(getattr(footfall, name) is not None for name in PUBLIC)


def test_importing_loads_nothing() -> None:
    code = "import sys, footfall; print([m for m in sys.modules if m.startswith('footfall.')])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"


@pytest.mark.parametrize("name", THINGS)
def test_every_public_thing_says_what_it_is(name: str) -> None:
    assert inspect.getdoc(THINGS[name]), name


@pytest.mark.parametrize("name", SPOKEN)
def test_what_people_call_says_its_parameters_and_has_an_example(name: str) -> None:
    said, thing = said_of(name), SPOKEN[name]
    assert "Example:" in said, f"{name} has no example"
    taken = [p for p in inspect.signature(thing).parameters if p not in ("self", "older")]
    if taken and inspect.isfunction(thing):
        assert "Args:" in said, f"{name} does not say its parameters"
        for parameter in taken:
            assert f"{parameter}: " in said, f"{name} does not say what {parameter} is"


def examples() -> Iterator[tuple[str, doctest.DocTest]]:
    finder = doctest.DocTestFinder(recurse=False)
    for name, thing in THINGS.items():
        for test in finder.find(thing, name, globs={}):
            if test.examples:
                yield name, test


@pytest.mark.parametrize("name", [name for name, _ in examples()])
def test_every_example_runs(name: str, spoken_of: dict[str, Any], tmp_path: Path) -> None:
    test = dict(examples())[name]
    test.globs = {**spoken_of, **{n: getattr(footfall, n) for n in PUBLIC - {"open"}}, "out": tmp_path}
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    said: list[str] = []
    runner.run(test, out=said.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(said)


def test_every_class_of_error_has_a_code_of_its_own() -> None:
    classes = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, FootfallError)]
    codes = [each.__dict__.get("code", f"{each.__name__} has no code") for each in classes]
    assert len(set(codes)) == len(codes) > 20
    assert all(code.replace("_", "").isalpha() and code.islower() for code in codes)


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("query", {"metric": "commits", "since": 2026}, "since=2026 is not a date or time; write it as text: '2026'."),
    ("query", {"metric": "commits", "since": True}, "since=True is not a date or time"),
    ("query", {"metric": "commits", "grain": None}, "unknown grain 'None'"),
    ("query", {"metric": "commits", "grain": 7}, "unknown grain '7'"),
    ("query", {"metric": "commits", "where": [("repo", "a")]}, "where is [('repo', 'a')]; give texts"),
    ("query", {"metric": "commits", "policies": "merges=with"}, "policies is 'merges=with'; give a choice for each"),
    ("query", {"metric": "commits", "last": True}, "last is True; it must be a whole number"),
    ("query", {"metric": "commits", "last": float("inf")}, "last is inf; it must be a whole number"),
    ("query", {"metric": "commits", "last": "1_0"}, "last is '1_0'; it must be a whole number"),
    ("query", {"metric": "commits", "last": "１２"}, "it must be a whole number"),
    ("query", {"metric": "commits", "by": None}, "by is None; give names"),
    ("query", {"metric": "commits", "by": [1]}, "by has 1, which is not a name"),
    ("query", {"metric": "commits", "cumulative": "yes"}, "cumulative is 'yes'; it must be True or False"),
    ("query", {"metric": 5}, "metric is 5; give names"),
    ("cohort", {"first": 5, "then": "active"}, "5 is not an event"),
    ("cohort", {"first": "active", "then": "active", "grain": None}, "unknown grain 'None'"),
    ("cohort", {"first": "active", "then": "active", "columns": "x"}, "columns is 'x'"),
    ("growth", {"event": "active", "since": 2026}, "since=2026 is not a date or time"),
    ("stickiness", {"event": "active", "last": 2, "since": "2026"}, "last and since both set"),
]


@pytest.mark.parametrize(("ask", "given", "said"), WRONG)
def test_a_wrong_type_is_one_sentence(ask: str, given: dict[str, Any], said: str, spoken_of: dict[str, Any]) -> None:
    with pytest.raises(FootfallError) as caught:
        getattr(spoken_of["ff"], ask)(**given)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_place_that_is_no_folder_is_one_sentence() -> None:
    with pytest.raises(FootfallError, match="5"):
        footfall.open(5)  # type: ignore[arg-type]


def test_names_of_0_1_0_work_with_a_warning(spoken_of: dict[str, Any]) -> None:
    ff = spoken_of["ff"]
    with pytest.warns(DeprecationWarning, match="by='month' is now grain='month'"):
        older = ff.cohort("active", "active", by="month", rows=2)
    assert older == ff.cohort("active", "active", grain="month", last=2)
    with pytest.warns(DeprecationWarning, match="rows=5 is now last=5"):
        assert len(ff.stickiness("active", rows=5)) == 5
    with pytest.warns(DeprecationWarning, match="until, as the time of the query, is now as_of"):
        first = ff.growth("active", by="day", since="2026-02-19", rows=2, until="2026-03-01")
    assert [row.period.label for row in first.rows] == ["2026-02-19", "2026-02-20"]
    with pytest.warns(DeprecationWarning, match="version"):
        assert ff.query("commits").lake_version
    with pytest.raises(TypeError, match="unexpected keyword argument 'grains'"):
        ff.growth("active", grains="day")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ff.growth("active", grain="day", last=2)
