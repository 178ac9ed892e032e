"""Any answer in a terminal: by its own renderer, or as a plain table."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, cast

from rich.console import Group, RenderableType
from rich.text import Text

from footfall.answer import by_name
from footfall.terminal.console import PlainConsole
from footfall.terminal.grids import GridColumn, filled

if TYPE_CHECKING:
    from footfall.answer import Answer


def shown(answer: Answer, *, width: int = 100, **options: Any) -> RenderableType:
    """An answer shown by its own renderer."""
    return cast("RenderableType", by_name(answer.table_by)(answer, width=width, **options))


def text_of(answer: Answer, width: int = 100, **options: Any) -> str:
    """The same as plain text, without colours."""
    page = io.StringIO()
    console = PlainConsole(file=page, width=width, markup=False, highlight=False, emoji=False, color_system=None)
    console.print(shown(answer, width=width, **options))
    return page.getvalue()


def table(answer: Answer, *, width: int = 100) -> RenderableType:
    """Title, span, one line per row (without the last columns if there is no room), and notes."""
    names, rows = answer.lines(is_marked=True)
    columns = [
        GridColumn(name, [row[n] for row in rows], goes=n - 1 if n > 1 else 0) for n, name in enumerate(names) if n > 0
    ]
    labels = [[Text(row[0])] for row in rows]
    footer = Text("\n".join(["", answer.description, *answer.notes]), style="dim")
    parts = [Text(answer.title, style="bold"), Text(answer.span, style="dim"), Text()]
    return Group(*parts, filled(names[:1], labels, columns, width), footer)
