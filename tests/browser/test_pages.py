"""Every page at several widths, light and dark, in both languages: nothing overflows or fails, axe finds nothing."""

import json
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.browser.conftest import STAFF, Site, sign_in, sign_in_user

PUBLIC = (
    "/",
    "/search?q=hello",
    "/search?q=nothing-like-it",
    "/search?kind=chart&deprecated=yes&sort=name",
    "/search?q=hallo",
    "/publishers",
    "/publishers?contains=zzz",
    "/categories/developer-tools",
    "/categories/storage",
    "/{alias}",
    "/{alias}/hello",
    "/{alias}/charts/hello",
    "/{alias}/hello/-/usage",
    "/{alias}/hello/-/tags",
    "/{alias}/hello/-/tags/1.0",
    "/{alias}/hello/-/history",
    "/{alias}/hello/-/statistics",
    "/{alias}/tools/shelf/-/statistics?days=90",
    "/{alias}/-/report",
    "/{alias}/hello/-/report",
    "/{alias}/bad/miner",
    "/{alias}/shop/web/-/tags/latest",
    "/{alias}/shop/web/-/images/{digest}/layers",
    "/{alias}/shop/web/-/images/{digest}/config",
    "/{alias}/shop/web/-/images/{digest}/manifest",
    "/{alias}/shop/web/-/images/{digest}/referrers",
    "/{alias}/shop/web/-/images/{digest}/vulnerabilities",
    "/{alias}/shop/web/-/images/{digest}/sbom",
    "/{alias}/shop/web/-/images/{digest}/vulnerabilities?platform=linux/arm64",
    "/{alias}/shop/web/-/images/{digest}/sbom?platform=linux/arm64",
    "/{alias}/shop/web/-/tags",
    "/{alias}/shop/web/-/compare/{digest}...2.4",
    "/{alias}/hello/-/compare/1.0...edge",
    "/{alias}/charts/shop/-/charts/1.0.0",
    "/{alias}/charts/shop/-/charts/1.0.0/values",
    "/{alias}/charts/shop/-/charts/1.0.0/schema",
    "/{alias}/charts/shop/-/charts/1.0.0/templates",
    "/{alias}/charts/shop/-/charts/1.0.0/dependencies",
    "/{alias}/charts/shop/-/charts/1.0.0/changelog",
    "/{alias}/charts/shop/-/charts/1.0.0/crds",
    "/{alias}/charts/shop/-/charts/1.0.0/images",
    "/{alias}/charts/shop/-/compare/0.9.0...1.0.0",
    "/{alias}/helo",
    "/sign-in",
    "/sign-up",
    "/sign-up/confirm",
    "/sign-up/confirm/made-up",
    "/sign-in/user",
    "/sign-in/reset",
    "/sign-in/reset/sent",
    "/sign-in/reset/done",
    "/sign-in/reset/1-made-up",
    "/sign-in/sso/cancelled",
    "/account/invitations/made-up",
    "/account/preferences",
    "/help",
    "/help/components",
    "/help/first-pull",
    "/help/first-push",
    "/help/log-in",
    "/help/policies",
    "/help/lifecycle",
    "/help/api",
    "/help/glossary",
    "/help/keyboard",
)
PRIVATE = (
    "/account/profile",
    "/account/security",
    "/account/sessions",
    "/account/session/held",
    "/account/accounts",
    "/account/accounts/new",
    "/account/accounts/111122223333/leave",
    "/account/welcome",
    "/sign-in/again",
    "/account/security/password",
    "/account/profile/mail",
    "/console/111122223333",
    "/console/111122223333/us-east-1/repositories",
    "/console/111122223333/public/repositories?contains=zzz",
    "/console/111122223333/public/repositories/-/new",
    "/console/111122223333/us-east-1/repositories/team/app-0/-/images",
    "/console/111122223333/us-east-1/repositories/team/app-1/-/images",
    "/console/111122223333/us-east-1/repositories/team/app-0/-/history",
    "/console/111122223333/us-east-1/repositories/team/app-0/-/permissions?start=tag",
    "/console/111122223333/us-east-1/repositories/team/app-1/-/permissions",
    "/console/111122223333/us-east-1/repositories?columns=tags,-size&sort=-size",
    "/console/111122223333/us-east-1/repositories?prefix=team/&empty=yes",
    "/console/111122223333/us-east-1/repositories/-/new",
    "/console/111122223333/us-east-1/repositories/team/app-0/-/images?status=untagged",
    "/console/111122223333/us-east-1/repositories/team/app-0/-/tags/1.0/remove",
    "/console/111122223333/us-east-1/repositories/team/app-0/-/lifecycle?start=newest",
    "/console/111122223333/us-east-1/repositories/team/app-1/-/lifecycle",
    "/console/111122223333/us-east-1/repositories/team/web/-/lifecycle",
    "/console/111122223333/us-east-1/repositories/team/web/-/images/deleted",
    "/console/111122223333/us-east-1/repositories/-/deleted",
    "/console/111122223333/us-east-1/repositories/team/app-0/-/settings",
    "/console/111122223333/us-east-1/repositories/team/app-0/-/events",
    "/console/111122223333/us-east-1/repositories/team/web/-/scanning",
    "/console/111122223333/us-east-1/repositories/team/app-0/-/delete",
    "/console/111122223333/us-east-1/repositories/team/app-1/-/delete",
    "/console/111122223333/us-east-1/registry/permissions?start=replicate",
    "/console/111122223333/us-east-1/registry/replication",
    "/console/111122223333/us-east-1/registry/replication/-/new",
    "/console/111122223333/us-east-1/registry/replication/0/-/edit",
    "/console/111122223333/us-east-1/registry/replication/0/-/remove",
    "/console/111122223333/us-east-1/registry/replication/backfills/00000000-0000-4000-8000-000000000003",
    "/console/111122223333/us-east-1/registry/settings",
    "/console/111122223333/us-east-1/registry/templates?name=team/new",
    "/console/111122223333/us-east-1/registry/templates/-/new",
    "/console/111122223333/us-east-1/registry/scanning",
    "/console/111122223333/us-east-1/registry/scanning/-/change?add=SCAN_ON_PUSH&filter=team/*",
    "/console/111122223333/us-east-1/registry/ignored",
    "/console/111122223333/us-east-1/registry/ignored?about=nothing",
    "/console/111122223333/us-east-1/registry/ignored/-/new?vulnerability=CVE-2026-1000&package=openssl",
    "/console/111122223333/us-east-1/registry/ignored/900001/-/change",
    "/console/111122223333/us-east-1/registry/ignored/900001/-/end",
    "/console/111122223333/us-east-1/registry/templates/team",
    "/console/111122223333/us-east-1/registry/templates/team/-/delete",
    "/console/111122223333/audit",
    "/console/111122223333/audit?denied=on",
    "/console/111122223333/assume?role=arn:aws:iam::111122223333:role/ci-deploy",
    "/console/111122223333/work",
    "/console/111122223333/work/00000000-0000-4000-8000-000000000001",
    "/console/111122223333/webhooks",
    "/console/111122223333/webhooks/-/new",
    "/console/111122223333/webhooks/deploy",
    "/console/111122223333/webhooks/deploy/-/edit",
    "/console/111122223333/webhooks/deploy/-/secret",
    "/console/111122223333/webhooks/deploy/-/delete",
    "/console/111122223333/webhooks/deploy/deliveries/00000000-0000-4000-8000-000000000002",
    "/console/111122223333/us-east-1/repositories/team/web/-/tags/2.4",
    "/console/111122223333/us-east-1/repositories/team/web/-/compare",
    "/console/111122223333/public/repositories/charts/shop/-/charts/1.0.0",
    "/console/111122223333/public/repositories/hello/-/listing",
    "/console/111122223333/public/profile",
    "/console/111122223333/public/aliases",
    "/console/111122223333/public/aliases/warehouse",
    "/console/111122223333/public/aliases/datadog-shelf",
    "/console/111122223333/public/aliases/old-warehouse",
    "/console/111122223333/public/aliases/store",
    "/console/111122223333/public/aliases/warehouse/-/primary",
    "/console/111122223333/public/aliases/warehouse/-/release",
    "/account/notifications",
    "/console/111122223333/registry-password",
    "/console/111122223333/secrets/00000000-0000-4000-8000-000000000001",
    "/console/111122223333/iam/people",
    "/console/111122223333/iam/people/-/invite",
    "/console/111122223333/iam/people/ana@example.com",
    "/console/111122223333/iam/people/ana@example.com/-/remove",
    "/console/111122223333/iam/users",
    "/console/111122223333/iam/users/-/new",
    "/console/111122223333/iam/users/bo",
    "/console/111122223333/iam/users/bo/keys",
    "/console/111122223333/iam/users/bo/console",
    "/console/111122223333/iam/users/dev/console",
    "/console/111122223333/iam/users/dev/console/-/remove",
    "/console/111122223333/iam/users/bo/-/inline",
    "/console/111122223333/iam/users/bo/-/delete",
    "/console/111122223333/iam/groups",
    "/console/111122223333/iam/groups/builders",
    "/console/111122223333/iam/roles",
    "/console/111122223333/iam/roles/ci-deploy",
    "/console/111122223333/iam/roles/ci-deploy/-/trust?start=github",
    "/console/111122223333/iam/policies",
    "/console/111122223333/iam/policies/push-releases?version=v1",
    "/console/111122223333/iam/providers",
    "/console/111122223333/iam/providers/-/new",
    "/console/111122223333/iam/providers/ci.example.com",
    "/console/111122223333/iam/simulator?principal=arn:aws:iam::111122223333:user/bo&action=push&repository=team/app-0",
)
STAFF_AREA = (
    "/staff",
    "/staff/aliases",
    "/staff/aliases/warehuose/1",
    "/staff/aliases/store/1",
    "/staff/reserved-names",
    "/staff/reserved-names/-/new",
    "/staff/reserved-names/-/remove?pattern=docker",
    "/staff/publishers",
    "/staff/publishers/111122223333",
    "/staff/reports",
    "/staff/reports?state=dismissed",
    "/staff/reports/1",
    "/staff/takedowns",
    "/staff/takedowns/-/new",
    "/staff/accounts",
    "/staff/accounts?q=zzz",
    "/staff/accounts/111122223333",
    "/staff/peers",
    "/staff/peers/-/new",
    "/staff/peers/north/-/edit",
    "/staff/peers/north/-/remove",
    "/staff/storage",
    "/staff/work",
    "/staff/work/900001/-/discard",
    "/staff/activity",
    "/staff/activity?account=111122223333",
    "/staff/system",
    "/account/notifications",
)
OF_IAM_USERS = (
    "/console/111122223333",
    "/console/111122223333/registry-password",
    "/account/profile",
    "/account/security",
    "/account/security/password",
    "/account/sessions",
    "/account/accounts",
)
Scheme = Literal["light", "dark"]
LOOKS: tuple[tuple[int, Scheme, str], ...] = (
    (1280, "light", "en"),
    (390, "dark", "en"),
    (390, "light", "vi"),
    (320, "dark", "vi"),
)


def look(chromium: Browser, site: Site, width: int, scheme: Scheme, language: str) -> tuple[Page, list[str]]:
    """A page of one look, and what its console says."""
    context = chromium.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    context.add_cookies([{"name": "django_language", "value": language, "url": site.origin}])
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    return page, said


def check(page: Page, said: list[str], language: str, titles: dict[str, str]) -> None:
    """What must hold for every page."""
    place = page.url
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"{place} scrolls sideways"
    assert page.locator("h1").count() == 1, f"{place} has no single h1"
    assert page.locator("html").get_attribute("lang") == language
    errors = [text for text in said if "404" not in text and "410" not in text]
    assert not errors, f"{place}: {errors}"
    said.clear()
    title = page.title()
    place = place.partition("?")[0]
    assert titles.setdefault(title, place) == place, f"{place} and {titles[title]} share the title {title!r}"
    found: Any = Axe().run(page, options={"resultTypes": ["violations"]}).response
    bad = [
        {"rule": rule["id"], "nodes": [node["html"][:200] for node in rule["nodes"]]}
        for rule in found["violations"]
        if rule["impact"] in {"serious", "critical"}
    ]
    assert not bad, f"{place}: {json.dumps(bad, indent=1, ensure_ascii=False)}"


@pytest.mark.parametrize(("width", "scheme", "language"), LOOKS)
def test_public_pages(chromium: Browser, site: Site, width: int, scheme: Scheme, language: str) -> None:
    page, said = look(chromium, site, width, scheme, language)
    titles: dict[str, str] = {}
    page.goto(f"{site.origin}/{site.alias}/shop/web/-/tags/latest")
    layers = page.locator("a[href$='/layers']").first.get_attribute("href") or ""
    digest = layers.removesuffix("/layers").rpartition("/")[2]
    assert digest.startswith("sha256:")
    for path in PUBLIC:
        page.goto(site.origin + path.format(alias=site.alias, digest=digest))
        check(page, said, language, titles)
    page.context.close()


@pytest.mark.parametrize(("width", "scheme", "language"), LOOKS)
def test_console_pages(chromium: Browser, site: Site, width: int, scheme: Scheme, language: str) -> None:
    page, said = look(chromium, site, width, scheme, "en")
    sign_in(page, site)
    page.context.add_cookies([{"name": "django_language", "value": language, "url": site.origin}])
    titles: dict[str, str] = {}
    page.goto(f"{site.console}/us-east-1/repositories/team/web/-/tags/2.4")
    scan = page.locator("a[href$='/vulnerabilities']").first.get_attribute("href") or ""
    copies = scan.replace("/vulnerabilities", "/replication")
    page.goto(f"{site.origin}/console/111122223333/public/repositories/shop/web/-/tags/latest")
    public = page.locator("a[href$='/vulnerabilities']").first.get_attribute("href") or ""
    for path in (
        *PRIVATE,
        public,
        scan,
        f"{scan}?severity=CRITICAL",
        f"{scan}?package=none",
        f"{scan}?ignored=ignored",
        *(f"{scan.replace('/vulnerabilities', '/sbom')}{query}" for query in ("", "?package=none", "?type=none")),
        copies,
    ):
        page.goto(site.origin + path)
        check(page, said, language, titles)
    page.context.close()


@pytest.mark.parametrize(("width", "scheme", "language"), LOOKS)
def test_pages_of_iam_users(chromium: Browser, site: Site, width: int, scheme: Scheme, language: str) -> None:
    page, said = look(chromium, site, width, scheme, language)
    titles: dict[str, str] = {}
    sign_in_user(page, site, "dev")
    for path in OF_IAM_USERS:
        page.goto(site.origin + path)
        check(page, said, language, titles)
    page.context.close()


@pytest.mark.parametrize(("width", "scheme", "language"), LOOKS)
def test_staff_pages(chromium: Browser, site: Site, width: int, scheme: Scheme, language: str) -> None:
    page, said = look(chromium, site, width, scheme, "en")
    sign_in(page, site, STAFF)
    page.context.add_cookies([{"name": "django_language", "value": language, "url": site.origin}])
    titles: dict[str, str] = {}
    for path in STAFF_AREA:
        page.goto(site.origin + path)
        check(page, said, language, titles)
    page.context.close()
