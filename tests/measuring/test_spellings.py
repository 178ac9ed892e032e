"""Ids that outlast their names: readers see the name of now, filters know the old ones."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from footfall.errors import DeclarationError
from footfall.tables import Column, Names, Role
from shops import NAMES, SALES, Shops


@pytest.fixture
def shops(tmp_path: Path) -> Shops:
    return Shops(tmp_path / "lake")


def test_readers_see_the_name_of_now(shops: Shops) -> None:
    assert shops.sales() == {"a/old": 11, "b/shop": 100}
    shops.rename()
    assert shops.sales() == {"c/New": 11, "b/shop": 100}


@pytest.mark.parametrize("asked", ["c/New", "c/new", "a/old", "A/Old", "7", "c/*"])
def test_a_filter_knows_every_name(shops: Shops, asked: str) -> None:
    shops.rename()
    assert shops.sales(f"shop={asked}") == {"c/New": 11}


def test_a_note_says_what_an_old_name_is_called_now(shops: Shops) -> None:
    shops.rename()
    result = shops.ask(["shop=a/old"])
    assert "a/old is now called c/New." in result.notes
    assert result.question["where"] == ["shop=c/New"]


def test_coverage_is_found_by_name(shops: Shops) -> None:
    shops.rename()
    assert shops.ask(["shop=c/New"]).coverage == 1
    assert [row["coverage"] for row in shops.ask().rows.to_pylist()] == [1, 1]


def test_a_name_that_another_took_over_is_the_others(shops: Shops) -> None:
    shops.rename()
    shops.call("9", "a/old")
    names = SALES.scope_names
    assert names is not None
    assert shops.lake.snapshot([SALES]).names_in(names).name_of("a/old") is None


def test_as_of_knows_the_name_of_then(shops: Shops) -> None:
    shops.now += timedelta(hours=1)
    shops.rename()
    assert shops.sales(as_of="2026-03-02T00:00Z") == {"a/old": 11, "b/shop": 100}


def test_a_new_name_is_another_version_of_the_answer(shops: Shops) -> None:
    before = shops.ask().version
    shops.rename()
    assert shops.ask().version != before


def test_names_are_kept_in_an_observed_table() -> None:
    with pytest.raises(DeclarationError, match="need a column 'label'"):
        Column("shop", "string", Role.DIMENSION, "Which.", names=Names(NAMES, "shop_id", "label", "is_current"))
