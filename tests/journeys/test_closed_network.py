"""Unmodified clients that know only AWS's host names: the AWS CLI without an endpoint, the ECR credential helpers."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.clients import closed_network, images, tenants
from tests.clients.closed_network import ClosedNetwork
from tests.clients.dockerd import Dockerd
from tests.clients.helm import Helm
from tests.clients.processes import Client
from tests.clients.server import Server
from tests.clients.tenants import USER, Tenant

ACCOUNT: Final = "123456789012"
REGIONS: Final = ("us-east-1", "eu-west-1")
HOST: Final = f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com"
ELSEWHERE: Final = f"{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com"
PUBLIC: Final = "public.ecr.aws"


class Network:
    """Programs inside the closed network with the keys of the account."""

    def __init__(self, closed: ClosedNetwork, owner: Tenant) -> None:
        self.closed = closed
        self.keys = {"AWS_ACCESS_KEY_ID": owner.key_id, "AWS_SECRET_ACCESS_KEY": owner.secret}
        self.config = closed.folder / ".docker" / "config.json"

    def client(self, *command: str, **env: str) -> Client:
        """A program."""
        return self.closed.client(*command, **self.keys, **env)

    def aws(self, *words: str, region: str = "us-east-1") -> Any:
        """`aws`, with nothing but keys and a region; what it answered."""
        said = self.client("aws", AWS_REGION=region, AWS_DEFAULT_REGION=region)(*words)
        return json.loads(said) if said else None

    def repository(self, name: str, region: str = "us-east-1") -> str:
        """Make a private repository; its URI."""
        made = self.aws("ecr", "create-repository", "--repository-name", name, region=region)
        return str(made["repository"]["repositoryUri"])


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Kho under AWS's names, with two regions."""
    settings = {
        "KHO_AWS_HOST_NAMES": "1",
        "KHO_REGIONS": ",".join(REGIONS),
        "KHO_TRUSTED_PROXIES": "127.0.0.0/8",
    }
    server = Server(tmp_path_factory.mktemp("aws-names"), settings=settings)
    server.prepare()
    server.start()
    yield server
    server.close()


@pytest.fixture(scope="module")
def network(deployment: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    """Names, certificates, TLS; logins come from the ECR credential helper."""
    owner = tenants.open_account(deployment, "alice", ACCOUNT, create_on_push=False)
    with closed_network.around(deployment, tmp_path_factory.mktemp("network"), [ACCOUNT], REGIONS) as closed:
        made = Network(closed, owner)
        made.config.parent.mkdir()
        helpers = {"credHelpers": dict.fromkeys((HOST, ELSEWHERE, PUBLIC), "ecr-login")}
        made.config.write_text(json.dumps(helpers), encoding="utf-8")
        yield made


@pytest.fixture
def dockerd(network: Network, short_path: Path) -> Iterator[Dockerd]:
    """A docker machine inside the network."""
    env = network.closed.env | network.keys | {"DOCKER_CONFIG": str(network.config.parent)}
    machine = Dockerd(short_path / "d", inside=network.closed.inside, env=env)
    yield machine
    machine.close()


def test_it_works_with_default_endpoints(network: Network) -> None:
    assert network.aws("sts", "get-caller-identity")["Account"] == ACCOUNT
    assert network.repository("team/app") == f"{HOST}/team/app"
    [token] = network.aws("ecr", "get-authorization-token")["authorizationData"]
    assert token["proxyEndpoint"] == f"https://{HOST}"
    helper = network.client("docker-credential-ecr-login", "get")
    login = json.loads(helper(text=HOST))
    assert login["Username"] == USER and login["Secret"]


def test_it_works_with_docker(network: Network, dockerd: Dockerd) -> None:
    """Push and pull, private and public, without a login of one's own."""
    uri = network.repository("docker/app")
    public = network.aws("ecr-public", "create-repository", "--repository-name", "docker-tool")["repository"]
    for reference in (f"{uri}:1", f"{public['repositoryUri']}:1"):
        dockerd.load(images.busybox_archive(), reference)
        pushed = dockerd.image_id(reference)
        dockerd.push(reference)
        dockerd.remove(reference)
        dockerd.pull(reference)
        assert dockerd.image_id(reference) == pushed
    [image] = network.aws("ecr", "describe-images", "--repository-name", "docker/app")["imageDetails"]
    assert image["imageTags"] == ["1"]
    assert "does not exist" in dockerd.pull_refused(f"{HOST}/docker/none:1")


def test_it_works_with_skopeo(network: Network, tmp_path: Path) -> None:
    uri = network.repository("skopeo/app")
    archive = f"docker-archive:{images.busybox_archive()}"
    skopeo = network.client("skopeo", REGISTRY_AUTH_FILE=str(network.config))
    skopeo("copy", "--quiet", archive, f"docker://{uri}:1")
    skopeo("copy", "--quiet", f"docker://{uri}:1", f"oci:{tmp_path / 'copy'}:1")
    [image] = network.aws("ecr", "describe-images", "--repository-name", "skopeo/app")["imageDetails"]
    assert image["imageTags"] == ["1"]

    made = network.aws("ecr-public", "create-repository", "--repository-name", "tool")["repository"]
    assert made["repositoryUri"].startswith(f"{PUBLIC}/")
    skopeo("copy", "--quiet", archive, f"docker://{made['repositoryUri']}:1")
    nobody = network.closed.client("skopeo", REGISTRY_AUTH_FILE=str(tmp_path / "nothing.json"))
    nobody("copy", "--quiet", f"docker://{made['repositoryUri']}:1", f"oci:{tmp_path / 'public'}:1")
    assert nobody.refused("copy", f"docker://{uri}:1", f"oci:{tmp_path / 'no'}:1")


def test_it_works_with_helm(network: Network, tmp_path: Path) -> None:
    network.repository("charts/hello")
    package = Helm(tmp_path / "helm").chart("hello", "1.0.0")
    env = {"HELM_REGISTRY_CONFIG": str(network.config), "DOCKER_CONFIG": str(network.config.parent)}
    helm = network.client("helm", **env)
    helm("push", str(package), f"oci://{HOST}/charts")
    helm("pull", f"oci://{HOST}/charts/hello", "--version", "1.0.0", "--destination", str(tmp_path))
    assert (tmp_path / "hello-1.0.0.tgz").read_bytes() == package.read_bytes()


def test_it_works_with_the_kubelets_plugin(network: Network, tmp_path: Path) -> None:
    """ecr-credential-provider answers with a login that pulls, for private and public images."""
    uri = network.repository("kubelet/app")
    archive = f"docker-archive:{images.busybox_archive()}"
    network.client("skopeo", REGISTRY_AUTH_FILE=str(network.config))("copy", "--quiet", archive, f"docker://{uri}:1")
    plugin = network.client("ecr-credential-provider", "get-credentials")
    for image, host in ((f"{uri}:1", HOST), (f"{PUBLIC}/a/b:1", PUBLIC)):
        asked = {"apiVersion": "credentialprovider.kubelet.k8s.io/v1", "kind": "CredentialProviderRequest"}
        answer = json.loads(plugin(text=json.dumps(asked | {"image": image})))
        login = answer["auth"][host]
        assert login["username"] == USER and answer["cacheDuration"] in {"6h0m0s", "5h59m59s"}
        if host == HOST:
            credentials = f"{login['username']}:{login['password']}"
            skopeo = network.closed.client("skopeo", "copy", "--quiet", "--src-creds", credentials)
            skopeo(f"docker://{image}", f"oci:{tmp_path / 'copy'}:1")


def test_each_region_has_its_own_repositories(network: Network, tmp_path: Path) -> None:
    """The signature chooses the region of the API, the host name that of the registry."""
    uri = network.repository("regional/app", region="eu-west-1")
    assert uri == f"{ELSEWHERE}/regional/app"
    skopeo = network.client("skopeo", REGISTRY_AUTH_FILE=str(network.config))
    archive = f"docker-archive:{images.busybox_archive()}"
    skopeo("copy", "--quiet", archive, f"docker://{uri}:1")
    [token] = network.aws("ecr", "get-authorization-token", region="eu-west-1")["authorizationData"]
    assert token["proxyEndpoint"] == f"https://{ELSEWHERE}"
    named = ("ecr", "describe-images", "--repository-name", "regional/app")
    assert network.aws(*named, region="eu-west-1")["imageDetails"][0]["imageTags"] == ["1"]
    assert "RepositoryNotFoundException" in network.client("aws").refused(*named)
    assert "does not exist" in skopeo.refused("copy", archive, f"docker://{HOST}/regional/app:1")
    network.repository("regional/app")
    assert network.aws(*named)["imageDetails"] == []
    skopeo("copy", "--quiet", f"docker://{uri}:1", f"docker://{HOST}/regional/app:copied")
    assert network.aws(*named)["imageDetails"][0]["imageTags"] == ["copied"]
