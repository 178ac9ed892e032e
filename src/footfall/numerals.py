"""Numbers that are written as text: in the digits 0 to 9, with a sign or a fraction.

Python's own readers also take `1_0`, and the digits of every script: `int("３")` is 3.
"""

from __future__ import annotations

import math
import re

_WHOLE = re.compile(r"\s*[+-]?[0-9]{1,19}\s*")
_NUMBER = re.compile(r"\s*[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?\s*")
_LONGEST = 1_000


def whole_of(text: str) -> int:
    """A whole number of up to 64 bits. Raises ValueError for any other text.

    Example:
        >>> whole_of("-7")
        -7
    """
    number = int(text) if _WHOLE.fullmatch(text) else None
    if number is None or not -(2**63) <= number < 2**63:
        raise ValueError("it must be a whole number")
    return number


def number_of(text: str) -> float:
    """A finite number, with a fraction or an exponent where it has one. Raises ValueError for any other text.

    Example:
        >>> number_of("0.75")
        0.75
    """
    number = float(text) if len(text) < _LONGEST and _NUMBER.fullmatch(text) else math.nan
    if not math.isfinite(number):
        raise ValueError("it must be a number")
    return number
