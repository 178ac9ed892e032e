"""Unknown fields with another value in each line: removed before lines are compared, without changing what is valid."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from binders import DAY, line, write
from footfall.sources.binder.reading import File, Reader
from footfall.sources.binder.texts import tally
from footfall.sources.binder.varying import varying_in, without_values

NUMBERS = ["0", "-0", "12", "-3.5", "1e5", "2E-7", "12345678901234567890123", "0.25"]
NOT_NUMBERS = [
    "007",
    "-",
    "1.",
    ".5",
    "1.5.5",
    "1e5.5",
    "1e5e5",
    "+1",
    "--1",
    "0x1f",
    "1_000",
    "NaN",
    "Infinity",
    "1 2",
]
TEXTS = ['""', '"a"', '"3f-9c"', '"{}"', '"a: b, c"', '"\\n"', '"\\u00e9"', '"é"', '"a\\"b"', '"\\\\"']
NOT_TEXTS = ['"\\x"', '"a\tb"', '"a"b"', '"open', "'a'", '"a""b"', '"\\"']
OTHERS = ["null", "true", "[1]", '{"a": 1}', "{}", "", "nul"]


def reader() -> Reader:
    return Reader(lambda origin: origin or "none")


def with_field(text: str, value: str, place: int) -> str:
    """A line with the field `id`, whose value is written as given, first, last, or in an unknown object."""
    inner = f'"id": {value}'
    return [f"{{{inner}, {text[1:]}", f"{text[:-1]}, {inner}}}", f'{text[:-1]}, "in": {{{inner}}}}}'][place]


def lines_with(values: list[str], place: int = 1) -> list[str]:
    specs = [line(f"{n % 24:02}:05", spec=f"a/b/{n % 3}") for n in range(len(values))]
    return [with_field(text, value, place) for text, value in zip(specs, values, strict=True)]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(['"%x"', "%d", "%d.5"]),
    st.lists(st.sampled_from(NUMBERS + NOT_NUMBERS + TEXTS + NOT_TEXTS + OTHERS), max_size=2),
    st.integers(0, 2),
)
def test_both_paths_agree_whatever_the_values(tmp_path: Path, usual: str, odd: list[str], place: int) -> None:
    file = File(DAY, write(tmp_path, DAY, *lines_with([usual % n for n in range(20)] + odd, place)))
    quick, careful = reader(), reader()
    assert quick.read([file]) == [careful.read_by_line(file)]
    first, second = quick.rows(), careful.rows()
    assert first is not None
    assert second is not None
    names = [name for name in second.column_names if name in first.column_names]
    assert first.select(names).to_pylist() == second.select(names).to_pylist()


@pytest.mark.parametrize("value", NUMBERS + NOT_NUMBERS + TEXTS + NOT_TEXTS + OTHERS)
@pytest.mark.parametrize("start", ['"id": ', '"id": "'])
def test_removing_values_makes_no_line_valid_or_invalid(value: str, start: str) -> None:
    text = with_field(line(), value, 1)
    shorter = without_values(text.encode(), start.encode()).decode()
    assert is_json(shorter) == is_json(text)
    if is_json(text):
        before, after = json.loads(text), json.loads(shorter)
        assert before.keys() == after.keys()
        assert {name: before[name] for name in before if name != "id"} == {
            name: after[name] for name in after if name != "id"
        }


def is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("kind", ['"%032x"', "%d", '{"a": "%x"}'])
def test_lines_that_differ_in_an_unknown_field_are_merged(tmp_path: Path, kind: str) -> None:
    """Some 3,000 lines with values of several lengths, more than are handled together."""
    chance = Random(1)
    values = [kind % chance.getrandbits(chance.choice((16, 64, 128))) for _ in range(3_000)]
    path = write(tmp_path, DAY, *lines_with(values))
    found = tally(path, DAY)
    assert found is not None
    assert found.launches.sum() == 3_000
    assert len(found.texts) == 3
    [reading] = reader().read([File(DAY, path)])
    assert (reading.taken, reading.unknown) == (3_000, {"id": 3_000})


def test_known_fields_and_fields_that_repeat_keep_their_values() -> None:
    lines = [line(spec=f"a/b/{n}", ref=f"{n:040x}", client=f"c{n % 3}").encode() for n in range(64)]
    assert not list(varying_in(lines))
    lines = [line(took=n / 8, id=f"{n}").encode() for n in range(64)]
    assert set(varying_in(lines)) == {b'"took": ', b'"id": "'}
