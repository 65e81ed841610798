"""Dates that readers of any English understand."""

DATE_FORMAT = "j M Y"
DATETIME_FORMAT = "j M Y H:i"
