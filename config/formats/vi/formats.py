"""Dates as Vietnamese readers write them: 23/11/2026 20:04."""

DATE_FORMAT = "d/m/Y"
NUMBER_GROUPING = 3
DATETIME_FORMAT = "d/m/Y H:i"
