"""`[sources.prometheus]` in footfall.toml."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, field_validator, model_validator

from footfall.settings import NotEmpty, Part, Secret

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_DAY = timedelta(days=1)


def _as_span(value: Any) -> Any:
    """A stretch of time: a number and s, m, h or d."""
    found = re.fullmatch(r"([0-9]{1,9})\s*([smhd])", value) if isinstance(value, str) else None
    if found:
        return timedelta(**{_UNITS[found[2]]: int(found[1])})
    if isinstance(value, timedelta):
        return value
    raise ValueError('write a number and a unit, such as "30s", "5m", "1h" or "1d"')


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _as_mapping(value: Any) -> Any:
    """A list of labels: each gives the dimension of its name."""
    return {name: name for name in value} if isinstance(value, list | tuple) else value


def _as_data_source(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


Span = Annotated[timedelta, BeforeValidator(_as_span)]


class QueryPart(Part):
    """One `[[sources.prometheus.queries]]`: a query in PromQL, and the table that it fills."""

    name: NotEmpty = Field(description="The name of the table and its metric.")
    query: NotEmpty = Field(description="The PromQL query; it is sent unchanged.")
    step: Span = Field(description='From value to value, such as "5m", "1h" or "1d"; it divides a day.')
    labels: Annotated[dict[str, str], BeforeValidator(_as_mapping)] = Field(
        default_factory=dict,
        description='Labels that become dimensions: ["namespace"], or { namespace = "hub" } to name them otherwise.',
    )
    covers: Literal["moment", "step"] = Field(
        "moment",
        description='What a value is about: the "moment" it is read at, or the "step" that ends there, as of `increase(x[1h])`.',
    )
    kind: Literal["level", "sum", "counter"] = Field("level", description="How the metric adds up.")
    within: Literal["mean", "max", "last"] = Field("mean", description="For a level: the value of a period.")
    type: Literal["integer", "number"] = Field("number", description='"integer" refuses values that are not whole.')
    title: str = ""
    description: str = ""
    unit: str = ""

    @field_validator("step")
    @classmethod
    def _check_step(cls, value: timedelta) -> timedelta:
        if value <= timedelta() or _DAY % value:
            raise ValueError("a step divides a day, such as 5m, 1h or 1d")
        return value


class DataSourcePart(Part):
    """A data source of Grafana: a pattern of names, or name and uid."""

    name: NotEmpty = Field(description='Its name, or a pattern such as "prod-*".')
    uid: str = Field("", description="Its uid; where all have one, Grafana is not asked to list them.")


class PrometheusSettings(Part):
    """`[sources.prometheus]`"""

    address: str = Field("", description='Where Prometheus is: "https://prometheus.example.org".')
    cluster: str = Field("", description="A name for the server at `address`; default: its host.")
    grafana: str = Field("", description="A Grafana whose data sources are queried instead; each is a cluster.")
    data_sources: tuple[Annotated[DataSourcePart, BeforeValidator(_as_data_source)], ...] = Field(
        (), description='Data sources of Grafana: patterns of names, or { name = "…", uid = "…" }; default: all.'
    )
    exclude: tuple[str, ...] = Field((), description="Data sources to leave out: patterns of names.")
    duplicates: Literal["once", "all"] = Field(
        "once", description='Two data sources with the same address: "once" queries only the first.'
    )
    token: Secret | None = Field(None, description='A bearer token; better { env = "PROMETHEUS_TOKEN" }.')
    user: str = Field("", description="The user, for basic authentication.")
    password: Secret | None = Field(None, description="The password of `user`.")
    headers: dict[str, Secret] = Field(
        default_factory=dict, description='More headers, such as { X-Scope-OrgID = "team" }.'
    )
    queries: tuple[QueryPart, ...] = Field(
        (), description="One [[sources.prometheus.queries]] each: name, query, step, labels …"
    )
    preset: Annotated[tuple[Literal["hub_users", "cluster_users", "hub_activity"], ...], BeforeValidator(_as_list)] = (
        Field((), description='Predefined queries: "hub_users", "cluster_users", "hub_activity", or a list of them.')
    )
    hub_label: NotEmpty = Field("namespace", description="For presets: the label that names the hub.")
    user_label: NotEmpty = Field(
        "annotation_hub_jupyter_org_username", description="For presets: the label that names the user of a pod."
    )
    prefix: str = Field("jupyterhub", description="For presets: what the hub's metrics begin with.")
    exclude_hubs: tuple[str, ...] = Field(
        (), description='For presets: hubs that are left out, patterns of names or of "cluster/hub".'
    )
    hash_key: Secret | None = Field(None, description="Users are stored as hashes with this key; it must not change.")
    names: Literal["hashed", "plain"] = Field("hashed", description='"plain" keeps the names of users as they are.')
    staff: tuple[str, ...] = Field((), description='Staff: patterns of names, such as "admin-*".')
    services: tuple[str, ...] = Field(
        ("deployment-service-check", "hubtraf*"), description="Service accounts: patterns of names."
    )
    binder_hubs: tuple[str, ...] = Field(
        (), description='Hubs of a BinderHub, patterns of names or of "cluster/hub": their users are launches.'
    )
    clusters: str = Field(
        "", description="A folder with config/clusters/*/cluster.yaml, relative to this file: configured hubs."
    )
    communities: str = Field(
        "", description="A CSV file of communities: name, hubs, constellation, location, latitude, longitude."
    )
    first_day: date | None = Field(
        None,
        description="The first day; default: everything still available, at most two years.",
        examples=[date(2026, 1, 1)],
    )
    retention: Span | None = Field(
        None,
        description="The retention of the server, if it does not report it; default 90 days.",
        examples=["90d"],
    )
    settles_after: Span = Field(
        timedelta(hours=1), description="How long after its end a day may change; until then it is collected again."
    )

    @field_validator("address", "grafana")
    @classmethod
    def _check_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.username):
            raise ValueError("write an address such as https://prometheus.example.org, and its token as `token`")
        return value.rstrip("/").removesuffix("/api/v1")

    @model_validator(mode="after")
    def _check_whole(self) -> Self:
        if self.address and self.grafana:
            raise ValueError("address and grafana are both set; keep one of them")
        names = [*self.preset, *(query.name for query in self.queries)]
        if twins := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two queries are called {twins[0]!r}; give one of them another name")
        for label in (self.hub_label, self.user_label, self.prefix or "x"):
            if not re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_]*", label):
                raise ValueError(f"{label!r} is not a name that Prometheus has; use letters, digits and _")
        if self.user and self.token:
            raise ValueError("token and user are both set; keep one of them")
        return self
