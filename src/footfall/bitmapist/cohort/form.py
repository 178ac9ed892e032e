"""The form for querying a cohort."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from footfall.bitmapist.cohort.arguments import TIME_GROUPS, is_true, number_given
from footfall.bitmapist.cohort.style import script, style

Selections = Sequence[Any]
"""Pairs of a label and an event; `---` is a separator."""

_LINE = "---"
_ANY = ("(anything)", "")
_SEARCHED = 12
"""Lists of more events than that get a search field; search.js has the same number."""
_RESULTS = (7, 28, 31, _LINE, 12, 24, _LINE, 4, 52, 104)
_COLUMNS = (3, 6, 12, 24, 48)


def render_html_form(
    action_url: str,
    selections1: Selections,
    selections1b: Selections | None = None,
    selections2: Selections | None = None,
    selections2b: Selections | None = None,
    time_group: str = "days",
    select1: str | None = None,
    select1b: str | None = None,
    select2: str | None = None,
    select2b: str | None = None,
    as_percent: bool | str = True,
    num_results: int | str = 31,
    num_of_rows: int | str = 12,
    start_date: str | None = None,
    include_assets: bool = True,
) -> str:
    """A form whose fields are named like the parameters of `get_dates_data`, sent to `action_url` with GET.

    `selections…` are pairs of a label and an event. Everything is escaped. Lists of more than 12 events get a search
    field. `include_assets` includes the styles and the script of that field; a page with several forms or tables needs
    them only once.
    """
    selections2 = selections2 or selections1
    lists = [selections1, [_ANY, *(selections1b or selections1)], selections2, [_ANY, *(selections2b or selections2)]]
    events = [
        _select("Who did", "select1", lists[0], select1),
        _select("and also", "select1b", lists[1], select1b),
        _select("Came back and did", "select2", lists[2], select2),
        _select("and also", "select2b", lists[3], select2b),
    ]
    results, columns = number_given("num_results", num_results), number_given("num_of_rows", num_of_rows)
    shape = [
        _select("Group by", "time_group", [(group.title(), group) for group in TIME_GROUPS], time_group),
        _select("Show as", "as_percent", [("Percent", 1), ("Count", 0)], int(is_true(as_percent))),
        _select("Rows", "num_results", _numbers(_RESULTS, results), results),
        _select("Columns", "num_of_rows", _numbers(_COLUMNS, columns), columns),
        f'<label><span>First row</span><input type="date" name="start_date" value="{_text(start_date or "")}"></label>',
    ]
    return "\n".join(
        [
            style(include_assets),
            f'<form class="cohort_form" action="{_text(action_url)}" method="get">',
            *_group("Who, and what they came back for", events),
            *_group("How it is shown", shape),
            '<div class="cohort_actions"><button type="submit">Show cohorts</button>',
            '<button type="submit" name="export_csv" value="1">Export as CSV</button></div>',
            "</form>",
            *([script()] if include_assets and max(map(len, lists)) > _SEARCHED else []),
        ]
    )


def _group(legend: str, fields: list[str]) -> list[str]:
    return ["<fieldset>", f"<legend>{legend}</legend>", *fields, "</fieldset>"]


def _numbers(offered: Iterable[Any], chosen: int) -> list[Any]:
    """The numbers to choose from, including the chosen one."""
    options = [number if number == _LINE else (number, number) for number in offered]
    return options if (chosen, chosen) in options else [(chosen, chosen), *options]


def _select(label: str, name: str, options: Iterable[Any], chosen: Any) -> str:
    written = "".join(_option(option, chosen) for option in options)
    # bitmapist's class: applications use it to make their lists of events searchable
    of_events = ' class="cohort-event-select"' if name.startswith("select") else ""
    return f'<label><span>{label}</span><select name="{name}"{of_events}>{written}</select></label>'


def _option(option: Any, chosen: Any) -> str:
    if option == _LINE:
        return '<option value="" disabled>────</option>'
    label, value = option
    selected = " selected" if chosen is not None and value == chosen else ""
    return f'<option value="{_text(value)}"{selected}>{_text(label)}</option>'


def _text(value: Any) -> str:
    return escape(str(value), quote=True)
