"""docker and skopeo pull by every name of a publisher; a released one leads nowhere within seconds."""

from collections.abc import Callable
from pathlib import Path

from tests.clients import images
from tests.clients.awscli import Aws
from tests.clients.engines import Engine
from tests.clients.processes import CommandFailed, wait_for
from tests.clients.skopeo import Skopeo
from tests.clients.tenants import USER, Tenant

ASK = """
from accounts.caller import operator
from gallery.aliases import requests
why = "We are the makers of this journey, known by this name."
site = "https://journey.example/"
requests.create(operator(account_id), account_id, alias=alias, reason=why, website=site, agreed=True)
"""
RELEASE = """
from accounts.caller import operator
from gallery.aliases import names
names.release(operator(account_id), account_id, alias, by="journey")
"""
TAKE_BACK = RELEASE.replace("names.release", "names.take_back")


def test_it_works_to_pull_by_both_names(alice: Tenant, machine: Callable[[str], Engine], tmp_path: Path) -> None:
    server, alias = alice.server, "journeyman"
    public = alice.create_public("by-name")
    skopeo = Skopeo(tmp_path)
    skopeo.login(server.host, USER, alice.password())
    skopeo.copy(f"oci:{images.busybox()}:1", f"docker://{public}:1")
    named = f"{server.host}/{alias}/by-name:1"

    server.python(ASK, account_id=alice.account_id, alias=alias)
    docker = machine("docker")
    docker.pull_refused(named)
    server.manage("aliases", "approve", alias, "--note", "Welcome.")
    for reference in (f"{public}:1", named):
        docker.pull(reference)
    assert docker.image_id(named) == docker.image_id(f"{public}:1")
    assert skopeo.digest(f"docker://{named}") == skopeo.digest(f"docker://{public}:1")

    server.python(RELEASE, account_id=alice.account_id, alias=alias)

    def is_gone() -> bool:
        try:
            skopeo.digest(f"docker://{named}")
        except CommandFailed:
            return True
        return False

    wait_for("the released name leads nowhere", is_gone, seconds=5)
    assert skopeo.digest(f"docker://{public}:1")
    server.python(TAKE_BACK, account_id=alice.account_id, alias=alias)
    wait_for("the name leads back", lambda: not is_gone(), seconds=5)


def test_the_aws_cli_lists_names_with_their_states(alice: Tenant) -> None:
    alice.create_public("listed")
    alice.server.python(ASK, account_id=alice.account_id, alias="asked-for")
    aws = Aws(alice.server, alice.key_id, alice.secret)
    [registry] = aws("ecr-public", "describe-registries")["registries"]
    assert {"name": "asked-for", "status": "PENDING"} in [
        {key: each[key] for key in ("name", "status")} for each in registry["aliases"]
    ]
    assert any(each["defaultRegistryAlias"] and each["status"] == "ACTIVE" for each in registry["aliases"])
