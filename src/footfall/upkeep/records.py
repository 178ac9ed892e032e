"""Status and findings as records for programs: dicts with UTC times as text."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from footfall.collect import SourceStatus, SourceSummary, Summary
from footfall.concealing import concealed
from footfall.formats import instant_of
from footfall.periods import Window
from footfall.upkeep.examining import Finding
from footfall.upkeep.standing import Standing


def standing_of(found: Standing, now: datetime, reasons: Sequence[str]) -> dict[str, Any]:
    """`asked_at`, `tables` (one record per table of a source), and `reasons` as in `footfall status --check`."""
    tables = [_table(found, state) for state in found.states]
    return {"asked_at": instant_of(now), "tables": tables, "reasons": list(reasons)}


def findings_of(found: Sequence[Finding]) -> list[dict[str, Any]]:
    """One record per check: `about`, `name`, `state`, `detail`, `fix`."""
    return [
        {
            "about": each.about,
            "name": each.check.name,
            "state": each.check.state,
            "detail": each.check.detail,
            "fix": each.check.fix,
        }
        for each in found
    ]


def summary_of(done: Summary) -> dict[str, Any]:
    """The result of a collecting run: `is_dry_run`, and one record per source."""
    return {"is_dry_run": done.is_dry_run, "sources": [_source(source) for source in done.sources]}


def _source(done: SourceSummary) -> dict[str, Any]:
    outcomes = {name: getattr(done, name) for name in ("complete", "provisional", "missing", "failed", "unchanged")}
    counts = {name: getattr(done, name) for name in ("rows", "rejected", "bytes", "size")}
    return {
        "source": done.source,
        "windows": done.windows,
        **outcomes,
        **counts,
        "seconds": round(done.seconds, 3),
        "error": concealed(done.error) or None,
        "remarks": [concealed(each) for each in done.remarks],
        "notes": [
            {
                **_span(entry.window),
                "table": entry.table,
                "scope": entry.scope,
                "status": str(entry.status),
                "reason": concealed(entry.reason),
                "sample": concealed(entry.sample),
            }
            for entry in done.notes
        ],
    }


def _table(found: Standing, state: SourceStatus) -> dict[str, Any]:
    return {
        "source": state.source,
        "table": state.table,
        "scopes": list(state.scopes),
        "windows": state.windows,
        "first": _instant(state.first),
        "fresh_until": _instant(state.fresh_until),
        "nothing_since": _instant(state.nothing_since),
        "last_collected_at": _instant(state.last_collected_at),
        "last_run_at": _instant(state.last_run_at),
        "unreachable": state.unreachable,
        "gaps": [_span(gap) for gap in state.gaps],
        "provisional": [_span(window) for window in state.provisional],
        "failed": [{**_span(e.window), "scope": e.scope, "reason": e.reason} for e in state.failed],
        "refused_lines": state.rejected,
        "gone": [{**_span(e.window), "scope": e.scope, "reason": e.reason} for e in state.gone],
        "known_wrong": [{**_span(k.window), "scope": k.scope, "reason": k.reason} for k in found.wrong_in(state)],
        "losses": [
            {"at": instant_of(loss.at), "scope": loss.deadline.scope, "what": loss.deadline.what}
            for loss in found.losses_of(state)
        ],
    }


def _instant(moment: datetime | None) -> str | None:
    return None if moment is None else instant_of(moment)


def _span(window: Window) -> dict[str, str]:
    return {"from": instant_of(window.start), "to": instant_of(window.end)}
