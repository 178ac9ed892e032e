"""The metrics of downloads. What a provider filters out before we read the data is part of their definition."""

from __future__ import annotations

from collections.abc import Sequence

from footfall.filters import Filter
from footfall.metrics import Fact, Kind, Metric, Policy
from footfall.sources.pypi.tables import DOWNLOADS

_MIRRORS = {"excluded": Filter("is_mirror", (True,), "!="), "included": None}
_CERTAIN = {"certain": Filter("is_mirror", (False,))}
"""Also excludes programs that did not identify themselves."""
_CI = {"excluded": Filter("is_ci", (True,), "!="), "included": None}


def metrics_of(
    *, fixed: str, mirrors: str, ci: str, knows_ci: bool, knows_all: bool = True, breakdowns: Sequence[str] = ()
) -> tuple[Metric, Metric]:
    """`installs` and `downloads` as one provider counts them.

    Args:
        fixed: A sentence about what the provider itself decides, for the definition.
        mirrors, ci: What the policies of these names mean with this provider.
        knows_ci: Whether it distinguishes continuous integration; if not, excluding it is not a choice.
        knows_all: Whether it classifies every download, including those of unidentified programs.
        breakdowns: Tables with the same downloads, each by one dimension.
    """

    def policies(is_people: bool) -> tuple[Policy, Policy]:
        default = "excluded" if is_people else "included"
        return (
            Policy("mirrors", mirrors, _MIRRORS if knows_all else {**_MIRRORS, **_CERTAIN}, default),
            Policy("ci", ci, _CI, default) if knows_ci else Policy("ci", ci, {"included": None}, "included"),
        )

    def metric(name: str, title: str, description: str, unit: str, is_people: bool) -> Metric:
        return Metric(
            name=name,
            title=title,
            description=f"{description} {fixed}",
            kind=Kind.SUM,
            unit=unit,
            facts=(Fact(DOWNLOADS, ("downloads",)),),
            policies=policies(is_people),
            breakdowns=tuple(Fact(table, ("downloads",)) for table in breakdowns),
        )

    return (
        metric(
            "installs",
            "Installs from PyPI",
            "Downloads from PyPI without mirrors: roughly what people and their machines installed.",
            "installs",
            is_people=True,
        ),
        metric("downloads", "Downloads from PyPI", "All downloads of files from PyPI.", "downloads", is_people=False),
    )
