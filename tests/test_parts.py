"""Building blocks of the settings: secrets, records that reject unknown keys, and numbers written as texts."""

from __future__ import annotations

import os

import pytest
from pydantic import ValidationError

from footfall import concealing
from footfall.errors import SettingsError, UnsetError
from footfall.parts import NotEmpty, Part, Secret


class WithToken(Part):
    token: Secret


def test_a_secret_comes_from_the_environment_and_never_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_TOKEN", "s3cret")
    part = WithToken.model_validate({"token": {"env": "A_TOKEN"}})
    assert part.token.reveal() == "s3cret"
    assert "s3cret" not in f"{part!r} {part.token} {part.model_dump()}"


def test_an_unset_variable_is_named() -> None:
    token = WithToken.model_validate({"token": {"env": "NOT_SET_ANYWHERE"}}).token
    assert token, "there is one in the settings"
    with pytest.raises(SettingsError, match="the environment variable NOT_SET_ANYWHERE is not set"):
        token.reveal()


@pytest.mark.parametrize("name", ["", "A-TOKEN", "1A", "A B", "A=B", "ÄB"])
def test_a_name_that_no_variable_has_is_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="the name of an environment variable has letters, digits and _"):
        WithToken.model_validate({"token": {"env": name}})


def test_a_variable_that_is_no_text_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "NO_TEXT", "a\udcffb")
    with pytest.raises(ValidationError, match="the environment variable NO_TEXT is not a text in UTF-8"):
        WithToken.model_validate({"token": {"env": "NO_TEXT"}})


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_TOKEN", "")
    token = Secret.read({"env": "A_TOKEN"})
    assert token.lacking == "A_TOKEN"
    with pytest.raises(UnsetError, match="A_TOKEN"):
        token.reveal()


@pytest.mark.parametrize("given", [7, "", None, ["s"], {}, {"env": "A", "value": "b"}, {"file": "secret.txt"}])
def test_a_secret_is_a_text_or_the_name_of_a_variable(given: object) -> None:
    with pytest.raises(ValueError, match=r'write a text, or \{ env = "NAME" \}'):
        Secret.read(given)


def test_secrets_are_equal_by_value_and_by_variable() -> None:
    assert Secret("a") == Secret("a") != Secret("b")
    assert Secret("", "A") == Secret("", "A") != Secret("", "B")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a"), Secret("", "A")}) == 2
    assert (bool(Secret("")), bool(Secret("a")), bool(Secret("", "A"))) == (False, True, True)


def test_a_secret_is_concealed_in_messages_from_then_on() -> None:
    before = "no answer to hunter2hunter2"
    assert concealing.concealed(before) == before
    Secret("hunter2hunter2")
    assert "hunter2" not in concealing.concealed(before)


class Numbers(Part):
    count: int = 1
    most: int | None = None
    share: float | None = None
    name: NotEmpty = "x"


@pytest.mark.parametrize(("given", "count"), [("12", 12), (" 12 ", 12), (12, 12)])
def test_a_whole_number_may_be_a_text_as_the_environment_has_it(given: object, count: int) -> None:
    assert Numbers.model_validate({"count": given, "most": given}) == Numbers(count=count, most=count)


@pytest.mark.parametrize("given", ["1.5", "twelve", "", "٣", "1_000", "1e3"])
def test_a_text_that_is_no_whole_number_is_refused(given: str) -> None:
    for name in ("count", "most"):
        with pytest.raises(ValidationError):
            Numbers.model_validate({name: given})


def test_a_fraction_may_be_a_text_and_a_name_stays_one() -> None:
    assert Numbers.model_validate({"share": "0.25", "name": "12"}) == Numbers(share=0.25, name="12")
    with pytest.raises(ValidationError):
        Numbers.model_validate({"share": "a quarter"})


def test_parts_are_frozen_and_reject_unknown_keys_and_empty_names() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Numbers().count = 2
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        Numbers.model_validate({"counts": 2})
    with pytest.raises(ValidationError, match="at least 1 character"):
        Numbers.model_validate({"name": ""})
