"""The settings of the server: what is allowed, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from footfall.web_settings import WebSettings


@pytest.mark.parametrize(
    "site", ["docs.example.org", "https://a.org; script-src *", "https://a.org/path", "*", "'self'"]
)
def test_a_site_of_the_settings_is_an_origin(site: str) -> None:
    with pytest.raises(ValidationError, match="is not a site"):
        WebSettings(embed=(site,))


@pytest.mark.parametrize("site", ["https://docs.example.org", "http://localhost:8000", "https://*.example.org"])
def test_an_origin_is_taken_as_it_is(site: str) -> None:
    assert WebSettings(embed=(site,)).embed == (site,)


def test_by_default_this_machine_alone_reads_everything() -> None:
    settings = WebSettings()
    assert (settings.host, settings.reading, settings.embed, settings.smallest_cell) == ("127.0.0.1", "open", (), 0)


@pytest.mark.parametrize(
    "given",
    [
        {"host": ""},
        {"port": -1},
        {"port": 65536},
        {"port": "http"},
        {"reading": "closed"},
        {"smallest_cell": -1},
        {"most_rows": 0},
        {"most_seconds": 0},
        {"most_bytes": 999},
        {"marks_per_minute": 0},
        {"workers": 0},
        {"workers": 65},
        {"worker": 1},
    ],
    ids=str,
)
def test_what_no_server_can_do_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=next(iter(given))):
        WebSettings.model_validate(given)


def test_the_environment_writes_numbers_as_texts() -> None:
    settings = WebSettings.model_validate({"port": "0", "most_seconds": "2.5", "workers": "64"})
    assert (settings.port, settings.most_seconds, settings.workers) == (0, 2.5, 64)
