"""Unmodified clients that know only AWS's host names: the AWS CLI without an endpoint, the ECR credential helper."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients import closed_network, images, tenants
from tests.clients.closed_network import ClosedNetwork
from tests.clients.helm import Helm
from tests.clients.server import Server
from tests.clients.tenants import Tenant

ACCOUNT = "123456789012"
HOST = f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com"


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Kho under AWS's names."""
    settings = {"KHO_AWS_HOST_NAMES": "1", "KHO_TRUSTED_PROXIES": "127.0.0.0/8"}
    server = Server(tmp_path_factory.mktemp("aws-names"), settings=settings)
    server.prepare()
    server.start()
    yield server
    server.close()


@pytest.fixture(scope="module")
def owner(deployment: Server) -> Tenant:
    """The account of the names."""
    return tenants.open_account(deployment, "alice", ACCOUNT, create_on_push=False)


@pytest.fixture(scope="module")
def network(deployment: Server, owner: Tenant, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClosedNetwork]:
    """Names, certificates, TLS."""
    with closed_network.around(deployment, tmp_path_factory.mktemp("network"), [ACCOUNT]) as made:
        (made.folder / ".docker").mkdir()
        helpers = {"credHelpers": {HOST: "ecr-login", "public.ecr.aws": "ecr-login"}}
        (made.folder / ".docker" / "config.json").write_text(json.dumps(helpers), encoding="utf-8")
        yield made


def test_it_works_with_default_endpoints_and_the_credential_helper(
    network: ClosedNetwork, owner: Tenant, tmp_path: Path
) -> None:
    keys = {"AWS_ACCESS_KEY_ID": owner.key_id, "AWS_SECRET_ACCESS_KEY": owner.secret}
    aws = network.client("aws", **keys)
    assert json.loads(aws("sts", "get-caller-identity"))["Account"] == ACCOUNT
    made = json.loads(aws("ecr", "create-repository", "--repository-name", "team/app"))["repository"]
    assert made["repositoryUri"] == f"{HOST}/team/app"
    [token] = json.loads(aws("ecr", "get-authorization-token"))["authorizationData"]
    assert token["proxyEndpoint"] == f"https://{HOST}"

    helper = network.client("docker-credential-ecr-login", "get", **keys)
    login = json.loads(helper(text=HOST))
    assert login["Username"] == "AWS" and login["Secret"]

    skopeo = network.client("skopeo", **keys, REGISTRY_AUTH_FILE=str(network.folder / ".docker" / "config.json"))
    skopeo("copy", "--quiet", f"docker-archive:{images.busybox_archive()}", f"docker://{HOST}/team/app:1")
    skopeo("copy", "--quiet", f"docker://{HOST}/team/app:1", f"oci:{tmp_path / 'copy'}:1")
    described = json.loads(aws("ecr", "describe-images", "--repository-name", "team/app"))["imageDetails"]
    assert described[0]["imageTags"] == ["1"]

    aws("ecr", "create-repository", "--repository-name", "charts/hello")
    package = Helm(tmp_path / "helm").chart("hello", "1.0.0")
    config = str(network.folder / ".docker" / "config.json")
    helm = network.client("helm", **keys, HELM_REGISTRY_CONFIG=config, DOCKER_CONFIG=str(network.folder / ".docker"))
    helm("push", str(package), f"oci://{HOST}/charts")
    helm("pull", f"oci://{HOST}/charts/hello", "--version", "1.0.0", "--destination", str(tmp_path))

    public = json.loads(aws("ecr-public", "create-repository", "--repository-name", "tool"))["repository"]
    assert public["repositoryUri"].startswith("public.ecr.aws/")
    skopeo("copy", "--quiet", f"docker-archive:{images.busybox_archive()}", f"docker://{public['repositoryUri']}:1")
    nobody = network.client("skopeo", REGISTRY_AUTH_FILE=str(tmp_path / "nothing.json"))
    nobody("copy", "--quiet", f"docker://{public['repositoryUri']}:1", f"oci:{tmp_path / 'public'}:1")
    assert nobody.refused("copy", f"docker://{HOST}/team/app:1", f"oci:{tmp_path / 'no'}:1")
