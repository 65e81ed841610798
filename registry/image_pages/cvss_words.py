"""CVSS vectors in words for people: the base metrics of versions 2, 3 and 4 (FIRST)."""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

NONE, LOW, MEDIUM, HIGH = (
    pgettext_lazy("CVSS", "none"),
    pgettext_lazy("CVSS", "low"),
    pgettext_lazy("CVSS", "medium"),
    pgettext_lazy("CVSS", "high"),
)
VECTOR: Final = {
    "N": pgettext_lazy("CVSS", "network"),
    "A": pgettext_lazy("CVSS", "adjacent network"),
    "L": pgettext_lazy("CVSS", "local"),
    "P": pgettext_lazy("CVSS", "physical"),
}
LEVELS: Final = {"N": NONE, "L": LOW, "M": MEDIUM, "H": HIGH}
IMPACT: Final = LEVELS | {"P": pgettext_lazy("CVSS", "partial"), "C": pgettext_lazy("CVSS", "complete")}
METRICS: Final[Mapping[str, tuple[Promise, Mapping[str, Promise]]]] = {
    "AV": (pgettext_lazy("CVSS", "Attack vector"), VECTOR),
    "AC": (pgettext_lazy("CVSS", "Attack complexity"), LEVELS),
    "AT": (pgettext_lazy("CVSS", "Attack requirements"), {"N": NONE, "P": pgettext_lazy("CVSS", "present")}),
    "Au": (
        pgettext_lazy("CVSS", "Authentication"),
        {"N": NONE, "S": pgettext_lazy("CVSS", "single"), "M": pgettext_lazy("CVSS", "multiple")},
    ),
    "PR": (pgettext_lazy("CVSS", "Privileges required"), LEVELS),
    "UI": (
        pgettext_lazy("CVSS", "User interaction"),
        {
            "N": NONE,
            "R": pgettext_lazy("CVSS", "required"),
            "P": pgettext_lazy("CVSS", "passive"),
            "A": pgettext_lazy("CVSS", "active"),
        },
    ),
    "S": (
        pgettext_lazy("CVSS", "Scope"),
        {"U": pgettext_lazy("CVSS", "unchanged"), "C": pgettext_lazy("CVSS", "changed")},
    ),
    "C": (pgettext_lazy("CVSS", "Confidentiality"), IMPACT),
    "I": (pgettext_lazy("CVSS", "Integrity"), IMPACT),
    "A": (pgettext_lazy("CVSS", "Availability"), IMPACT),
    "VC": (pgettext_lazy("CVSS", "Confidentiality of the vulnerable system"), LEVELS),
    "VI": (pgettext_lazy("CVSS", "Integrity of the vulnerable system"), LEVELS),
    "VA": (pgettext_lazy("CVSS", "Availability of the vulnerable system"), LEVELS),
    "SC": (pgettext_lazy("CVSS", "Confidentiality of other systems"), LEVELS),
    "SI": (pgettext_lazy("CVSS", "Integrity of other systems"), LEVELS),
    "SA": (pgettext_lazy("CVSS", "Availability of other systems"), LEVELS),
}
"""Short name of a metric -> its name, and the words for its values."""


def in_words(vector: str) -> list[tuple[str, str]]:
    """Names and values of the base metrics of a vector, in its order; what is unknown is left out."""
    found = []
    for part in vector.split("/"):
        short, _colon, value = part.partition(":")
        name, words = METRICS.get(short, ("", {}))
        if value in words:
            found.append((str(name), str(words[value])))
    return found
