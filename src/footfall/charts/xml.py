"""Text from anywhere, as XML can hold it."""

from __future__ import annotations

from html import escape

from footfall.concealing import printable


def escaped(text: str) -> str:
    """Text as the content of an element, or as an attribute in double quotes.

    >>> escaped('<a> "b"')
    '&lt;a&gt; &quot;b&quot;'
    """
    return escape(printable(text))
