from __future__ import annotations

from footfall.errors import UnknownNameError, did_you_mean


def test_the_nearest_name_is_suggested() -> None:
    assert "did you mean 'launches'?" in str(UnknownNameError("metric", "lanches", ["launches", "repos"]))


def test_without_a_near_name_the_valid_ones_are_listed() -> None:
    assert did_you_mean("zzz", ["launches", "repos"]) == "; valid: launches, repos"


def test_a_long_list_is_cut_and_says_so() -> None:
    assert did_you_mean("zzz", [f"n{i}" for i in range(30)]).endswith("and 18 more")


def test_case_does_not_hide_a_name() -> None:
    assert "did you mean 'GitHub'?" in did_you_mean("github", ["GitHub", "GitLab"])
