"""Which program pulled, from its User-Agent."""

from typing import Final

OTHER: Final = "other"
PRODUCTS: Final = {
    "buildah": "buildah",
    "buildkit": "buildkit",
    "containerd": "containerd",
    "containers": "podman",
    "cosign": "cosign",
    "crane": "crane",
    "cri-o": "cri-o",
    "docker": "docker",
    "go-containerregistry": "crane",
    "helm": "helm",
    "kaniko": "kaniko",
    "libpod": "podman",
    "nerdctl": "containerd",
    "oras": "oras",
    "oras-go": "oras",
    "podman": "podman",
    "regclient": "regctl",
    "regctl": "regctl",
    "skopeo": "skopeo",
}
"""What an agent calls itself before the first slash -> the client's name."""


def kind(user_agent: str) -> str:
    """Return the name of the client, OTHER for what is not known."""
    return PRODUCTS.get(user_agent.partition("/")[0].lower(), OTHER)
