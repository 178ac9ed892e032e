"""The address of a repository's origin, read from its configuration if the result is certain to match git's."""

from __future__ import annotations

import re
from pathlib import Path

_UNCERTAIN = re.compile(r"include|worktreeconfig|[\\;#\ufeff]", re.IGNORECASE)
"""Includes, and special syntax of git: comments, escapes, continued lines."""
_SECTION = re.compile(r"\[([a-z0-9-]+)(?: \"([^\"]*)\")?\]", re.IGNORECASE)
_URL = re.compile(r"url\s*=\s*([^\s\"]+)", re.IGNORECASE)


def origin_in(configuration: Path) -> str | None:
    """The address in a `config` file; empty if there is none, None if only git can tell."""
    try:
        text = configuration.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    if _UNCERTAIN.search(text):
        return None
    origin, is_origins = "", False
    for line in map(str.strip, text.splitlines()):
        if line.startswith("["):
            section = _SECTION.fullmatch(line)
            if section is None:
                return None
            is_origins = section[1].lower() == "remote" and section[2] == "origin"
        elif is_origins and line.lower().startswith("url"):
            url = _URL.fullmatch(line)
            if url is None:
                return None
            origin = url[1]
    return origin
