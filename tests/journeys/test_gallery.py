"""A pushed public image is found by name in the gallery; a private one is not."""

import html
from pathlib import Path

from tests.clients import images
from tests.clients.processes import wait_for
from tests.clients.skopeo import Skopeo
from tests.clients.tenants import USER, Tenant


def test_it_works_to_find_a_pushed_image_with_its_pull_command(alice: Tenant, tmp_path: Path) -> None:
    """Search links to it within seconds of the push, and its page has the line to type."""
    server = alice.server
    public, private = alice.create_public("find-me-here"), alice.private("find-me-nowhere")
    skopeo = Skopeo(tmp_path)
    skopeo.login(server.host, USER, alice.password())
    skopeo.copy(f"oci:{images.busybox()}:1", f"docker://{public}:3.2")
    skopeo.copy(f"oci:{images.busybox()}:1", f"docker://{private}:3.2")

    path = public.partition("/")[2]
    wait_for("search shows the image", lambda: f"/{path}" in server.get("/search?q=find-me-here").text)
    page = server.get("/search?q=find-me").text
    assert f'href="/{path}"' in page
    assert "find-me-nowhere" not in page
    home = server.get("/")
    assert home.status == 200
    repository = server.get(f"/{path}")
    assert repository.status == 200
    assert f"docker pull {public}:3.2" in html.unescape(repository.text)
    assert "docker pull" not in server.get(f"/{alice.account_id}/find-me-nowhere").text


def test_it_works_that_the_server_says_it_is_well(alice: Tenant) -> None:
    """Both answers that a load balancer asks for."""
    assert alice.server.get("/healthz").status == 200
    assert alice.server.get("/readyz").status == 200
