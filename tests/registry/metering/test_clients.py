"""Programs by what they call themselves."""

import pytest

from registry.metering.clients import kind


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("docker/28.0.4 go/go1.23.7 git-commit/6430e49 os/linux arch/amd64 UpstreamClient(Docker-Client/28)", "docker"),
        ("containerd/v1.7.27", "containerd"),
        ("containers/5.34.2 (github.com/containers/image)", "podman"),
        ("skopeo/1.18.0", "skopeo"),
        ("Buildah/1.39.3", "buildah"),
        ("cri-o/1.32.0 go/go1.23 os/linux arch/amd64", "cri-o"),
        ("buildkit/v0.20", "buildkit"),
        ("crane/0.20.3 go-containerregistry/v0.20.3", "crane"),
        ("cosign/v2.4.3 (linux; amd64) go-containerregistry/v0.20", "cosign"),
        ("Helm/3.17.2", "helm"),
        ("oras/1.2.2", "oras"),
        ("Mozilla/5.0 (X11; docker)", "other"),
        ("curl/8.5.0", "other"),
        ("", "other"),
        ("\x00" * 400, "other"),
    ],
)
def test_clients_are_known_by_their_agent(agent: str, name: str) -> None:
    assert kind(agent) == name
