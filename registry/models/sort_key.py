"""A column by which the database sorts rows, made of their name."""

from collections.abc import Callable
from typing import Any, Final

from django.db import models

LONGEST: Final = 600
"""Letters of a key: twice what the longest name of single digits makes."""


class SortKeyField(models.CharField):  # type: ignore[type-arg]  # Django's own is not generic when it runs
    """The key that `make` makes of the row's `name`, whenever it is written."""

    def __init__(self, make: Callable[[str], str], **more: Any) -> None:
        self.make = make
        known: dict[str, Any] = {"max_length": LONGEST, "editable": False, "default": ""}
        super().__init__(**known | more)

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        """How migrations write the field."""
        name, path, _, more = super().deconstruct()
        return name, path, [self.make], more

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        """Make the key anew."""
        key = self.make(getattr(model_instance, "name"))  # noqa: B009 - any model with a name
        setattr(model_instance, self.attname, key)
        return key
