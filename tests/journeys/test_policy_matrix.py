"""One policy, one answer: the same question through docker, the AWS CLI and the console's simulator."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, Request, build_opener

import pytest

from tests.clients import images, issuer, tenants
from tests.clients.awscli import Aws
from tests.clients.dockerd import Dockerd
from tests.clients.issuer import Issuer
from tests.clients.server import Server
from tests.clients.tenants import USER, Tenant
from tests.journeys.test_aws import PULL, PUSH, aws_of, policy

REPOSITORY = "matrix/app"
EMAIL, PASSWORD = "matrix@example.com", "a shelf of long words"
MAKE_PERSON = """
from accounts.directory import accounts, people
from accounts.caller import operator
account = accounts.get(account_id)
people.add_to_account(people.create(email, password), account)
"""
QUESTIONS = (("pull", "release-1"), ("pull", "main-1"), ("push", "release-2"), ("push", "main-2"))


@dataclass(frozen=True, slots=True)
class Subject:
    """Somebody with credentials, what the simulator calls them, and the answers that the policies give."""

    name: str
    aws: Aws
    principal: str
    answers: tuple[bool, bool, bool, bool]


class Browser:
    """A person in the console, without scripts."""

    def __init__(self, server: Server) -> None:
        self.origin = f"http://{server.host}"
        self.opener: OpenerDirector = build_opener(HTTPCookieProcessor(CookieJar()))
        page = self.opener.open(f"{self.origin}/sign-in").read().decode()
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert found
        fields = {"csrfmiddlewaretoken": found[1], "login": EMAIL, "password": PASSWORD}
        self.opener.open(Request(f"{self.origin}/sign-in", urlencode(fields).encode(), {"Referer": self.origin}))

    def ask(self, account_id: str, **asked: str) -> bool:
        """The simulator's verdict."""
        url = f"{self.origin}/console/{account_id}/iam/simulator?{urlencode(asked)}"
        try:
            text = self.opener.open(url).read().decode()
        except HTTPError as error:
            pytest.fail(f"{url}: {error.read().decode()[-2000:]}")
        found = re.search(r'<section aria-labelledby="answer" class="verdict (allowed|denied)">', text)
        assert found, text
        return found[1] == "allowed"


@pytest.fixture(scope="module")
def ci() -> Iterator[Issuer]:
    """A CI system's issuer of tokens."""
    with issuer.running() as running:
        yield running


@pytest.fixture
def docker(short_path: Path) -> Iterator[Dockerd]:
    """One docker machine, for one after the other."""
    started = Dockerd(short_path / "d")
    yield started
    started.close()


def statement(*actions: str, tag: str = "", **more: Any) -> dict[str, Any]:
    """One that allows the actions, for some tags."""
    made = {"Effect": "Allow", "Action": list(actions), **more}
    return made | ({"Condition": {"StringLike": {"ecr:ImageTag": tag}}} if tag else {})


def subjects(alice: Tenant, charlie: Tenant, ci: Issuer, open_account: Callable[[str, str], Tenant]) -> list[Subject]:
    """Own, granted, assumed, federated, stranger; with the policies that the answers follow from."""
    owner, guest, stranger = aws_of(alice), aws_of(charlie), open_account("mallory", "888899991111")
    resource = {"Resource": "*"}
    token = statement("ecr:GetAuthorizationToken", **resource)

    owner("iam", "create-user", "--user-name", "bo")
    own = policy(
        token,
        statement(*PULL, "ecr:DescribeImages", **resource),
        statement(*PUSH, **resource),
        statement("ecr:PutImage", tag="release-*", **resource),
    )
    owner("iam", "put-user-policy", "--user-name", "bo", "--policy-name", "own", "--policy-document", own)
    key = owner("iam", "create-access-key", "--user-name", "bo")["AccessKey"]

    trusts = policy(statement("sts:AssumeRole", Principal={"AWS": f"arn:aws:iam::{charlie.account_id}:root"}))
    owner("iam", "create-role", "--role-name", "visitor", "--assume-role-policy-document", trusts)
    text = policy(token, statement(*PULL, tag="main-*", **resource))
    owner("iam", "put-role-policy", "--role-name", "visitor", "--policy-name", "main", "--policy-document", text)

    provider = owner(
        "iam", "create-open-id-connect-provider", "--url", ci.url, "--client-id-list", "matrix",
        "--thumbprint-list", "0" * 40,
    )["OpenIDConnectProviderArn"]  # fmt: skip
    name = ci.url.partition("://")[2]
    condition = {"StringEquals": {f"{name}:aud": "matrix", f"{name}:sub": "job"}}
    federated = {"Federated": provider}
    trusts = policy(statement("sts:AssumeRoleWithWebIdentity", Principal=federated, Condition=condition))
    owner("iam", "create-role", "--role-name", "job", "--assume-role-policy-document", trusts)
    text = policy(token, statement(*PUSH, **resource), statement("ecr:PutImage", tag="main-*", **resource))
    owner("iam", "put-role-policy", "--role-name", "job", "--policy-name", "push", "--policy-document", text)

    granted = {"Principal": {"AWS": f"arn:aws:iam::{charlie.account_id}:user/{charlie.name}"}}
    grant = policy(statement(*PULL, tag="release-*", **granted))
    owner("ecr", "set-repository-policy", "--repository-name", REPOSITORY, "--policy-text", grant)

    base = f"arn:aws:iam::{alice.account_id}"
    given = Aws(alice.server)(
        "sts", "assume-role-with-web-identity", "--role-arn", f"{base}:role/job", "--role-session-name", "build",
        "--web-identity-token", ci.token("matrix", "job"),
    )  # fmt: skip
    return [
        Subject("own", Aws(alice.server, key["AccessKeyId"], key["SecretAccessKey"]), f"{base}:user/bo",
                (True, True, True, False)),
        Subject("granted", guest, f"arn:aws:iam::{charlie.account_id}:user/{charlie.name}",
                (True, False, False, False)),
        Subject("assumed", guest.assume(f"{base}:role/visitor", "matrix"), f"{base}:role/visitor",
                (False, True, False, False)),
        Subject("federated", owner.with_session(given["Credentials"]), f"{base}:role/job",
                (False, False, False, True)),
        Subject("stranger", aws_of(stranger), f"arn:aws:iam::{stranger.account_id}:user/{stranger.name}",
                (False, False, False, False)),
    ]  # fmt: skip


def by_docker(docker: Dockerd, uri: str, kind: str, tag: str) -> bool:
    """Whether docker may."""
    if kind == "push":
        done = docker.docker.attempt("push", "--quiet", f"{uri}:{tag}")
        assert done.returncode == 0 or "denied" in done.stderr, done.stderr
        return done.returncode == 0
    docker.docker.attempt("rmi", f"{uri}:{tag}")
    return docker.try_pull(f"{uri}:{tag}")


def by_command(aws: Aws, account_id: str, kind: str, tag: str, manifest: str) -> bool:
    """Whether the AWS CLI may; a push under another tag of the same pattern, so that it changes something."""
    place = ("--registry-id", account_id, "--repository-name", REPOSITORY)
    words: tuple[str, ...]
    if kind == "push":
        words = ("ecr", "put-image", *place, "--image-tag", tag, "--image-manifest", manifest)
    else:
        words = ("ecr", "batch-get-image", *place, "--image-ids", f"imageTag={tag}")
    done = aws.client.attempt(*words, "--output", "json")
    assert done.returncode == 0 or "AccessDenied" in done.stderr, done.stderr
    return done.returncode == 0 and not json.loads(done.stdout).get("failures")


def test_the_same_policy_gives_the_same_answer(alice: Tenant, charlie: Tenant, ci: Issuer, docker: Dockerd) -> None:
    owner = aws_of(alice)
    made = owner("ecr", "create-repository", "--repository-name", REPOSITORY)["repository"]
    uri = made["repositoryUri"]
    docker.login(alice.server.host, USER, owner.password())
    docker.load(images.busybox_archive(), *(f"{uri}:{tag}" for tag in ("release-1", "release-2")))
    docker.load(images.debian_archive(), *(f"{uri}:{tag}" for tag in ("main-1", "main-2")))
    for tag in ("release-1", "main-1"):
        docker.push(f"{uri}:{tag}")
    place = ("--repository-name", REPOSITORY)
    manifests = {
        kind: owner("ecr", "batch-get-image", *place, "--image-ids", f"imageTag={kind}-1")["images"][0]["imageManifest"]
        for kind in ("release", "main")
    }
    alice.server.python(MAKE_PERSON, account_id=alice.account_id, email=EMAIL, password=PASSWORD)
    browser = Browser(alice.server)

    found: dict[str, list[tuple[bool, bool, bool]]] = {}
    expected: dict[str, list[tuple[bool, bool, bool]]] = {}
    made_account = lambda name, number: tenants.open_account(alice.server, name, number, create_on_push=False)  # noqa: E731
    for subject in subjects(alice, charlie, ci, made_account):
        docker.login(alice.server.host, USER, subject.aws.password())
        expected[subject.name] = [(answer,) * 3 for answer in subject.answers]
        found[subject.name] = []
        for kind, tag in QUESTIONS:
            asked = {"principal": subject.principal, "action": kind, "repository": REPOSITORY, "tag": tag}
            manifest = manifests[tag.partition("-")[0]]
            put = f"{tag.partition('-')[0]}-{subject.name}" if kind == "push" else tag
            answers = (
                by_docker(docker, uri, kind, tag),
                by_command(subject.aws, alice.account_id, kind, put, manifest),
                browser.ask(alice.account_id, **asked),
            )
            found[subject.name].append(answers)
    assert found == expected
