"""The categories that publishers choose from and visitors browse: slug -> name."""

from typing import Final

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

CATEGORIES: Final = {
    "base-images": pgettext_lazy("category", "Base images"),
    "operating-systems": pgettext_lazy("category", "Operating systems"),
    "languages": pgettext_lazy("category", "Languages and runtimes"),
    "web-servers": pgettext_lazy("category", "Web servers and proxies"),
    "databases": pgettext_lazy("category", "Databases"),
    "messaging": pgettext_lazy("category", "Messaging and streaming"),
    "caching": pgettext_lazy("category", "Caching"),
    "storage": pgettext_lazy("category", "Storage"),
    "networking": pgettext_lazy("category", "Networking"),
    "security": pgettext_lazy("category", "Security"),
    "monitoring": pgettext_lazy("category", "Monitoring and logging"),
    "developer-tools": pgettext_lazy("category", "Developer tools"),
    "continuous-integration": pgettext_lazy("category", "Continuous integration"),
    "data-science": pgettext_lazy("category", "Data and machine learning"),
    "business": pgettext_lazy("category", "Business applications"),
    "internet-of-things": pgettext_lazy("category", "Internet of things"),
    "kubernetes": _("Kubernetes"),
    "other": pgettext_lazy("category", "Other"),
}
"""In the order in which they are shown."""
