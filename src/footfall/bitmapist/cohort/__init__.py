"""Cohorts in bitmapist's shape: who did one event, and how many of them did another in later periods."""

from __future__ import annotations

from footfall.bitmapist.cohort.form import render_html_form as render_html_form
from footfall.bitmapist.cohort.rows import CUSTOM_HANDLERS as CUSTOM_HANDLERS
from footfall.bitmapist.cohort.rows import get_dates_data as get_dates_data
from footfall.bitmapist.cohort.rows import set_custom_handler as set_custom_handler
from footfall.bitmapist.cohort.table import render_csv_data as render_csv_data
from footfall.bitmapist.cohort.table import render_html_data as render_html_data
