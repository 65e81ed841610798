"""Builds on two machines that share their cache through a repository."""

from collections.abc import Callable
from pathlib import Path

from tests.clients import images
from tests.clients.containers import Buildah
from tests.clients.engines import Engine
from tests.clients.tenants import USER, Tenant

CONTAINERFILE = """\
FROM {base}
RUN ["/bin/busybox", "sh", "-c", "date > /srv-built"]
COPY note /srv-note
"""


def test_it_works_to_build_from_what_another_machine_built(
    machine: Callable[[str], Engine], alice: Tenant, tmp_path: Path
) -> None:
    """The second machine runs no step again: its image is the first one's."""
    base, cache = alice.create_public("cache-base") + ":1", alice.private("build/cache")
    (tmp_path / "note").write_text("good day\n", encoding="utf-8")
    (tmp_path / "Containerfile").write_text(CONTAINERFILE.format(base=base), encoding="utf-8")
    built = []
    for number in range(2):
        box = machine("buildah")
        assert isinstance(box, Buildah)
        if not number:
            box.load(images.busybox_archive(), base)
            box.login(alice.server.host, USER, alice.password())
            box.push(base)
        box.login(alice.server.host, USER, alice.password())
        options = ("--layers", "--isolation=chroot", "--tls-verify=false", "--cache-from", cache, "--cache-to", cache)
        box.program("build", *options, "--tag", "built:1", str(tmp_path))
        built.append(box.run("built:1", "/bin/cat", "/srv-built", "/srv-note"))
    assert built[0] == built[1]
