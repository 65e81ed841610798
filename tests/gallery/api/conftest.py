"""A publisher with images and charts, and a program that asks about them."""

import json
from typing import Any, Protocol

import pytest
from django.test import Client

from accounts.caller import Caller
from gallery.search import index
from registry.content.charts import Chart
from registry.core import aliases
from registry.models import Image
from registry.values import Address
from tests.factories.registry import make_public_repository, push_chart, push_image, push_index

CONFIG: dict[str, Any] = {
    "os": "linux",
    "architecture": "amd64",
    "config": {
        "Entrypoint": ["/entry"],
        "Env": ["PATH=/bin", "DB_PASSWORD=hunter2"],
        "ExposedPorts": {"80/tcp": {}},
        "Healthcheck": {"Test": ["CMD", "true"], "Interval": 30_000_000_000},
        "Labels": {"org.opencontainers.image.licenses": "MIT", "org.opencontainers.image.url": "javascript:alert(1)"},
    },
    "history": [
        {"created_by": "/bin/sh -c #(nop) ADD rootfs in / "},
        {"created_by": "ENV A=1", "empty_layer": True},
        {"created_by": "RUN curl -H 'Private-Token: hunter2' https://example.com"},
    ],
}
VALUES = """\
# -- How many run
replicas: {replicas}
image:
  repository: example.com/app
  tag: "1.0"
"""
CHART = """\
apiVersion: v2
name: shop
version: 1.0.0
appVersion: "3.0"
description: Sells things
maintainers:
- {name: Ana, email: ana@example.com}
dependencies:
- {name: database, version: 1.x, repository: "https://example.com/charts"}
annotations:
  artifacthub.io/license: MIT
  artifacthub.io/changes: |
    - kind: added
      description: A door
      links:
      - {name: Why, url: "https://example.com/why"}
"""
FILES = {
    "README.md": "# shop\n\nSells **things**.",
    "values.schema.json": json.dumps({"properties": {"replicas": {"type": "integer", "default": 2}}}),
    "templates/job.yaml": "kind: Job\nimage: nginx:1\n",
    "templates/service.yaml": "kind: Service\n",
    "crds/door.yaml": "kind: CustomResourceDefinition\nspec: {group: example.com, names: {kind: Door}, scope: All}\n",
    "CHANGELOG.md": "# Changelog\n\n## 1.1.0\n\nA door.",
}


class Ask(Protocol):
    """Asks a path of the API and returns the value of the answer."""

    def __call__(self, path: str, status: int = 200) -> Any:
        """Fail for another status."""


@pytest.fixture
def ask(client: Client) -> Ask:
    """A program from another origin."""

    def answer(path: str, status: int = 200) -> Any:
        found = client.get(f"/api/v1/{path}")
        assert found.status_code == status, (path, found.content)
        assert found.headers["Access-Control-Allow-Origin"] == "*"
        assert found.headers["Content-Type"].startswith("application/json")
        if status == 200:
            assert found.headers["Cache-Control"] == "public, max-age=5"
        elif status >= 400:
            assert set(found.json()) == {"detail"} and isinstance(found.json()["detail"], str)
        return found.json()

    return answer


@pytest.fixture
def image(alice: Caller, public_address: Address) -> Image:
    """An image of two layers with history and what must not be shown."""
    config = json.dumps(CONFIG).encode()
    return push_image(alice, public_address, "1.0", layers=[b"a" * 300, b"b" * 100], config=config)


@pytest.fixture
def app(alice: Caller, public_address: Address, image: Image) -> str:
    """The path of a repository with that image, another one, an index over both and a signature."""
    arm = push_image(alice, public_address, "1.0-arm", architecture="arm64", layers=[b"a" * 300])
    push_index(alice, public_address, "all", [arm, image])
    subject = {"mediaType": image.media_type, "digest": image.digest, "size": image.manifest_size}
    signature = push_image(alice, public_address, "sig", subject=subject)
    Image.objects.filter(id=signature.id).update(kind=Image.Kind.SIGNATURE)
    index.rebuild()
    return f"repositories/{aliases.primary(alice.account_id)}/app"


@pytest.fixture
def shop(alice: Caller) -> str:
    """The path of a repository with two versions of a chart."""
    address = make_public_repository(alice, "charts/shop").address
    made = Chart("shop", "1.0.0", values=VALUES.format(replicas=2), files=FILES | {"Chart.yaml": CHART})
    push_chart(alice, address, made)
    newer = FILES | {"templates/job.yaml": "kind: CronJob\n", "templates/new.yaml": "kind: Pod\n"}
    push_chart(alice, address, Chart("shop", "1.1.0", "3.1", values=VALUES.format(replicas=3), files=newer))
    index.rebuild()
    return f"repositories/{aliases.primary(alice.account_id)}/charts/shop"
