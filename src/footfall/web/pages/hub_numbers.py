"""The numbers of the page of hubs: cards, communities by size, unique users of each cluster."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from footfall.charts.sparklines import sparkline
from footfall.metrics import Metric, Subject
from footfall.web.pages import words
from footfall.web.pages.breakdowns import Listed, Row
from footfall.web.pages.freshness import Freshness
from footfall.web.pages.headlines import Card, rows_of
from footfall.web.pages.spans import Span
from footfall.web.pages.spelling import address
from footfall.workspace import Workspace

if TYPE_CHECKING:
    from footfall.web.site import Site

USERS, HUBS, CLUSTERS, UNIQUE, SIZES = "hub_users", "hubs", "clusters", "hub_unique_users", "communities_by_size"
TIMESCALES = {"daily": "Daily", "weekly": "Weekly", "monthly": "Monthly"}
_NOT_COMPARED = words.Change("", "none", "")


@dataclass(frozen=True)
class Counted:
    """A metric with the policy that a card of it has."""

    metric: Metric
    label: str
    caption: str
    policy: str = ""

    @property
    def asked(self) -> dict[str, Any]:
        return {"metric": self.metric.name, **({"policy": self.policy} if self.policy else {})}


def has_timescales(metric: Metric) -> bool:
    """Whether users are counted by day, week and month apart."""
    return any(policy.name == "timescale" for policy in metric.policies)


def dimensions_of(workspace: Workspace, metric: Metric) -> list[str]:
    """By which of cluster, community and hub a metric can be split, the coarsest first."""
    known = Subject.of(metric, workspace.tables).dimensions
    return [name for name in ("cluster", "community", "hub") if name in known]


def link_of(asked: Mapping[str, Any], root: str) -> str:
    """The address at which a question can be explored."""
    policy = str(asked.get("policy", ""))
    given = {name: value for name, value in asked.items() if name != "policy"}
    if policy:
        name, _, choice = policy.partition("=")
        given["policies"] = {name: choice}
    return f"{root}/explore?{address(given)}"


def numbers_of(metrics: Mapping[str, Metric]) -> list[Counted]:
    """What the cards show, of what is measured here."""
    found: list[Counted] = []
    for name, caption in ((CLUSTERS, "with a hub that was queried"), (HUBS, "with a known number of users")):
        if name in metrics:
            found.append(Counted(metrics[name], metrics[name].title, caption))
    if (users := metrics.get(USERS)) is not None:
        spans = {"daily": "Daily users", "monthly": "Monthly users"} if has_timescales(users) else {"": users.title}
        found += [
            Counted(users, label, "mean of the days, added up over hubs", f"timescale={key}" if key else "")
            for key, label in spans.items()
        ]
    if UNIQUE in metrics:
        found.append(Counted(metrics[UNIQUE], "Unique users", "each counted once across hubs"))
    return found


async def cards(site: Site, numbers: Sequence[Counted], freshness: Freshness, span: Span, root: str) -> list[Card]:
    """A card for each number, asked all at once."""
    return list(await asyncio.gather(*(_card(site, each, freshness, span, root) for each in numbers)))


async def _card(site: Site, number: Counted, freshness: Freshness, span: Span, root: str) -> Card:
    name = number.metric.name
    until = freshness.complete_until(number.metric)
    asked = {**number.asked, **span.ending(until)}
    total, daily = await asyncio.gather(
        rows_of(site, {**asked, "grain": "total", "compare": span.compare}), rows_of(site, {**asked, "grain": "day"})
    )
    row = total[0] if total else {}
    value = row.get(name)
    values = [each[name] if each["coverage"] > 0 else None for each in daily]
    return Card(
        metric=name,
        label=number.label,
        value=words.figure(value if value is None else round(value)),
        change=words.change_of(row, name, span.before),
        caption=number.caption,
        sparkline=Markup(sparkline(values[-364:])) if any(each is not None for each in values) else Markup(""),
        href=link_of({**asked, "grain": "day"}, root),
        is_open=bool(row.get("is_provisional")),
    )


async def by_size(site: Site, metrics: Mapping[str, Metric], freshness: Freshness, root: str) -> list[Listed]:
    """Communities by their size on the last complete day, as counts with shares; and the users in each size."""
    if SIZES not in metrics:
        return []
    until = freshness.complete_until(metrics[SIZES])
    day = {
        "since": f"{until - timedelta(days=1):%Y-%m-%d}",
        "until": f"{until:%Y-%m-%d}",
        "grain": "total",
        "by": ["size"],
    }
    named = {
        SIZES: "Communities by size",
        "users_by_community_size": "Users by size of their community",
    }
    made = []
    for name, title in named.items():
        answer = await rows_of(site, {"metric": name, **day}) if name in metrics else []
        rows = sorted((row for row in answer if row[name] is not None), key=lambda row: row["size"] or "")
        if rows:
            labels = _labels(metrics[name], site.workspace)
            made.append(
                _listed(name, title, metrics[name], rows, labels, f"{root}/explore?{address({'metric': name, **day})}")
            )
    return made


def _labels(metric: Metric, workspace: Workspace) -> Mapping[str, str]:
    """What the codes of sizes mean."""
    labels = Subject.of(metric, workspace.tables).dimensions["size"].labels
    return labels() if callable(labels) else labels or {}


def _listed(
    key: str, title: str, metric: Metric, rows: Sequence[Mapping[str, Any]], labels: Mapping[str, str], href: str
) -> Listed:
    total, most = sum(row[metric.name] for row in rows), max(row[metric.name] for row in rows) or 1
    return Listed(
        id=key.replace("_", "-"),
        title=title,
        of="Monthly users",
        unit=words.capitalised(metric.unit),
        rows=tuple(
            Row(
                f"{labels.get(row['size'], row['size'] or 'not known').replace('-', '–')} users",
                words.figure(round(row[metric.name])),
                words.share(row[metric.name] / total) if total else "",
                row[metric.name] / most,
                _NOT_COMPARED,
            )
            for row in rows
        ),
        more="In full",
        href=href,
    )


async def unique_by_cluster(
    site: Site, metrics: Mapping[str, Metric], freshness: Freshness, span: Span, root: str
) -> tuple[Listed | None, str]:
    """Unique users of each cluster, and how many there are across them: a user of two counts once."""
    if UNIQUE not in metrics or "cluster" not in dimensions_of(site.workspace, metrics[UNIQUE]):
        return None, ""
    until = freshness.complete_until(metrics[UNIQUE])
    asked: dict[str, Any] = {"metric": UNIQUE, "grain": "total", **span.ending(until)}
    whole, split = await asyncio.gather(
        rows_of(site, asked), rows_of(site, {**asked, "by": ["cluster"], "compare": span.compare})
    )
    rows = sorted((row for row in split if row[UNIQUE]), key=lambda row: (-row[UNIQUE], row["cluster"] or ""))
    if not rows or not whole or whole[0][UNIQUE] is None:
        return None, ""
    most = rows[0][UNIQUE]
    listed = Listed(
        id="unique-by-cluster",
        title="Unique users by cluster",
        of="Clusters",
        unit="Unique users",
        rows=tuple(
            Row(
                row["cluster"] or "(none)",
                words.figure(row[UNIQUE]),
                "",
                row[UNIQUE] / most,
                words.change_of(row, UNIQUE, span.before),
            )
            for row in rows[:12]
        ),
        more=f"All {len(rows)}" if len(rows) > 12 else "In full",
        href=f"{root}/explore?{address({**asked, 'by': ['cluster']})}",
    )
    several = sum(row[UNIQUE] for row in rows) - whole[0][UNIQUE]
    said = f"{words.figure(whole[0][UNIQUE])} different users across all clusters in {span.label.lower()}"
    if len(rows) > 1:
        said += f"; added up by cluster they would be {words.figure(several + whole[0][UNIQUE])}"
    return listed, f"{said}."
