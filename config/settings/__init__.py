"""Settings: base for all, local for `make run`, test for pytest, production for many nodes."""
