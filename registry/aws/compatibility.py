"""What is served of the AWS APIs and where it differs from AWS on purpose: the source of docs/aws-compatibility.md."""

from typing import Final

from registry.aws import dispatch
from registry.aws.pending import PENDING
from registry.aws.wire import models

TITLES: Final = {"ecr": "Amazon ECR", "ecr-public": "Amazon ECR Public", "sts": "AWS STS", "iam": "AWS IAM"}

DIFFERENCES: Final[dict[str, dict[str, str]]] = {
    "ecr": {
        "CreateRepository": "Encryption with KMS keys is refused (KmsException).",
        "DeleteRepository": "The name is free at once.",
        "GetAuthorizationToken": "proxyEndpoint is the deployment's own address, or AWS's with KHO_AWS_HOST_NAMES.",
        "GetDownloadUrlForLayer": "The address is of the deployment, good for an hour, and ends with the repository.",
        "PutLifecyclePolicy": "Has more rules; says line and column of what is wrong ([Lifecycle](lifecycle.md)).",
        "PutAccountSetting": "BASIC_SCAN_TYPE_VERSION takes AWS_NATIVE only. ATTACHED_VEX (SHOWN, TRUSTED) is ours.",
        "StartImageScan": "A scan that failed may be asked for again at once, also with enhanced scanning.",
        "DescribeImageScanFindings": (
            "FINDINGS_UNAVAILABLE while there are no advisories about what is in the image. Ignored findings are "
            "SUPPRESSED in enhanced scanning, and not there in basic scanning."
        ),
        "PutReplicationConfiguration": "Destinations are regions of the deployment, and any account of it.",
        "DescribeImageReplicationStatus": "failureCode is the name of what hindered it, such as AccessDenied.",
        "CreateRepositoryCreationTemplate": ("Resource tags need no customRoleArn. KMS keys are refused."),
        "UpdateRepositoryCreationTemplate": "As CreateRepositoryCreationTemplate.",
        "SetRepositoryPolicy": "`ecr:ImageTag` and `kho:` keys are Kho's own. The last 20 texts are kept.",
        "ListImages": "No image is ever ACTIVATING: see UpdateImageStorageClass.",
        "DescribeImages": "No image is ever ACTIVATING: see UpdateImageStorageClass.",
        "UpdateImageStorageClass": (
            "Restoring takes no time: the answer already says ACTIVE, and so does DescribeImages, so who polls for "
            "ACTIVE goes on at once. No image is ever ACTIVATING, and an image may be archived for less than 90 days."
        ),
        "UploadLayerPart": "Parts of any size up to 20 MiB; all but the last need 5 MiB, as there.",
    },
    "ecr-public": {
        "PutRepositoryCatalogData": "What is not given stays. Everybody sees logos, as PNG of 60 to 2048 pixels.",
        "GetAuthorizationToken": "Good for 12 hours on this deployment only.",
        "DescribeImages": "Every account may ask, as everybody may pull.",
        "DescribeImageTags": "Every account may ask, as everybody may pull.",
    },
    "sts": {
        "GetSessionToken": "Second factors (SerialNumber, TokenCode) are refused.",
        "AssumeRoleWithWebIdentity": "Thumbprints are not used: the issuer's certificate is checked as any other.",
    },
    "iam": {
        "CreateOpenIDConnectProvider": "Thumbprints are kept and not used.",
        "CreateRole": "PermissionsBoundary is refused (InvalidInput).",
        "CreateUser": "PermissionsBoundary is refused (InvalidInput).",
        "UpdateUser": "Policies that name the old ARN no longer mean the user.",
    },
}
"""By service and operation: what somebody who knows AWS would not expect."""


def page() -> str:
    """The text of docs/aws-compatibility.md."""
    parts = [
        "# AWS compatibility\n",
        "Which operations of the AWS APIs this version serves, and where it differs on purpose. What else a client",
        "can see is meant to be as AWS does it; where it is not, that is a bug. `manage.py aws_compatibility` prints",
        "this page.\n",
    ]
    for service, title in TITLES.items():
        model = models.service(service)
        served = sorted(dispatch.served(service))
        parts.append(f"## {title}\n")
        if service in PENDING:
            parts.append(f"{len(served)} of {len(model.operation_names)} operations.\n")
        parts.append("| operation | differs |\n|---|---|")
        differences = DIFFERENCES.get(service, {})
        parts += [f"| {name} | {differences.get(name, '')} |" for name in served]
        parts.append("")
        for topic, names in PENDING.get(service, {}).items():
            parts.append(f"Not served yet ({topic}): {', '.join(names)}.\n")
    return "\n".join(parts).rstrip() + "\n"
