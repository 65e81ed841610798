"""Template filters that gallery and console share."""
