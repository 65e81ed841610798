"""Where bytes are kept, behind one small driver contract. Only the core imports this package."""

from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string

from registry.storage.driver import Driver


@cache
def default() -> Driver:
    """Return the driver that the settings name; one for the life of the process."""
    driver: Driver = import_string(settings.STORAGE_DRIVERS[settings.STORAGE_DRIVER])()
    return driver
