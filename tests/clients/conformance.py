"""The conformance program of the OCI Distribution specification, and its results, read from its JUnit file."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

from tests.clients.processes import Client

# Cases that the program leaves out unless asked.
STRICTER: Final = ("OCI_API_BLOBS_UPLOAD_CANCEL", "OCI_API_BLOBS_DIGEST_HEADER", "OCI_API_MANIFESTS_DIGEST_HEADER")


@dataclass(frozen=True, slots=True)
class Results:
    """Names of the cases by what became of them; `output` is what the program printed."""

    exit_status: int
    passed: list[str]
    failed: list[str]
    skipped: list[str]
    output: str


def run(host: str, repositories: tuple[str, str], user: str, password: str, folder: Path, *, version: str) -> Results:
    """Run it with credentials, over plain HTTP, on two repositories that are there; its reports stay in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    program = Client(
        "conformance",
        env={
            "OCI_REGISTRY": host,
            "OCI_TLS": "disabled",
            "OCI_REPO1": repositories[0],
            "OCI_REPO2": repositories[1],
            "OCI_USERNAME": user,
            "OCI_PASSWORD": password,
            "OCI_VERSION": version,
            **dict.fromkeys(STRICTER, "true"),
            "OCI_RESULTS_DIR": str(folder),
        },
        folder=folder,
    )
    done = program.attempt(timeout=600)
    by_status: dict[str, list[str]] = {"passed": [], "failed": [], "skipped": []}
    for case in ET.parse(folder / "junit.xml").iter("testcase"):
        by_status[_status(case)].append(case.get("name", ""))
    return Results(done.returncode, **by_status, output=done.stdout + done.stderr)


def _status(case: ET.Element) -> str:
    if case.find("skipped") is not None or case.get("status") == "skipped":
        return "skipped"
    if case.find("failure") is not None or case.find("error") is not None or case.get("status") in {"failure", "error"}:
        return "failed"
    return "passed"
