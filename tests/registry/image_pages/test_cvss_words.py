"""Vectors of CVSS in words."""

import pytest
from cvss import constants2, constants3, constants4

from registry.image_pages.cvss_words import METRICS, in_words


@pytest.mark.parametrize(
    ("vector", "wanted"),
    [
        (
            "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:H/I:L/A:N",
            {
                "Attack vector": "network",
                "Attack complexity": "low",
                "Privileges required": "none",
                "User interaction": "required",
                "Scope": "changed",
                "Confidentiality": "high",
                "Integrity": "low",
                "Availability": "none",
            },
        ),
        (
            "AV:L/AC:M/Au:S/C:P/I:C/A:N",
            {"Attack complexity": "medium", "Authentication": "single", "Integrity": "complete"},
        ),
        (
            "CVSS:4.0/AV:A/AC:H/AT:P/PR:L/UI:P/VC:H/VI:N/VA:N/SC:L/SI:N/SA:N/E:A",
            {
                "Attack requirements": "present",
                "User interaction": "passive",
                "Confidentiality of other systems": "low",
            },
        ),
        ("XX:Y/AV:Z/AV/:/", {}),
    ],
)
def test_it_works(vector: str, wanted: dict[str, str]) -> None:
    said = dict(in_words(vector))
    assert {name: said[name] for name in wanted} == wanted and bool(said) is bool(wanted)


@pytest.mark.parametrize("version", [constants2, constants3, constants4])
def test_every_base_metric_of_every_version_has_words(version: object) -> None:
    names = version.METRICS_VALUE_NAMES  # type: ignore[attr-defined]  # a module without types
    for metric in version.METRICS_MANDATORY:  # type: ignore[attr-defined]  # a module without types
        assert names[metric].keys() <= METRICS[metric][1].keys()
