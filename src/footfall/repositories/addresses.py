"""Clone addresses of git: how they are recognised, named and shown."""

from __future__ import annotations

import re
from collections.abc import Sequence

_SCP = re.compile(r"(?:[^@/\s]+@)?[^:/\s]{2,}:(?!//)(?P<path>\S+)")
"""host:path as ssh takes it; a single letter before the colon is a Windows drive."""


def is_clone_address(text: str) -> bool:
    return "://" in text or _SCP.fullmatch(text) is not None


def hosted_name(address: str) -> str:
    """owner/name of a clone address; of file:// the folder's name alone."""
    scp = None if "://" in address else _SCP.fullmatch(address)
    path = scp["path"] if scp else address.partition("://")[2].partition("/")[2]
    parts = [part for part in path.rstrip("/").removesuffix(".git").split("/") if part]
    return "/".join(parts[-1:] if address.startswith("file:") else parts[-2:]) or without_password(address)


_LOGIN = re.compile(r"""(?<=://)[^/@\s]+@|(?<![^\s'"])[^/@\s:'"]+:[^/@\s'"]+@""")
"""user:password@ and user@ in an address, and user:password@host alone, as git shows a host that it cannot find."""


def without_password(text: str) -> str:
    """`text` without the user names and passwords of the addresses in it."""
    return _LOGIN.sub("", text)


def listed(branches: Sequence[str]) -> str:
    """Names of branches for a sentence; of many the first."""
    shown = ", ".join(map(repr, branches[:8]))
    return shown if len(branches) <= 8 else f"{shown} and {len(branches) - 8} more"
