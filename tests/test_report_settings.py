"""The settings of reports: an address of the web, and where the summary goes."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from footfall.report_settings import ReportSettings, check_address


@pytest.mark.parametrize("address", ["", "https://example.org", "http://example.org:8080/usage/", "https://[::1]/"])
def test_an_address_of_the_web_is_taken_as_it_is(address: str) -> None:
    assert ReportSettings(address=address).address == address
    check_address(address)


@pytest.mark.parametrize(
    "address", ["example.org", "/usage", "ftp://example.org", "https://", "https:///usage", "https://a.org/a page"]
)
def test_anything_else_is_refused_with_an_example(address: str) -> None:
    with pytest.raises(ValidationError, match=r"is not a web address; write one like https://example\.org/usage"):
        ReportSettings(address=address)


def test_without_settings_nothing_is_published_or_sent() -> None:
    assert (ReportSettings().address, ReportSettings().email) == ("", None)


def test_the_summary_needs_a_recipient_and_a_server() -> None:
    whole = {"to": ["team@example.org"], "from": "us@example.org", "server": "smtp://mail.example.org"}
    read = ReportSettings.model_validate({"email": whole}).email
    assert read is not None
    assert "mail.example.org" not in repr(read), "the server's address may hold a password"
    for lacking in whole:
        with pytest.raises(ValidationError, match="Field required"):
            ReportSettings.model_validate({"email": {k: v for k, v in whole.items() if k != lacking}})
