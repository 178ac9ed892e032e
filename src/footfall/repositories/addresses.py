"""Clone addresses of git: recognising, naming and displaying them."""

from __future__ import annotations

import re
from collections.abc import Sequence

_SCP = re.compile(r"(?:[^@/\s]+@)?[^:/\s]{2,}:(?!//)(?P<path>\S+)")
"""host:path in ssh syntax; a single letter before the colon is a Windows drive."""


def is_clone_address(text: str) -> bool:
    return "://" in text or _SCP.fullmatch(text) is not None


def hosted_name(address: str) -> str:
    """owner/name of a clone address; for file:// only the folder's name."""
    scp = None if "://" in address else _SCP.fullmatch(address)
    path = scp["path"] if scp else address.partition("://")[2].partition("/")[2]
    parts = [part for part in path.rstrip("/").removesuffix(".git").split("/") if part]
    return "/".join(parts[-1:] if address.startswith("file:") else parts[-2:]) or without_password(address)


_LOGIN = re.compile(r"""(?<=://)[^/@\s]+@|(?<![^\s'"])[^/@\s:'"]+:[^/@\s'"]+@""")
"""user:password@ and user@ in an address, and user:password@host alone, as git shows a host that cannot be resolved."""


def without_password(text: str) -> str:
    """`text` without the user names and passwords of the addresses in it."""
    return _LOGIN.sub("", text)


def listed(branches: Sequence[str]) -> str:
    """Branch names for use in a sentence; only the first ones if there are many."""
    shown = ", ".join(map(repr, branches[:8]))
    return shown if len(branches) <= 8 else f"{shown} and {len(branches) - 8} more"
