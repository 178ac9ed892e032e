"""Known events from the settings and the sources: each is about what it names, and what it names must be there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pytest

from declared import table
from footfall.annotations import Annotation, KnownWrong
from footfall.errors import UnknownNameError
from footfall.settings import Settings
from footfall.sources.happened import gather, happened_to
from footfall.tables import Table
from lakes import at

VISITS, HITS = table(), table(name="hits")


@dataclass(frozen=True)
class Door:
    """A source of tables, with what it knows of its own time."""

    tables: tuple[Table, ...]
    annotations: tuple[Annotation, ...] = ()
    known_wrong: tuple[KnownWrong, ...] = ()


RELEASE = Annotation.at("release", at("2026-03-01"), "1.0")
LOST = KnownWrong.days(date(2026, 3, 1), date(2026, 3, 2), "lost.")
SOURCES: dict[str, Any] = {"front": Door((VISITS,), (RELEASE,), (LOST,)), "back": Door((HITS,))}


def settings(**parts: Any) -> Settings:
    return Settings.model_validate(parts)


def test_what_a_source_declares_is_about_that_source_alone() -> None:
    happened = gather(settings(), SOURCES)
    assert happened.annotations == (replace(RELEASE, source="front"),)
    assert happened.known_wrong == (replace(LOST, source="front"),)
    assert happened_to([VISITS], happened, SOURCES).annotations == happened.annotations
    assert happened_to([HITS], happened, SOURCES).annotations == ()
    assert happened_to([], happened, SOURCES).known_wrong == ()


def test_what_the_settings_declare_without_a_source_is_about_all_and_said_once() -> None:
    given = settings(annotations=[{"at": date(2026, 3, 1), "text": "moved"}])
    happened = gather(given, SOURCES)
    assert [one.text for one in happened_to([VISITS, HITS], happened, SOURCES).annotations] == ["moved", "1.0"]


@pytest.mark.parametrize(
    ("part", "what"),
    [
        ({"source": "fornt"}, "unknown source 'fornt'; did you mean 'front'"),
        ({"table": "visit"}, "unknown table 'visit'; did you mean 'visits'"),
        ({"source": "back", "table": "visits"}, "unknown table 'visits'"),  # a table of another source
    ],
)
def test_a_name_that_is_not_set_up_is_refused_with_where_it_is_written(part: dict[str, str], what: str) -> None:
    with pytest.raises(UnknownNameError, match=rf"{what}.*under \[\[annotations\]\]"):
        gather(settings(annotations=[{"at": date(2026, 3, 1), "text": "x", **part}]), SOURCES)
    wrong = {"source": "front", "from": date(2026, 3, 1), "to": date(2026, 3, 2), "reason": "x", **part}
    with pytest.raises(UnknownNameError, match=rf"{what}.*under \[\[known_wrong\]\]"):
        gather(settings(known_wrong=[wrong]), SOURCES)
