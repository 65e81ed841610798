"""The pictures of the documentation, taken anew: `python -m tests.browser.pictures` (`make pictures`)."""

import io
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from tests.browser.conftest import PASSWORD
from tests.clients import deployments
from tests.clients.server import PROJECT, Server
from tests.conftest import CHROMIUM, QUIET

FOLDER: Final = PROJECT / "docs" / "pictures"
HOST: Final = "kho.example.com"
ORIGIN: Final = f"http://{HOST}"
WIDTH: Final = 1280
COLOURS: Final = 96
BUILD: Final = "from tests.browser import scene\nscene.build()"
WAITING: Final = "from tests.browser import scene\nanswer = scene.waiting()"
PATIENCE: Final = 300
"""Seconds for the scans."""
VISITOR, PUBLISHER, STAFF = "", "mai@acme.example", "boss@kho.example"
CONSOLE: Final = "/console/111122223333"
ASKED: Final = "?principal=arn:aws:iam::111122223333:user/linh&action=pull&repository=shop/web"


@dataclass(frozen=True, slots=True)
class Picture:
    """A page as somebody sees it; `first` is done there before."""

    name: str
    who: str
    path: str
    height: int = 800
    first: Callable[[Page], None] | None = None


def _write(page: Page) -> None:
    """Type into the text about a repository, so that its preview shows, and look at both."""
    text = page.locator("#id_about_text")
    text.fill(text.input_value().rstrip() + " ")
    page.locator("#preview-about_text h2").first.wait_for()
    page.locator("label[for=id_about_text]").evaluate("node => node.scrollIntoView()")


def _findings(page: Page) -> None:
    """Open what is known to be vulnerable in the image."""
    page.get_by_role("navigation").get_by_role("link", name="Vulnerabilities").click()
    page.locator("#vulnerabilities").evaluate("node => node.closest('section').scrollIntoView()")


def _to(selector: str) -> Callable[[Page], None]:
    """Bring a part of the page to the top."""
    return lambda page: page.locator(selector).first.evaluate("node => node.scrollIntoView()")


def _judge(page: Page) -> None:
    """Choose an answer to a request for an alias, and look at the mail."""
    page.get_by_role("radio", name="Approve").check()
    page.get_by_label("Words to the publisher").fill("Welcome. The name is yours.")
    page.get_by_role("button", name="Preview the mail").click()
    page.locator("#letter").get_by_text("Welcome").first.wait_for()


def _push(page: Page) -> None:
    """Create a repository; its page says how to push."""
    page.locator("#id_name").fill("tools/seed")
    page.locator("#id_description").fill("Fills a new database with a catalogue to try things with.")
    page.get_by_role("button", name="Create repository").click()
    page.get_by_text("is ready").first.wait_for()


PICTURES: Final = (
    Picture("gallery", VISITOR, "/", 900),
    Picture("search", VISITOR, "/search?q=pages&arch=x86-64", 720),
    Picture("repository", VISITOR, "/acme/web/shop", 1000),
    Picture("tags", VISITOR, "/acme/web/shop/-/tags", 820),
    Picture("vulnerabilities", VISITOR, "/acme/web/shop/-/tags/2.3", 780, _findings),
    Picture("comparison", VISITOR, "/acme/web/shop/-/compare/2.3...2.4", 960, _to("section:has(> #layers)")),
    Picture("statistics", VISITOR, "/acme/web/shop/-/statistics", 1000, _to("nav.tabs")),
    Picture("chart", VISITOR, "/acme/charts/shop/-/charts/1.0.0/values", 1000, _to("nav.tabs")),
    Picture("push", PUBLISHER, f"{CONSOLE}/public/repositories/-/new", 760, _push),
    Picture("listing", PUBLISHER, f"{CONSOLE}/public/repositories/web/shop/-/listing", 1000, _write),
    Picture("aliases", PUBLISHER, f"{CONSOLE}/public/aliases", 560),
    Picture("console", PUBLISHER, CONSOLE, 820),
    Picture("repositories", PUBLISHER, f"{CONSOLE}/us-east-1/repositories", 640),
    Picture("permissions", PUBLISHER, f"{CONSOLE}/us-east-1/repositories/shop/api/-/permissions", 1320),
    Picture("simulator", PUBLISHER, f"{CONSOLE}/iam/simulator{ASKED}", 860),
    Picture("request", STAFF, "/staff/aliases/acme-labs/1", 1100, _judge),
)


def small(png: bytes) -> bytes:
    """The same picture with a palette, which is a third as large."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    picture = picture.quantize(COLOURS, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True)
    return file.getvalue()


def main(wanted: list[str]) -> None:
    """Build the scene in a deployment of its own and take all pictures, or those that are named."""
    FOLDER.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="kho-") as folder,
        deployments.running(Path(folder)) as server,
        sync_playwright() as playwright,
    ):
        server.python(BUILD)
        _await_scans(server)
        server.manage("rebuild_listings")
        rules = f"--host-resolver-rules=MAP {HOST} 127.0.0.1:{server.port}"
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*QUIET, rules])
        for who in (VISITOR, PUBLISHER, STAFF):
            page = browser.new_context(color_scheme="light", reduced_motion="reduce").new_page()
            if who:
                page.goto(f"{ORIGIN}/sign-in")
                page.locator("#id_login").fill(who)
                page.locator("#id_password").fill(PASSWORD)
                page.locator("main button.primary").first.click()
                page.wait_for_url(lambda url: "/sign-in" not in url)
            for picture in PICTURES:
                if picture.who == who and (not wanted or picture.name in wanted):
                    _take(page, picture)
        browser.close()


def _await_scans(server: Server) -> None:
    """Let the task worker scan what was pushed."""
    until = time.monotonic() + PATIENCE
    while waiting := server.python(WAITING):
        if time.monotonic() > until:
            raise SystemExit(f"{waiting} images are not scanned yet.")
        time.sleep(1)


def _take(page: Page, picture: Picture) -> None:
    page.set_viewport_size({"width": WIDTH, "height": picture.height})
    page.goto(ORIGIN + picture.path)
    if picture.first:
        picture.first(page)
    page.wait_for_load_state("networkidle")
    page.evaluate("Promise.all([...document.images].map(each => { each.loading = 'eager'; return each.decode(); }))")
    (FOLDER / f"{picture.name}.png").write_bytes(small(page.screenshot()))


if __name__ == "__main__":
    main(sys.argv[1:])
