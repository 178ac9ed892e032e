"""What others say: without the secrets that were read, and without what steers a terminal."""

from __future__ import annotations

import unicodedata
from urllib.parse import quote

import pytest

from footfall.concealing import concealed, printable, remember, remember_password


def test_a_secret_is_taken_out_wherever_it_stands_and_as_often() -> None:
    remember("hunter-2-hunter")
    assert concealed("a hunter-2-hunter, hunter-2-hunter") == "a …, …"


def test_of_two_secrets_the_longer_one_goes_first() -> None:
    """The rest of it would stand there otherwise."""
    remember("sesame-")
    remember("sesame-street")
    assert concealed("open sesame-street, sesame-seeds") == "open …, …seeds"


@pytest.mark.parametrize("password", ["p@ss/word", "päss wörd", "plain-one"])
def test_the_password_of_an_address_is_taken_out_as_it_is_and_quoted_and_the_address_stays(password: str) -> None:
    address = f"postgresql://me:{quote(password, safe='')}@db:5432/usage"
    remember_password(address)
    assert concealed(f"cannot reach {address}") == "cannot reach postgresql://me:…@db:5432/usage"
    assert concealed(f"no role for {password}") == "no role for …"


def test_a_value_too_short_to_be_a_secret_leaves_other_words_whole() -> None:
    remember("in")
    assert concealed("nothing in it") == "nothing in it"


def test_an_address_without_a_password_is_no_secret() -> None:
    remember("https://hub.example.org/hub/api")
    assert concealed("asked https://hub.example.org/hub/api") == "asked https://hub.example.org/hub/api"


@pytest.mark.parametrize("code", [*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)])
def test_no_control_character_is_shown_and_line_ends_and_tabs_stay(code: int) -> None:
    character = chr(code)
    for shown in (concealed(f"a{character}b"), printable(f"a{character}b")):
        assert (character in shown) == (character in "\n\t")
        assert (shown[0], shown[-1], len(shown)) == ("a", "b", 3)


def test_text_of_every_script_stays_as_it_is() -> None:
    text = "Zürich Ελλάδα Москва 東京 العربية עברית हिन्दी 👩‍🔬"
    assert unicodedata.is_normalized("NFC", text)
    assert concealed(text) == printable(text) == text
