"""What an engine does: it tells the packages of a folder. `settings.SCAN_ENGINE` names the one that is used."""

from functools import lru_cache
from pathlib import Path
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from registry.scanning.sboms import Sbom


class EngineFailed(Exception):
    """The engine could not tell; the message is a sentence for people."""


class EngineKilled(Exception):
    """The system has killed the engine, which may be worth another try; the message is a sentence for people."""


class Engine(Protocol):
    """Reads a folder of files that were laid over each other, as an image's file system has them."""

    def packages(self, folder: Path, work: Path) -> Sbom:
        """Return the packages of `folder`; `work` is an empty folder for the engine's own files.

        Raises EngineFailed; EngineKilled, and OSError where the machine has no room.
        """


@lru_cache(maxsize=1)
def default() -> Engine:
    """The engine that the settings name."""
    made: Engine = import_string(settings.SCAN_ENGINES[settings.SCAN_ENGINE])()
    return made
