"""Footfall: long-term usage analytics for open-source projects and the platforms that run them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from footfall.activity.events import Event as Event
    from footfall.annotations import Annotation as Annotation
    from footfall.answer import Answer as Answer
    from footfall.backups.restoring import restore as restore
    from footfall.charts.pictures import Picture as Picture
    from footfall.communities.answer import Communities as Communities
    from footfall.errors import ActivityError as ActivityError
    from footfall.errors import FootfallError as FootfallError
    from footfall.errors import LakeError as LakeError
    from footfall.errors import MissingExtraError as MissingExtraError
    from footfall.errors import QueryError as QueryError
    from footfall.errors import SettingsError as SettingsError
    from footfall.errors import SourceError as SourceError
    from footfall.errors import UnknownNameError as UnknownNameError
    from footfall.periods import Grain as Grain
    from footfall.projects.answer import Project as Project
    from footfall.projects.ranking import Ranking as Ranking
    from footfall.query import Query as Query
    from footfall.result import Result as Result
    from footfall.retention.cohorts import Cohort as Cohort
    from footfall.retention.funnels import Funnel as Funnel
    from footfall.retention.growth import Growth as Growth
    from footfall.retention.questions import CohortQuestion as CohortQuestion
    from footfall.retention.questions import FunnelQuestion as FunnelQuestion
    from footfall.retention.questions import GrowthQuestion as GrowthQuestion
    from footfall.retention.questions import StickinessQuestion as StickinessQuestion
    from footfall.retention.stickiness import Stickiness as Stickiness
    from footfall.settings import Settings as Settings
    from footfall.workspace import Workspace as Workspace
    from footfall.workspace import open as open

__version__ = "0.2.0"

_HOMES = {
    "ActivityError": "errors",
    "Annotation": "annotations",
    "Answer": "answer",
    "Cohort": "retention.cohorts",
    "CohortQuestion": "retention.questions",
    "Communities": "communities.answer",
    "Event": "activity.events",
    "FootfallError": "errors",
    "Funnel": "retention.funnels",
    "FunnelQuestion": "retention.questions",
    "Grain": "periods",
    "Growth": "retention.growth",
    "GrowthQuestion": "retention.questions",
    "LakeError": "errors",
    "MissingExtraError": "errors",
    "Picture": "charts.pictures",
    "Project": "projects.answer",
    "Query": "query",
    "QueryError": "errors",
    "Ranking": "projects.ranking",
    "Result": "result",
    "Settings": "settings",
    "SettingsError": "errors",
    "SourceError": "errors",
    "Stickiness": "retention.stickiness",
    "StickinessQuestion": "retention.questions",
    "UnknownNameError": "errors",
    "Workspace": "workspace",
    "open": "workspace",
    "restore": "backups.restoring",
}

__all__ = [*_HOMES, "__version__"]


def __getattr__(name: str) -> Any:
    """Public names are loaded when they are used, so that `import footfall` costs nothing."""
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(f"footfall.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'footfall' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
