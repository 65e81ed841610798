"""The public gallery: search, publishers and pages over public repositories."""
