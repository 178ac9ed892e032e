"""Where to query: a Prometheus by its address, or the data sources of a Grafana, each by its uid."""

from __future__ import annotations

import base64
import fnmatch
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from footfall.errors import BrokenDataError, SourceError, UnreachableError
from footfall.http import StatusError
from footfall.sources.prometheus.settings import PrometheusSettings

if TYPE_CHECKING:
    from footfall.http import Client

TYPES = ("prometheus", "grafana-amazonprometheus-datasource")
MAY_LIST = "datasources:read"
MAY_QUERY = "datasources:query"


@dataclass(frozen=True)
class Place:
    """A Prometheus to query; its name is that of the cluster."""

    name: str
    address: str
    """The base URL for `/api/v1/…`."""
    headers: Mapping[str, str]
    behind: str = ""
    """For a data source of Grafana: the address that it reads, if that identifies it."""

    @property
    def is_proxied(self) -> bool:
        return "/api/datasources/proxy/uid/" in self.address


@dataclass(frozen=True)
class Places:
    """The places to query, and those to skip."""

    asked: tuple[Place, ...]
    twins: Mapping[str, str]
    """By name: data sources with the same address as one that is queried."""


def find_places(settings: PrometheusSettings, client: Client, known: Collection[str]) -> Places:
    """The places in the settings; a Grafana is asked for its data sources. Raises SourceError.

    Args:
        known: Names with stored data: of two data sources with one address, a known one is queried.
    """
    headers = headers_of(settings)
    if settings.address:
        name = settings.cluster or urlsplit(settings.address).hostname or settings.address
        return Places((Place(name, settings.address, headers),), {})
    if not settings.grafana:
        raise SourceError("no server is configured; set `address` or `grafana` in [sources.prometheus]")
    listed = settings.data_sources
    if listed and all(one.uid for one in listed):
        return Places(tuple(_proxied(settings, one.name, one.uid, headers) for one in listed), {})
    found = [one for one in list_data_sources(settings, client) if _is_wanted(settings, one)]
    if not found:
        raise SourceError(
            f"{settings.grafana} lists no data source of the type prometheus that the settings want; see `data_sources` "
            "and `exclude` in [sources.prometheus]"
        )
    places = [
        _proxied(settings, one["name"], one["uid"], headers, _behind(one))
        for one in sorted(found, key=lambda one: str(one["name"]))
    ]
    return _each_once(places, known) if settings.duplicates == "once" else Places(tuple(places), {})


def headers_of(settings: PrometheusSettings) -> dict[str, str]:
    """The headers of every request."""
    headers = {name: value.reveal() for name, value in settings.headers.items()}
    if settings.token:
        headers["Authorization"] = f"Bearer {settings.token.reveal()}"
    elif settings.user:
        pair = f"{settings.user}:{settings.password.reveal() if settings.password else ''}"
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    return headers


def list_data_sources(settings: PrometheusSettings, client: Client) -> list[Mapping[str, Any]]:
    """Grafana's data sources of type prometheus."""
    url = f"{settings.grafana}/api/datasources"
    try:
        listed = client.json(url, headers=headers_of(settings))
        return [one for one in listed if one["type"] in TYPES and str(one["name"]) and str(one["uid"])]
    except StatusError as error:
        if error.status in (401, 403):
            raise UnreachableError(
                f"{url} answered {error.status}: the token may not list data sources; give it the permission {MAY_LIST}, or "
                "name the data sources in the settings, each with its uid."
            ) from None
        raise
    except (KeyError, TypeError):
        raise BrokenDataError(f"{url} is not a list of data sources; check the address of Grafana.") from None


def _is_wanted(settings: PrometheusSettings, one: Mapping[str, Any]) -> bool:
    name, uid = str(one["name"]), str(one["uid"])
    is_listed = not settings.data_sources or any(
        part.uid == uid if part.uid else uid == part.name or fnmatch.fnmatchcase(name, part.name)
        for part in settings.data_sources
    )
    return is_listed and not any(fnmatch.fnmatchcase(name, pattern) for pattern in settings.exclude)


def _proxied(settings: PrometheusSettings, name: str, uid: str, headers: Mapping[str, str], behind: str = "") -> Place:
    return Place(str(name), f"{settings.grafana}/api/datasources/proxy/uid/{quote(str(uid), safe='')}", headers, behind)


def _behind(one: Mapping[str, Any]) -> str:
    """The address that a data source reads; empty if custom headers may give it access to different data there."""
    more = one.get("jsonData")
    if isinstance(more, Mapping) and any(str(name).startswith("httpHeaderName") for name in more):
        return ""
    parts = urlsplit(str(one.get("url") or ""))
    user = str(one.get("basicAuthUser") or "")
    return f"{user}@{parts.netloc.lower()}{parts.path.rstrip('/')}" if parts.netloc else ""


def _each_once(places: Sequence[Place], known: Collection[str]) -> Places:
    """For each address the first place by name; one that was queried before stays."""
    first: dict[str, Place] = {}
    twins: dict[str, str] = {}
    for place in sorted(places, key=lambda one: (one.name not in known, one.name)):
        kept = first.setdefault(place.behind or f" {place.name}", place)
        if kept is not place:
            twins[place.name] = kept.name
    return Places(tuple(place for place in places if place.name not in twins), twins)
