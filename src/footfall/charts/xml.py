"""Text from anywhere, as XML can hold it."""

from __future__ import annotations

import re
from html import escape

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
"""What XML 1.0 forbids, and control characters."""


def printable(text: str) -> str:
    """The same with a visible stand-in for every character that no drawing can hold.

    >>> printable("\\x1b[31mred")
    '\ufffd[31mred'
    """
    return _FORBIDDEN.sub("\ufffd", text)


def escaped(text: str) -> str:
    """Text as the content of an element, or as an attribute in double quotes.

    >>> escaped('<a> "b"')
    '&lt;a&gt; &quot;b&quot;'
    """
    return escape(printable(text))
