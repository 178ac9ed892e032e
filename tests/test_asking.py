"""Questions in texts by name, as addresses, forms and programs have them."""

from __future__ import annotations

import pytest

from footfall.asking import COMMANDS, read_texts
from footfall.errors import FootfallError


def test_texts_become_what_python_is_given() -> None:
    asked = read_texts(
        "query", {"metric": ["launches"], "by": ["repo", "federation"], "top": "5", "policy": "status=any"}
    )
    assert asked == {
        "metric": ("launches",),
        "by": ("repo", "federation"),
        "top": "5",
        "policies": {"status": "any"},
    }


def test_an_empty_text_is_an_option_that_is_not_given() -> None:
    assert read_texts("growth", {"event": "active", "last": "", "since": " "}).keys() <= {"event", "since"}


@pytest.mark.parametrize(
    ("command", "texts", "said"),
    [
        ("querry", {}, "did you mean 'query'"),
        ("query", {}, "metric is missing; give it, such as metric="),
        ("query", {"metric": "launches", "form": "month"}, "unknown option 'form'"),
        ("query", {"metric": "launches", "top": ["1", "2"]}, "top"),
        ("query", {"metric": "launches", "policy": "a=b", "policies": "a=c"}, "given twice"),
        ("project", {}, "name is missing; give it, such as name=icepyx"),
        ("cohort", {"first": "active"}, "then is missing"),
    ],
)
def test_what_cannot_be_asked_is_one_sentence(command: str, texts: dict[str, str], said: str) -> None:
    with pytest.raises(FootfallError) as refused:
        read_texts(command, texts)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_kind_can_be_asked_with_the_examples_of_its_arguments(command: str) -> None:
    texts = {option.name: option.example for option in COMMANDS[command] if option.is_argument}
    assert read_texts(command, texts).keys() == texts.keys()
