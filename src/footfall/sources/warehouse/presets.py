"""Tables of known warehouses, with their queries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

OWN = "preset:"
"""The prefix of query names that are built in and not read from a file."""


@dataclass(frozen=True)
class Preset:
    """Settings of a table, and the query texts by name."""

    settings: Mapping[str, Any]
    queries: Mapping[str, str]


_NAPARI_HUB = Preset(
    settings={
        "name": "plugin_downloads",
        "description": "Downloads of napari plugins by day, from napari hub's view of PyPI's downloads.",
        "query": "preset:napari_hub/downloads",
        "changes": "preset:napari_hub/changes",
        "time": "day",
        "dimensions": [{"name": "project", "description": "The plugin, as PyPI normalises its name."}],
        "measures": [{"name": "plugin_installs", "unit": "installs", "description": "Downloads by pip."}],
        "scope": "project",
        "project": "project",
        "first_day": "2018-01-01",
        "metrics": [
            {
                "name": "plugin_installs",
                "title": "Plugin installs",
                "unit": "installs",
                "description": "Downloads of plugins by pip (download_type 'pip', project_type 'plugin'), mirrors left out "
                "by the view itself; CI counts.",
            }
        ],
    },
    queries={
        "preset:napari_hub/downloads": """
SELECT REGEXP_REPLACE(LOWER(file_project), '[-_.]+', '-') AS project,
       CAST(DATE_TRUNC('DAY', timestamp) AS DATE) AS day,
       COUNT(*) AS plugin_installs
FROM imaging.pypi.labeled_downloads
WHERE download_type = 'pip' AND project_type = 'plugin' AND timestamp >= :since AND timestamp < :until
GROUP BY 1, 2
""",
        "preset:napari_hub/changes": """
SELECT REGEXP_REPLACE(LOWER(file_project), '[-_.]+', '-') AS project,
       CAST(DATE_TRUNC('DAY', MIN(timestamp)) AS DATE) AS day
FROM imaging.pypi.labeled_downloads
WHERE download_type = 'pip' AND project_type = 'plugin'
  AND TO_TIMESTAMP_NTZ(ingestion_timestamp) >= :since AND TO_TIMESTAMP_NTZ(ingestion_timestamp) < :until
GROUP BY 1
""",
    },
)

PRESETS: Mapping[str, Preset] = {"napari_hub": _NAPARI_HUB}
