"""Sessions are in UTC, whatever their server calls it."""

from __future__ import annotations

import pytest

from footfall.warehouses.asking import check_zone, is_utc
from footfall.warehouses.dialects import POSTGRESQL
from footfall.warehouses.refusals import RefusedQueryError


@pytest.mark.parametrize("zone", ["UTC", "utc", "Etc/UTC", "GMT", "Zulu", "Etc/Zulu", "Universal"])
def test_names_of_utc(zone: str) -> None:
    assert is_utc(zone)
    check_zone(zone, POSTGRESQL)


@pytest.mark.parametrize("zone", ["Europe/London", "Etc/GMT+1", "UTC+1", "", "None", "Africa/Abidjan"])
def test_another_zone_is_refused_even_where_it_has_no_offset_today(zone: str) -> None:
    assert not is_utc(zone)
    with pytest.raises(RefusedQueryError, match=r"the session of PostgreSQL is in the time zone .* Let its user set"):
        check_zone(zone, POSTGRESQL)
