"""A drop-in replacement for Doist's bitmapist: the same names, backed by Footfall's sets."""

from __future__ import annotations

from footfall.bitmapist.dates import add_month as add_month
from footfall.bitmapist.dates import iso_to_gregorian as iso_to_gregorian
from footfall.bitmapist.dates import iso_year_start as iso_year_start
from footfall.bitmapist.dates import not_none as not_none
from footfall.bitmapist.events import DayEvents as DayEvents
from footfall.bitmapist.events import GenericPeriodEvents as GenericPeriodEvents
from footfall.bitmapist.events import HourEvents as HourEvents
from footfall.bitmapist.events import MonthEvents as MonthEvents
from footfall.bitmapist.events import RangeEvents as RangeEvents
from footfall.bitmapist.events import UniqueEvents as UniqueEvents
from footfall.bitmapist.events import WeekEvents as WeekEvents
from footfall.bitmapist.events import YearEvents as YearEvents
from footfall.bitmapist.marking import delete_all_events as delete_all_events
from footfall.bitmapist.marking import delete_runtime_bitop_keys as delete_runtime_bitop_keys
from footfall.bitmapist.marking import delete_temporary_bitop_keys as delete_temporary_bitop_keys
from footfall.bitmapist.marking import get_event_names as get_event_names
from footfall.bitmapist.marking import mark_event as mark_event
from footfall.bitmapist.marking import mark_unique as mark_unique
from footfall.bitmapist.marking import unmark_event as unmark_event
from footfall.bitmapist.marking import unmark_unique as unmark_unique
from footfall.bitmapist.sets import BitOpAnd as BitOpAnd
from footfall.bitmapist.sets import BitOperation as BitOperation
from footfall.bitmapist.sets import BitOpNot as BitOpNot
from footfall.bitmapist.sets import BitOpOr as BitOpOr
from footfall.bitmapist.sets import BitOpXor as BitOpXor
from footfall.bitmapist.sets import EventSet as EventSet
from footfall.bitmapist.systems import SYSTEMS as SYSTEMS
from footfall.bitmapist.systems import activity_of as activity_of
from footfall.bitmapist.systems import get_redis as get_redis
from footfall.bitmapist.systems import setup_redis as setup_redis
from footfall.bitmapist.systems import setup_store as setup_store

TRACK_HOURLY = False
"""Whether marks are also stored by the hour, unless a call says otherwise."""
TRACK_UNIQUE = False
"""Whether marks also flag their actors without a time, unless a call says otherwise."""
