"""Media types of manifests, configs and well-known artifacts.

Sources: OCI Image Specification 1.1, "Media Types"; Docker Image Manifest V2, Schema 2; the documentation of Helm,
cosign, Notation, in-toto, SPDX, CycloneDX and BuildKit.
"""

import re
from typing import Final

OCI_MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX: Final = "application/vnd.oci.image.index.v1+json"
OCI_CONFIG: Final = "application/vnd.oci.image.config.v1+json"
OCI_LAYER: Final = "application/vnd.oci.image.layer.v1.tar+gzip"
OCI_EMPTY: Final = "application/vnd.oci.empty.v1+json"
DOCKER_MANIFEST: Final = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST: Final = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_CONFIG: Final = "application/vnd.docker.container.image.v1+json"
DOCKER_FOREIGN_LAYER: Final = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
HELM_CONFIG: Final = "application/vnd.cncf.helm.config.v1+json"
HELM_CHART: Final = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
BUILDKIT_CACHE: Final = "application/vnd.buildkit.cacheconfig.v0"

IMAGES: Final = frozenset({OCI_MANIFEST, DOCKER_MANIFEST})
INDEXES: Final = frozenset({OCI_INDEX, DOCKER_LIST})
MANIFESTS: Final = IMAGES | INDEXES
IMAGE_CONFIGS: Final = frozenset({OCI_CONFIG, DOCKER_CONFIG})
SIGSTORE_BUNDLE: Final = "application/vnd.dev.sigstore.bundle"
SIGNATURES: Final = ("application/vnd.dev.cosign.simplesigning", "application/vnd.cncf.notary.signature")
ATTESTATIONS: Final = ("application/vnd.in-toto", "application/vnd.dsse")
SBOMS: Final = (
    "application/spdx",
    "text/spdx",
    "application/vnd.cyclonedx",
    "application/vnd.syft",
    "application/sbom",
)

_NAME: Final = r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}"
_GRAMMAR: Final = re.compile(rf"{_NAME}/{_NAME}(?: *;[ -~]*)?")
LONGEST: Final = 255


def is_legal(text: str) -> bool:
    """Whether a text is a media type: RFC 6838, section 4.2. Parameters are let through, some tools write them."""
    return len(text) <= LONGEST and _GRAMMAR.fullmatch(text) is not None


def is_non_distributable(media_type: str) -> bool:
    """Whether a layer of this type is fetched from elsewhere and need not be in the registry."""
    return media_type == DOCKER_FOREIGN_LAYER or ".nondistributable." in media_type
