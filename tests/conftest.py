"""What all tests share."""

from hypothesis import settings

# A busy machine is no failure: examples are counted, not timed.
settings.register_profile("kho", deadline=None)
settings.load_profile("kho")
