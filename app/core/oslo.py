"""The clock on the wall in Narvik."""

from zoneinfo import ZoneInfo

OSLO = ZoneInfo("Europe/Oslo")
