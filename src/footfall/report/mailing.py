"""The summary of a report as an e-mail."""

from __future__ import annotations

from footfall.alerts import EmailSettings
from footfall.errors import SettingsError
from footfall.report.summary import Summary
from footfall.report_settings import ReportSettings
from footfall.upkeep.channels import send_mail


def check_mail(settings: ReportSettings) -> EmailSettings:
    """Where the summary goes.

    Raises:
        SettingsError: Where the settings do not say it.
    """
    if settings.email is None:
        raise SettingsError(
            'no e-mail is set up for reports; add [report] email = { to = ["…"], from = "…", server = { env = "…" } }.'
        )
    return settings.email


def send_summary(to: EmailSettings, summary: Summary) -> None:
    """Send the summary.

    Raises:
        UnsentError: Where the server does not take it.
    """
    send_mail(to, summary.title, summary.markdown(), "the e-mail of the report", "; the report itself is written")
