"""What the help says: its topics, commands with this host's name, and policies that can be used as they stand."""

import json
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

TOPICS: Final[dict[str, tuple[Any, Any]]] = {
    "first-pull": (_("First pull"), _("Get a public image and run it; no account is needed.")),
    "log-in": (_("Log in"), _("With docker, podman, helm or the AWS command line, and from a CI job.")),
    "first-push": (_("First push"), _("Create a repository, name an image after it, push.")),
    "policies": (_("Policies by example"), _("Who may pull and push: four policies to copy and change.")),
    "lifecycle": (_("Lifecycle by example"), _("Rules for images that are not needed any more.")),
    "api": (_("API"), _("The AWS calls, the OCI Distribution API, the gallery as JSON, and where to send them.")),
    "use-policy": (_("Use policy"), _("What may be published here, names, takedowns, and how the staff decide.")),
    "glossary": (_("Glossary"), _("The words of these pages in English and Vietnamese.")),
    "keyboard": (_("Keyboard"), _("Keys that save a way with the mouse.")),
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where the reader's clients go (hosts for docker, the origin for APIs), and what examples are about."""

    host: str
    image: str
    chart: str
    private_host: str
    origin: str
    account: str
    region: str
    is_plain: bool

    def commands(self) -> dict[str, str]:
        """Every command of the help, by the name that its templates use."""
        repository = self.image.rpartition(":")[0]
        chart, _colon, version = self.chart.rpartition(":")
        private = f"{self.private_host}/my-app" if self._is_ecr_shaped else f"{self.private_host}/{self.account}/my-app"
        plain = " --tls-verify=false" if self.is_plain else ""
        helm = " --plain-http" if self.is_plain else ""
        return {
            "pull": f"docker pull {self.host}/{self.image}",
            "run": f"docker run --rm {self.host}/{self.image}",
            "pull_digest": f"docker pull {self.host}/{repository}@sha256:<64 digits>",
            "pull_podman": f"podman pull{plain} {self.host}/{self.image}",
            "pull_containerd": f"ctr images pull{helm} {self.host}/{self.image}",
            "pull_helm": f"helm pull oci://{self.host}/{chart} --version {version}{helm}",
            "login_key": f"docker login --username <access key id> {self.private_host}",
            "login_password": (
                f"aws ecr get-login-password | docker login --username AWS --password-stdin {self.private_host}"
            ),
            "login_docker": f"docker login --username AWS {self.private_host}",
            "login_podman": f"podman login{plain} --username AWS {self.private_host}",
            "login_helm": f"helm registry login{helm} --username AWS {self.private_host}",
            "login_role": (
                "aws sts assume-role-with-web-identity --role-session-name job"
                f" --role-arn arn:aws:iam::{self.account}:role/ci --web-identity-token file://token"
            ),
            "endpoint": f"export AWS_ENDPOINT_URL={self.origin} AWS_DEFAULT_REGION={self.region}",
            "create": "aws ecr create-repository --repository-name my-app",
            "tag": f"docker tag my-app {private}:1",
            "push": f"docker push {private}:1",
            "insecure": json.dumps({"insecure-registries": sorted({self.host, self.private_host})}),
            "who": "aws sts get-caller-identity",
            "images": "aws ecr describe-images --repository-name my-app",
            "tags_list": f"curl {self.origin}/v2/{repository}/tags/list",
            "search": f"curl '{self.origin}/api/v1/search?q=hello'",
            "openapi": f"curl {self.origin}/api/openapi.json",
            "put_user_policy": "aws iam put-user-policy --user-name ana --policy-name pull --policy-document file://policy.json",
            "set_policy": "aws ecr set-repository-policy --repository-name my-app --policy-text file://policy.json",
            "put_lifecycle": (
                "aws ecr put-lifecycle-policy --repository-name my-app --lifecycle-policy-text file://lifecycle.json"
            ),
            "get_lifecycle": "aws ecr get-lifecycle-policy --repository-name my-app",
        }

    @property
    def _is_ecr_shaped(self) -> bool:
        """Whether the host says which account is meant, so that paths don't."""
        return self.private_host.startswith(f"{self.account}.dkr.")

    def policies(self) -> dict[str, str]:
        """Policies by name: `pull` and `tags` are for users and roles, `partner` and `network` for repositories."""
        repository = f"arn:aws:ecr:*:{self.account}:repository"
        login = {"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"}
        pull = ["ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"]
        push = [
            "ecr:InitiateLayerUpload",
            "ecr:UploadLayerPart",
            "ecr:CompleteLayerUpload",
            "ecr:BatchCheckLayerAvailability",
        ]
        releases = {"StringLikeIfExists": {"ecr:ImageTag": "release-*"}}
        return {
            "pull": _policy(login, {"Effect": "Allow", "Action": pull, "Resource": f"{repository}/team/*"}),
            "tags": _policy(
                login,
                {"Effect": "Allow", "Action": push, "Resource": f"{repository}/my-app"},
                {
                    "Effect": "Allow",
                    "Action": "ecr:PutImage",
                    "Resource": f"{repository}/my-app",
                    "Condition": releases,
                },
            ),
            "partner": _policy(
                {"Sid": "Partner", "Effect": "Allow", "Principal": {"AWS": "444455556666"}, "Action": pull}
            ),
            "network": _policy(
                {
                    "Sid": "OnlyFromOurNetwork",
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": pull,
                    "Condition": {"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
                }
            ),
        }


def _policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, indent=2)


def lifecycle() -> dict[str, str]:
    """Lifecycle policies by name."""
    days = {"countType": "sinceImagePushed", "countUnit": "days"}
    number = {"countType": "imageCountMoreThan"}
    return {
        "untagged": _rules("Untagged images go after 14 days", {"tagStatus": "untagged", "countNumber": 14} | days),
        "newest": _rules("Keep the newest 30", {"tagStatus": "any", "countNumber": 30} | number),
        "branches": _rules(
            "Images of branches go after 7 days",
            {"tagStatus": "tagged", "tagPatternList": ["branch-*"], "countNumber": 7} | days,
        ),
    }


def _rules(description: str, selection: dict[str, Any]) -> str:
    rule = {"rulePriority": 1, "description": description, "selection": selection, "action": {"type": "expire"}}
    return json.dumps({"rules": [rule]}, indent=2)
