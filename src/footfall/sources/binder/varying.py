"""Unknown fields whose value differs from line to line, such as the id of a request.

With such a field no two lines are equal, so every line would have to be parsed. No known field depends on its value, so
the value is removed before lines are compared: a text becomes empty, a number becomes 0. That a line is valid, or is
not, stays the same.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from footfall.sources.binder.lines import FIELDS

_NUMBER = rb"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?=[ \t,}])"
_TEXT = rb"[ !#-\[\]-~]{0,4096}"
"""What a text may be to be removed: without escapes, and not so long that the line is refused for it."""
_FIELD = re.compile(rb'"(\w+)"([ \t]*:[ \t]*)(?:"(%s)"|(%s))' % (_TEXT, _NUMBER), re.ASCII)
_KNOWN = {name.encode() for name in FIELDS}


def varying_in(lines: Sequence[bytes]) -> Iterator[bytes]:
    """What precedes the values of unknown fields that differ in most of these lines: name, colon, and quote of a text.

    >>> list(varying_in([b'{"id": "%d", "n": %d, "spec": "%d"}' % (n, n % 2, n) for n in range(8)]))
    [b'"id": "']
    """
    values: dict[bytes, set[bytes]] = defaultdict(set)
    for line in lines:
        for name, colon, text, number in _FIELD.findall(line):
            if name not in _KNOWN:
                values[b'"' + name + b'"' + colon + (b"" if number else b'"')].add(text or number)
    for start, different in values.items():
        if len(different) > max(1, len(lines) // 2):
            yield start


def without_values(data: bytes | memoryview, start: bytes) -> bytes:
    """The lines without the values that follow `start`; any other value is left as it is.

    Quotes within JSON strings are escaped, so a quoted name before a colon is a field wherever it occurs.

    >>> without_values(b'{"id": "a", "n": 1}\\n{"id": "b", "n": 2}', b'"id": "')
    b'{"id": "", "n": 1}\\n{"id": "", "n": 2}'
    """
    value, nothing = (_TEXT + b'"', b'"') if start.endswith(b'"') else (_NUMBER, b"0")
    return re.sub(re.escape(start) + value, start + nothing, data)
