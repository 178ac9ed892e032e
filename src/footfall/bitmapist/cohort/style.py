"""The styles of form and table, inlined in the page so that nothing external is loaded."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


def style(is_included: bool = True) -> str:
    return f"<style>\n{_css()}</style>" if is_included else ""


@cache
def _css() -> str:
    return files(__package__).joinpath("cohort.css").read_text(encoding="utf-8")
