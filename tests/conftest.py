"""What all tests share."""

from collections.abc import Iterator

import pytest
from django.utils import translation
from hypothesis import settings

# A busy machine is no failure: examples are counted, not timed.
settings.register_profile("kho", deadline=None)
settings.load_profile("kho")


@pytest.fixture(autouse=True)
def no_language() -> Iterator[None]:
    """A page that was asked for in another language leaves it active in the thread: the next test begins without."""
    yield
    translation.deactivate()
