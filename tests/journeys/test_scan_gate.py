"""docker may not pull an image with findings, by policy; a VEX document that speaks of them lets it through."""

import json
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.clients.awscli import Aws
from tests.clients.dockerd import Dockerd
from tests.clients.processes import wait_for
from tests.clients.skopeo import Skopeo
from tests.clients.tenants import USER, Tenant
from tests.journeys.test_scanning import ADVISORIES, archive

NAME = "gated/app"
BAD = ["CRITICAL", "HIGH", "MEDIUM", "UNDEFINED"]
POLICY = {
    "Version": "2012-10-17",
    "Statement": {
        "Sid": "NoFindings",
        "Effect": "Deny",
        "Principal": "*",
        "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
        "Condition": {"StringEquals": {"kho:ImageWorstSeverity": BAD}},
    },
}


def vex(findings: list[Any], digest: str) -> dict[str, Any]:
    """A document that says of all findings that the image is not affected."""
    packages = {(row["name"], attributes(row)["package_name"]) for row in findings}
    statements = [
        {
            "vulnerability": {"name": name},
            "products": [{"@id": f"pkg:oci/app@{digest}", "subcomponents": [{"@id": f"pkg:deb/debian/{package}"}]}],
            "status": "not_affected",
            "justification": "vulnerable_code_not_in_execute_path",
        }
        for name, package in sorted(packages)
    ]
    known = {"@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://example.com/gated", "author": "Team"}
    return known | {"timestamp": "2026-11-29T00:00:00Z", "version": 1, "statements": statements}


def attributes(row: Any) -> dict[str, str]:
    """The attributes of a finding of basic scanning."""
    return {each["key"]: each["value"] for each in row["attributes"]}


def test_it_works(alice: Tenant, short_path: Path, tmp_path: Path) -> None:
    aws, place = Aws(alice.server, alice.key_id, alice.secret), ("--repository-name", NAME)
    image = ("--image-id", "imageTag=1")
    alice.server.manage("import_advisories", str(ADVISORIES / "Debian.zip"))
    aws("ecr", "create-repository", *place, "--image-scanning-configuration", "scanOnPush=true")
    uri, skopeo = alice.private(NAME), Skopeo(tmp_path)
    skopeo.login(alice.server.host, USER, alice.password())
    with closing(Dockerd(short_path / "docker")) as docker:
        docker.login(alice.server.host, USER, alice.password())
        docker.docker("import", str(archive(tmp_path)), f"{uri}:1")
        docker.push(f"{uri}:1")
        docker.docker("image", "rm", f"{uri}:1")
        asked = ("ecr", "describe-image-scan-findings", *place, *image)
        wait_for("the scan", lambda: not aws.client.attempt(*asked).returncode, seconds=60)
        aws("ecr", "wait", "image-scan-complete", *place, *image)
        aws("ecr", "set-repository-policy", *place, "--policy-text", json.dumps(POLICY))

        said = docker.pull_refused(f"{uri}:1")
        assert "denied" in said and "kho:ImageWorstSeverity is UNDEFINED" in said and "the policy denies" in said
        said = skopeo.copy_refused(f"docker://{uri}:1", f"dir:{tmp_path / 'refused'}")
        assert "kho:ImageWorstSeverity is UNDEFINED" in said
        said = aws.refused("ecr", "batch-get-image", *place, "--image-ids", "imageTag=1")
        assert "AccessDeniedException" in said and "kho:ImageWorstSeverity is UNDEFINED" in said

        found = aws(*asked)
        document = tmp_path / "vex.json"
        document.write_text(json.dumps(vex(found["imageScanFindings"]["findings"], found["imageId"]["imageDigest"])))
        said = alice.server.manage("import_vex", alice.account_id, str(document), "--repository", NAME)
        assert "0 left out" in said
        assert not aws(*asked)["imageScanFindings"]["findings"]
        docker.pull(f"{uri}:1")
        skopeo.copy(f"docker://{uri}:1", f"dir:{tmp_path / 'passed'}")
