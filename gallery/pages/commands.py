"""The command that pulls an image or chart, for the client that the reader uses."""

from typing import Final

IMAGE_CLIENTS: Final = {
    "docker": "docker pull {reference}",
    "podman": "podman pull {reference}",
    "containerd": "ctr images pull {reference}",
    "skopeo": "skopeo copy docker://{reference} oci:{name}",
    "crane": "crane pull {reference} {name}.tar",
}
CHART_CLIENTS: Final = {
    "helm install": "helm install my-release oci://{repository} --version {tag}",
    "helm pull": "helm pull oci://{repository} --version {tag}",
    "helm template": "helm template my-release oci://{repository} --version {tag}",
}
ARTIFACT_CLIENTS: Final = {
    "oras": "oras pull {reference}",
    "skopeo": "skopeo copy docker://{reference} oci:{name}",
}


def clients(kind: str) -> dict[str, str]:
    """The clients for a kind of image, the usual one first."""
    if kind == "chart":
        return CHART_CLIENTS
    return IMAGE_CLIENTS if kind in {"image", "index"} else ARTIFACT_CLIENTS


def pull(kind: str, repository: str, reference: str, client: str = "") -> str:
    """Return the command for a tag (`1.0`) or a digest (`sha256:…`) of a repository (host and path)."""
    known = clients(kind)
    is_digest = ":" in reference
    template = known.get(client) or next(iter(known.values()))
    if is_digest and kind == "chart":
        template = "helm pull oci://{reference}"
    return template.format(
        reference=f"{repository}{'@' if is_digest else ':'}{reference}",
        repository=repository,
        tag=reference.replace("_", "+") if kind == "chart" else reference,
        name=repository.rpartition("/")[2],
    )
