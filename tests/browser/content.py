"""An image with all that an image can have, and a chart with all that a chart can have, for pages to show."""

import json

from accounts.caller import Caller
from registry.content.charts import Chart
from registry.core import addresses, images, repositories
from registry.lifecycle import policies as lifecycle_policies
from registry.models import Image
from registry.values import Address, Digest
from tests.factories.registry import push_chart, push_image, push_index

HISTORY = [
    {"created": "2026-01-02T03:04:05Z", "created_by": "/bin/sh -c #(nop) ADD file:2e4a81f0 in / "},
    {"created": "2026-01-02T03:04:05Z", "created_by": '/bin/sh -c #(nop)  CMD ["sh"]', "empty_layer": True},
    {
        "created": "2026-02-02T03:04:05Z",
        "created_by": "RUN /bin/sh -c set -eux; apt-get update; apt-get install --yes --no-install-recommends"
        " ca-certificates curl gnupg libpcre2-8-0 openssl tzdata zlib1g; rm -rf /var/lib/apt/lists/*;"
        " groupadd --system --gid 101 web; useradd --system --gid web --no-create-home --uid 101 web # buildkit",
    },
    {"created": "2026-02-02T03:04:05Z", "created_by": "ENV WEB_VERSION=2.4.1", "empty_layer": True},
    {"created": "2026-02-02T03:04:06Z", "created_by": "COPY --link ./site /srv/site # buildkit"},
    {"created": "2026-02-02T03:04:06Z", "created_by": "EXPOSE map[8080/tcp:{}]", "empty_layer": True},
]
LABELS = {
    "org.opencontainers.image.title": "web",
    "org.opencontainers.image.version": "2.4.1",
    "org.opencontainers.image.description": "Serves the pages of the shop.",
    "org.opencontainers.image.source": "https://github.com/example/shop-web",
    "org.opencontainers.image.revision": "5f1c0d3e8b7a6c5d4e3f2a1b0c9d8e7f6a5b4c3d",
    "org.opencontainers.image.licenses": "Apache-2.0",
    "org.opencontainers.image.base.name": "docker.io/library/debian:bookworm-slim",
}
SETTINGS = {
    "Entrypoint": ["/usr/sbin/web"],
    "Cmd": ["--config", "/etc/web/web.conf", "--listen", ":8080"],
    "WorkingDir": "/srv/site",
    "Env": [
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "WEB_VERSION=2.4.1",
        "DATABASE_URL=postgres://web:hunter2@db.example.com/web",
    ],
    "ExposedPorts": {"8080/tcp": {}},
    "Volumes": {"/var/cache/web": {}},
    "Healthcheck": {"Test": ["CMD-SHELL", "curl -f http://localhost:8080/"], "Interval": 30000000000, "Retries": 3},
    "Labels": LABELS,
}
VALUES = """\
# Values of the shop.

# -- How many copies run at once
replicas: 2

image:
  # -- Where the image comes from
  repository: {host}/shop/web
  # -- Which one; the app version if empty
  tag: ""
  pullPolicy: IfNotPresent

service:
  # -- ClusterIP, NodePort or LoadBalancer
  type: ClusterIP
  port: 80

# -- More variables of the container
env: []
"""
README = """\
# shop

A chart that runs the shop.

## Install

```console
helm install my-shop oci://registry.example.com/charts/shop
```

## Upgrade

Nothing to do.

## Values

| Key | Default |
|---|---|
| `replicas` | 2 |
| `service.port` | 80 |

## Licence

Apache-2.0
"""
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
spec:
  replicas: {{ .Values.replicas }}
  template:
    spec:
      initContainers:
        - name: wait
          image: docker.io/library/busybox:1.37
      containers:
        - name: web
          image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"
"""
CRD = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: shelves.shop.example.com
spec:
  group: shop.example.com
  scope: Namespaced
  names:
    kind: Shelf
    plural: shelves
  versions:
    - name: v1
      served: true
      storage: true
"""
SCHEMA = {
    "required": ["image"],
    "properties": {
        "replicas": {"type": "integer", "default": 2, "description": "How many copies run at once"},
        "image": {"type": "object", "properties": {"pullPolicy": {"enum": ["Always", "IfNotPresent", "Never"]}}},
    },
}
CHART_YAML = """\
apiVersion: v2
name: shop
version: {version}
appVersion: "2.4.1"
description: Runs the shop on Kubernetes.
type: application
kubeVersion: ">=1.27"
home: https://example.com/shop
sources: [https://github.com/example/shop]
keywords: [shop, web]
maintainers: [{{name: Ana Trần, email: ana@example.com}}]
dependencies:
  - {{name: postgresql, version: ~16.2, repository: "https://charts.example.com", condition: postgresql.enabled}}
annotations:
  artifacthub.io/license: Apache-2.0
  artifacthub.io/changes: |
    - kind: added
      description: A definition of shelves
    - kind: security
      description: The container runs as user 101
"""


LIFECYCLE = """\
{"rules": [
  {"rulePriority": 1, "description": "the last release stays",
   "selection": {"tagStatus": "tagged", "tagPatternList": ["2.*"], "countType": "imageCountMoreThan", "countNumber": 1},
   "action": {"type": "expire"}},
  {"rulePriority": 2, "selection": {"tagStatus": "any", "countType": "sinceImagePushed", "countUnit": "days",
   "countNumber": 30}, "action": {"type": "transition", "targetStorageClass": "archive"}}]}
"""


def push(caller: Caller, account_id: str) -> None:
    """Push both into public repositories, and the image into a private one."""
    for address in (addresses.public(account_id, "shop/web"), addresses.private(account_id, "team/web")):
        repositories.create(caller, address)
        push_web(caller, address)
    private = addresses.private(account_id, "team/web")
    lifecycle_policies.put(caller, private, LIFECYCLE)
    images.delete(caller, private, Digest.parse(push_image(caller, private, "2.3").digest))
    charts = addresses.public(account_id, "charts/shop")
    repositories.create(caller, charts)
    push_charts(caller, charts)


def push_web(caller: Caller, address: Address) -> None:
    """An older image under the tag first; then one for two platforms, with something attached."""
    web_image(caller, address, "amd64", "2.4", [b"system" * 900, b"packages" * 400], user="web")
    layers = [b"system" * 900, b"packages" * 500, b"site" * 90]
    children = [web_image(caller, address, name, "", layers) for name in ("amd64", "arm64")]
    index = push_index(caller, address, "2.4", children)
    push_index(caller, address, "latest", children)
    subject = {"mediaType": index.media_type, "digest": index.digest, "size": index.manifest_size}
    push_image(caller, address, subject=subject, artifactType="application/vnd.example.notes.v1")


def web_image(
    caller: Caller, address: Address, architecture: str, tag: str, layers: list[bytes], user: str = ""
) -> Image:
    """An image with history and settings for one architecture; with three layers as its last version has them."""
    history = HISTORY if len(layers) == 3 else HISTORY[:3]
    settings = SETTINGS | ({"User": user} if user else {})
    body = {"os": "linux", "architecture": architecture, "created": "2026-02-02T03:04:06Z"}
    config = json.dumps(body | {"config": settings, "history": history}).encode()
    return push_image(caller, address, tag, layers=layers, config=config)


def push_charts(caller: Caller, address: Address) -> None:
    """Two versions of a chart."""
    files = {
        "README.md": README,
        "values.schema.json": json.dumps(SCHEMA, indent=2),
        "templates/deployment.yaml": DEPLOYMENT,
        "templates/service.yaml": "apiVersion: v1\nkind: Service\nmetadata: {name: shop}\n",
    }
    values = VALUES.replace("{host}", "registry.example.com")
    for version, more in (("0.9.0", {}), ("1.0.0", {"crds/shelves.yaml": CRD})):
        said = {"Chart.yaml": CHART_YAML.format(version=version)}
        chart = Chart(
            "shop", version, "2.4.1", "Runs the shop on Kubernetes.", values=values, files=files | more | said
        )
        push_chart(caller, address, chart)
        values = values.replace("replicas: 2", "replicas: 3").replace("env: []", "env: []\n\nresources: {}")
        files["templates/service.yaml"] += "spec: {type: ClusterIP}\n"
