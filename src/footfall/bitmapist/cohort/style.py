"""The styles of form and table and the script of the form, inlined in the page so that nothing external is loaded."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


def style(is_included: bool = True) -> str:
    return f"<style>\n{_text('cohort.css')}</style>" if is_included else ""


def script() -> str:
    """The script that makes long lists of events searchable."""
    return f"<script>\n{_text('search.js')}</script>"


@cache
def _text(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
