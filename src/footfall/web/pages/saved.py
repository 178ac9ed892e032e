"""Saved questions of footfall.toml."""

from __future__ import annotations

import json
from collections.abc import Sequence
from urllib.parse import urlencode

from footfall.workspace import Workspace


def saved_questions(workspace: Workspace, root: str) -> list[tuple[str, str]]:
    """Name and address of every question that the settings keep."""
    return [(kept.name, f"{root}/explore?{urlencode(kept.pairs)}") for kept in workspace.settings.questions]


def to_save(title: str, pairs: Sequence[tuple[str, str]]) -> str:
    """What keeps a question, to be pasted into footfall.toml."""
    asked: dict[str, list[str]] = {}
    for name, text in pairs:
        asked.setdefault(name, []).append(text)
    inside = ", ".join(f"{name} = {_value(texts)}" for name, texts in asked.items())
    return f"[[questions]]\nname = {_text(title)}\nask = {{ {inside} }}"


def _value(texts: Sequence[str]) -> str:
    return _text(texts[0]) if len(texts) == 1 else f"[{', '.join(_text(text) for text in texts)}]"


def _text(text: str) -> str:
    """A basic string of TOML, which escapes as JSON does."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")
