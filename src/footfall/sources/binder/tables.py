"""The table of launches, its metrics, and known facts about the time they cover."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from footfall.annotations import Annotation, KnownWrong
from footfall.filters import Filter
from footfall.metrics import Fact, Kind, Metric, Policy
from footfall.periods import Grain
from footfall.tables import Column, Replace, Role, Rollup, Table, TableEvent

if TYPE_CHECKING:
    import ibis.expr.types as ir

NARROW = ("provider", "origin", "federation", "status", "version", "build_token", "request_origin")


def launches_table(keep_ref: bool = False) -> Table:
    """Launches by hour; a row per distinct combination of dimensions."""
    ref = (Column("ref", "string", Role.DIMENSION, "The commit that was launched, resolved."),) if keep_ref else ()
    return Table(
        name="launches",
        description="Launches of the Binder federation by hour, from the public events archive.",
        columns=(
            Column("hour", "timestamp", Role.TIME, "The hour (UTC) the launch was in; floored, never rounded."),
            Column(
                "provider", "string", Role.DIMENSION, "The host of the repository: GitHub, Gist, GitLab, Git, Zenodo …"
            ),
            Column("spec", "string", Role.DIMENSION, "The launched repository and ref, as in the event."),
            Column(
                "repo",
                "string",
                Role.DIMENSION,
                "The repository, with its provider: GitHub:owner/name.",
                folds_case=True,
            ),
            Column("origin", "string", Role.DIMENSION, "The host that launched it; none before June 2019."),
            Column(
                "federation", "string", Role.DIMENSION, "The member of the federation behind the host.", folds_case=True
            ),
            Column("status", "string", Role.DIMENSION, "success or failure."),
            Column("version", "integer", Role.DIMENSION, "The version of the event's schema."),
            Column("build_token", "boolean", Role.DIMENSION, "Whether a build token was used; known since June 2021."),
            Column("request_origin", "string", Role.DIMENSION, "The page that asked for it; known since March 2026."),
            *ref,
            Column("launches", "integer", Role.MEASURE, "Number of launches."),
        ),
        rule=Replace(),
        rollups=(
            Rollup("launches_by_day", Grain.DAY, NARROW),
            Rollup("launches_by_month", Grain.MONTH, ("provider", "repo", "status")),
            Rollup("launches_by_year", Grain.YEAR, ("provider", "repo", "status")),
        ),
        events=(
            TableEvent(
                "binder_launch",
                "repo",
                "Launched repositories.",
                (("status", "failure"),),
                "repositories launched again",
                "launch",
            ),
        ),
        sort=("spec", "hour"),
    )


LAUNCHES = launches_table()

STATUS = Policy(
    name="status",
    description="Which launches count: those that did not fail, or any.",
    choices={"success": Filter("status", ("failure",), "!="), "any": None},
    default="success",
)


def _repo_name(table: ir.Table) -> ir.Column:
    return table["repo"].substr(table["repo"].find(":") + 1)


METRICS = (
    Metric(
        name="launches",
        title="Launches",
        description="Sessions started on the Binder federation.",
        kind=Kind.SUM,
        unit="launches",
        facts=(Fact("launches", ("launches",)),),
        policies=(STATUS,),
    ),
    Metric(
        name="repos",
        title="Repositories",
        description="Different repositories launched; the same name at two providers is two repositories.",
        kind=Kind.DISTINCT,
        unit="repositories",
        facts=(Fact("launches", ("repo",)),),
        policies=(STATUS,),
    ),
    Metric(
        name="repo_names",
        title="Repository names",
        description="Different names of repositories launched, whichever provider they are at.",
        kind=Kind.DISTINCT,
        unit="names",
        facts=(Fact("launches", ("repo",), _repo_name),),
        policies=(STATUS,),
    ),
)

KNOWN_WRONG = (
    KnownWrong.days(
        date(2022, 10, 20), date(2022, 11, 23), "the main cluster was not recorded: about 80 % of launches are missing"
    ),
)
"""Days for which the archive has files that never contained the launches."""

ANNOTATIONS = (
    Annotation.during(
        "outage",
        date(2024, 12, 1),
        date(2025, 1, 31),
        "the archive has days without a launch, though launches happened",
    ),
)
