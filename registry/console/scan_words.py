"""How images are scanned, in words."""

from typing import Final

from django.utils.translation import gettext_lazy

from registry.core import registries

FREQUENCIES: Final = {
    registries.ON_PUSH: gettext_lazy("On push"),
    registries.CONTINUOUS: gettext_lazy("Continuously"),
    registries.MANUAL: gettext_lazy("By hand"),
}
"""Scan frequency of ECR -> words."""
