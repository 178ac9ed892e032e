"""What sources that know hubs share: names of hubs, roles of users, declarations that fit together."""

from __future__ import annotations

import pytest

from footfall.metrics import Subject
from footfall.settings import Secret
from footfall.sources.hubs import (
    CLUSTERS,
    HUB_ACTIVITY,
    HUB_UNIQUE_USERS,
    HUB_USERS,
    HUB_USERS_METRIC,
    HUBS,
    People,
    Role,
    is_staging,
)


@pytest.mark.parametrize("name", ["staging", "r-staging", "staging-dask", "Staging", "eu.staging", "ml_staging"])
def test_staging_is_a_word_of_the_name(name: str) -> None:
    assert is_staging(name)


@pytest.mark.parametrize("name", ["prod", "upstaging", "stage", "", "stagingground"])
def test_other_names_are_not_staging(name: str) -> None:
    assert not is_staging(name)


def test_roles_come_from_names_and_groups() -> None:
    people = People(None, staff=("Ada", "team-*"), services=("deployment-service-*",), staff_groups=("admins",))
    assert people.role("ada") is Role.STAFF
    assert people.role("team-x") is Role.STAFF
    assert people.role("bob", ["admins", "users"]) is Role.STAFF
    assert people.role("deployment-service-check", ["admins"]) is Role.SERVICE
    assert people.role("bob", ["users"]) is Role.PERSON
    assert People(None).role("") is Role.PERSON


def test_one_name_has_one_hash_under_one_key() -> None:
    one, same, other = People(Secret("k")), People(Secret("k")), People(Secret("l"))
    assert one.kept_name("ada") == same.kept_name("ada") != other.kept_name("ada")
    assert len(one.kept_name("ada")) == 16
    assert one.fingerprint == same.fingerprint != other.fingerprint
    assert People(None).kept_name("ada") == "ada"


def test_metrics_read_what_the_tables_have() -> None:
    tables = {table.name: table for table in (HUB_USERS, HUB_ACTIVITY)}
    for metric in (HUB_USERS_METRIC, HUBS, CLUSTERS, HUB_UNIQUE_USERS):
        subject = Subject.of(metric, tables)
        names = {name for table in subject.tables for name in table.names}
        assert {column for fact, _ in subject.facts for column in fact.columns} <= names
        kept = [choice for policy in metric.policies for choice in policy.choices.values() if choice]
        assert {choice.dimension for choice in kept} <= set(subject.dimensions)
