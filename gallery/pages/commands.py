"""The commands that pull and run an image or chart, for the client that the reader uses. Each runs as it stands."""

from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Client:
    """A program, the command with which it pulls, and the option that it needs where there is no https."""

    label: str
    template: str
    plain: str = ""


IMAGE_CLIENTS: Final = {
    "docker": Client("docker", "docker pull {reference}"),
    "podman": Client("podman", "podman pull {plain}{reference}", "--tls-verify=false "),
    "ctr": Client("containerd (ctr)", "ctr images pull {plain}{reference}", "--plain-http "),
    "nerdctl": Client("containerd (nerdctl)", "nerdctl pull {plain}{reference}", "--insecure-registry "),
    "skopeo": Client("skopeo", "skopeo copy {plain}docker://{reference} oci:{name}", "--src-tls-verify=false "),
    "crane": Client("crane", "crane pull {plain}{reference} {name}.tar", "--insecure "),
    "compose": Client(
        "docker compose",
        "echo 'services: {{app: {{image: \"{reference}\"}}}}' | docker compose -p app -f - pull",
    ),
}
CHART_CLIENTS: Final = {
    "helm install": Client(
        "helm install", "helm install my-release oci://{repository} --version {tag}{plain}", " --plain-http"
    ),
    "helm pull": Client("helm pull", "helm pull oci://{repository} --version {tag}{plain}", " --plain-http"),
    "helm template": Client(
        "helm template", "helm template my-release oci://{repository} --version {tag}{plain}", " --plain-http"
    ),
}
ARTIFACT_CLIENTS: Final = {
    "oras": Client("oras", "oras pull {plain}{reference}", "--plain-http "),
    "skopeo": IMAGE_CLIENTS["skopeo"],
}
NAMES: Final = frozenset({*IMAGE_CLIENTS, *CHART_CLIENTS, *ARTIFACT_CLIENTS})
"""What a reader may choose and be remembered for."""
CHART_BY_DIGEST: Final = Client("helm pull", "helm pull oci://{reference}{plain}", " --plain-http")
CHART_VALUES: Final = Client("helm", "helm show values oci://{repository} --version {tag}{plain}", " --plain-http")
RUN: Final = Client("docker", "docker run --rm {reference}")
MANIFEST: Final = Client("oras", "oras manifest fetch {plain}--pretty {reference}", "--plain-http ")


@dataclass(frozen=True, slots=True)
class Step:
    """A command and what it does."""

    title: str | Promise
    command: str


def clients(kind: str) -> dict[str, Client]:
    """The clients for a kind of image, the usual one first."""
    if kind == "chart":
        return CHART_CLIENTS
    return IMAGE_CLIENTS if kind in {"image", "index"} else ARTIFACT_CLIENTS


def chosen(kind: str, client: str) -> str:
    """The client's name, or that of the usual one for the kind."""
    known = clients(kind)
    return client if client in known else next(iter(known))


def pull(kind: str, repository: str, reference: str, client: str = "", *, is_plain: bool = False) -> str:
    """Return the command for a tag (`1.0`) or a digest (`sha256:…`) of a repository (host and path).

    `is_plain` where the host has no https.
    """
    is_digest = ":" in reference
    used = CHART_BY_DIGEST if is_digest and kind == "chart" else clients(kind)[chosen(kind, client)]
    return _filled(used, kind, repository, reference, is_plain)


def steps(kind: str, repository: str, tag: str, digest: str, *, is_plain: bool = False) -> list[Step]:
    """Return what to do with an image, for a publisher who has not said."""

    def command(client: Client, reference: str) -> str:
        return _filled(client, kind, repository, reference, is_plain)

    if kind == "chart":
        return [
            Step(_("See what can be configured"), command(CHART_VALUES, tag)),
            Step(_("Install it"), command(CHART_CLIENTS["helm install"], tag)),
            Step(_("Look at what would be installed"), command(CHART_CLIENTS["helm template"], tag)),
            Step(_("Pull exactly this chart, by its digest"), command(CHART_BY_DIGEST, digest)),
        ]
    if kind in {"image", "index"}:
        return [
            Step(_("Pull it"), command(IMAGE_CLIENTS["docker"], tag)),
            Step(_("Run it"), command(RUN, tag)),
            Step(_("Pull exactly this image, by its digest"), command(IMAGE_CLIENTS["docker"], digest)),
        ]
    return [
        Step(_("Pull its files"), command(ARTIFACT_CLIENTS["oras"], tag)),
        Step(_("Look at its manifest"), command(MANIFEST, tag)),
        Step(_("Pull exactly this artifact, by its digest"), command(ARTIFACT_CLIENTS["oras"], digest)),
    ]


def _filled(client: Client, kind: str, repository: str, reference: str, is_plain: bool) -> str:
    """The client's command for one place."""
    return client.template.format(
        reference=f"{repository}{'@' if ':' in reference else ':'}{reference}",
        repository=repository,
        tag=reference.replace("_", "+") if kind == "chart" else reference,
        name=repository.rpartition("/")[2],
        plain=client.plain if is_plain else "",
    )
