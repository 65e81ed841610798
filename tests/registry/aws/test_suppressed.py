"""Findings that are left aside, through boto3: SUPPRESSED in enhanced scanning, not there in basic scanning."""

from typing import Any

import pytest

from registry.core import addresses
from registry.models import Image
from registry.scanning import suppressions
from registry.scanning.suppressions import Wanted
from tests.registry.aws.provocations import OWNER
from tests.registry.aws.test_scanning import NAME, advisories, ecr, named, pushed, work
from tests.registry.scanning.test_attached_vex import attach, says
from tests.registry.scanning.test_attached_vex import work as follow

__all__ = ["advisories", "ecr"]
REGISTRY = addresses.private(OWNER.account_id, NAME).registry


@pytest.mark.usefixtures("advisories")
def test_basic_scanning_leaves_them_out(ecr: Any) -> None:
    pushed()
    work()
    before = ecr.describe_image_scan_findings(**named())["imageScanFindings"]
    name = before["findings"][0]["name"]
    suppressions.create(OWNER, REGISTRY, Wanted(name, "false_positive", "It is not."))
    found = ecr.describe_image_scan_findings(**named())["imageScanFindings"]
    assert name not in {each["name"] for each in found["findings"]}
    gone = len(before["findings"]) - len(found["findings"])
    assert gone > 0
    assert found["findingSeverityCounts"]["UNDEFINED"] == before["findingSeverityCounts"]["UNDEFINED"] - gone
    (detail,) = ecr.describe_images(repositoryName=NAME)["imageDetails"]
    assert detail["imageScanFindingsSummary"]["findingSeverityCounts"] == found["findingSeverityCounts"]


@pytest.mark.usefixtures("advisories")
def test_enhanced_scanning_says_that_they_are_suppressed(ecr: Any) -> None:
    ecr.put_registry_scanning_configuration(scanType="ENHANCED", rules=[])
    pushed()
    work()
    suppressions.create(OWNER, REGISTRY, Wanted("CVE-2021-35042", "false_positive", "It is not.", package="django"))
    found = ecr.describe_image_scan_findings(**named())["imageScanFindings"]
    statuses = {
        row["packageVulnerabilityDetails"]["vulnerabilityId"]: row["status"] for row in found["enhancedFindings"]
    }
    assert statuses.pop("CVE-2021-35042") == "SUPPRESSED" and set(statuses.values()) == {"ACTIVE"}
    assert sum(found["findingSeverityCounts"].values()) == len(found["enhancedFindings"]) - 1


@pytest.mark.usefixtures("advisories")
def test_attached_vex_suppresses_where_it_is_trusted(ecr: Any) -> None:
    ecr.put_registry_scanning_configuration(scanType="ENHANCED", rules=[])
    pushed()
    work()
    attach(OWNER, Image.objects.get(kind="image"), says("pkg:pypi/Django", "CVE-2021-35042"))
    follow()

    def status() -> str:
        rows = ecr.describe_image_scan_findings(**named())["imageScanFindings"]["enhancedFindings"]
        statuses = {row["packageVulnerabilityDetails"]["vulnerabilityId"]: row["status"] for row in rows}
        return str(statuses["CVE-2021-35042"])

    assert status() == "ACTIVE"
    ecr.put_account_setting(name="ATTACHED_VEX", value="TRUSTED")
    follow()
    assert status() == "SUPPRESSED"
