"""No page takes more than twelve queries, whoever asks, even in a process that has not read anything yet."""

import json
from collections.abc import Iterator
from typing import Any, Final

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLResolver, get_resolver, resolve
from pytest_django import Settings

from accounts.authn import callers
from accounts.caller import operator
from accounts.directory import people, policies, roles
from accounts.models import Account, AuditEvent, Person
from config.settings import base
from gallery.search import index
from registry.core import aliases, permissions
from registry.models import Finding, Image
from registry.scanning import vex_reading
from tests.browser import conftest as site
from tests.browser.test_pages import PRIVATE, PUBLIC, STAFF_AREA
from tests.registry.scanning.test_attached_vex import attach
from tests.registry.scanning.test_vex import WHY, openvex, statement

MOST: Final = 12
CONSOLE: Final = f"/console/{site.ACCOUNT}"
APP: Final = f"{CONSOLE}/us-east-1/repositories/team/app-0/-"
WEB: Final = f"{CONSOLE}/us-east-1/repositories/team/web/-"
IAM: Final = f"{CONSOLE}/iam"
MORE: Final = (
    "/{alias}/shop/web/-/images/{digest}",
    "/{alias}/shop/web/-/images/{digest}/layers",
    "/{alias}/shop/web/-/compare",
    "/{alias}/hello/-/compare/1.0...edge",
    "/{alias}/hello/-/statistics.csv",
    "/{alias}/hello/-/feed.atom",
    "/{alias}/-/feed.atom",
    "/search/suggestions?q=hel",
    "/search?q=helo+shlf+wrod+absnt+nothng",
    "/search?arch=ARM+64&kind=image&verified=yes&q=hello",
    "/search?arch=ARM+64&kind=image&category=databases",
    "/console",
    f"{CONSOLE}/notifications",
    f"{CONSOLE}/audit.csv",
    f"{CONSOLE}/audit/{{event}}",
    f"{CONSOLE}/public/aliases/-/check?alias=store",
    f"{APP}/images/delete?digest={{private}}",
    f"{APP}/images/{{private}}",
    f"{APP}/images/{{private}}/retag",
    f"{APP}/images/{{private}}/class",
    f"{APP}/images/{{private}}/replication",
    f"{WEB}/images",
    f"{APP}/history/revert?tag=1.0&digest={{private}}",
    f"{WEB}/images/{{digest}}",
    *(f"{WEB}/images/{{digest}}/{section}" for section in ("layers", "config", "manifest", "referrers")),
    *(f"{WEB}/images/{{digest}}/vulnerabilities", f"{APP}/images/{{private}}/vulnerabilities"),
    "/{alias}/shop/web/-/images/{listed}/vulnerabilities?ignored=all",
    f"{CONSOLE}/us-east-1/repositories/team/web/-/images/{{followed}}/vulnerabilities?ignored=all",
    *(f"/{{alias}}/charts/shop/-/charts/1.0.0/{section}" for section in ("images", "values")),
    *(f"{WEB}/images/{{digest}}/sbom", f"{APP}/images/{{private}}/sbom"),
    f"{APP}/images/{{private}}/sbom.cdx.json",
    "/{alias}/shop/web/-/images/{listed}/sbom.cdx.json",
    f"{APP}/images/{{private}}/findings.csv",
    f"{WEB}/findings.json?ignored=all",
    f"{WEB}/compare",
    f"{CONSOLE}/public/repositories/shop/web/-/scanning",
    f"{WEB}/compare/2.4...latest",
    *(f"{CONSOLE}/public/repositories/charts/shop/-/charts/1.0.0/{section}" for section in ("values", "schema")),
    *(f"{IAM}/{section}/-/new" for section in ("groups", "roles", "policies")),
    f"{IAM}/groups/builders/-/delete",
    f"{IAM}/users/bo/keys/AKIAABSENT00/-/delete",
    f"{IAM}/users/bo/-/policies",
    f"{IAM}/groups/builders/-/inline/read",
    f"{IAM}/roles/ci-deploy/-/delete",
    f"{IAM}/policies/aws/AdministratorAccess",
    f"{IAM}/policies/push-releases/-/edit",
    f"{IAM}/policies/push-releases/-/delete",
    f"{IAM}/providers/ci.example.com/-/delete",
    "/account/security/app",
    "/account/security/companies",
    "/account/notifications/1",
    "/account/session",
    "/staff/takedowns/1/-/lift",
    "/staff/publishers/111122223333/-/unverify",
)
"""Pages beside those that the browser looks at."""
POSTS: Final = {
    *("console_cancel_work", "console_delete_repositories", "console_retry_work", "console_revoke", "console_switch"),
    *("console_tag_repositories", "console_set_lifecycle", "notice_choices", "notices_read", "own_sso", "staff_decide"),
    *("console_resume_webhook", "console_test_webhook", "console_redeliver"),
    *("staff_retry_work", "staff_retry_all_work", "console_columns"),
    *("console_stop_role", "console_scan", "console_start_backfill", "console_stop_backfill"),
    "staff_check_peer",
}
"""Names of routes that only change something."""


@pytest.fixture
def places(db: None, settings: Settings) -> dict[str, str]:
    """The site that the browser's tests look at, and what its addresses hold."""
    names: dict[str, Any] = {"account_id": site.ACCOUNT, "email": site.EMAIL, "password": site.PASSWORD}
    exec(site.SEED, names | {"about": site.ABOUT, "staff": site.STAFF}, names)  # noqa: S102 - the tests' own text
    index.rebuild()
    settings.RIGHTS_SECONDS, settings.EARLY_SECONDS = base.RIGHTS_SECONDS, base.EARLY_SECONDS
    web = Image.objects.filter(repository__name="shop/web", kind=Image.Kind.INDEX).first()
    app = Image.objects.filter(repository__name="team/app-0").first()
    event = AuditEvent.objects.filter(account_id=site.ACCOUNT).first()
    listed = Image.objects.filter(repository__name="shop/web", scan__isnull=False).first()
    followed = Image.objects.filter(repository__name="team/web", scan__isnull=False).first()
    assert web and app and event and listed and followed
    for image in (followed, listed):
        name = Finding.objects.filter(scan__image=image).values_list("name", flat=True).first()
        document = openvex(statement(product="pkg:gem/a", **WHY) | {"vulnerability": name or "CVE-2024-1"})
        vex_reading.attached({"image": attach(operator(site.ACCOUNT), image, document).id})
    found = {"digest": web.digest, "private": app.digest, "listed": listed.digest, "followed": followed.digest}
    return found | {"alias": names["answer"], "event": str(event.id)}


def person_with(name: str, *actions: str) -> Person:
    """A member whose role has policies of both kinds, which say the same."""
    caller = operator(site.ACCOUNT)
    trust = {"Effect": "Allow", "Principal": {"AWS": site.ACCOUNT}, "Action": "sts:AssumeRole"}
    role = roles.create(caller, site.ACCOUNT, name, json.dumps({"Version": "2012-10-17", "Statement": [trust]}))
    lets = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [lets]})
    policies.attach(caller, role, policies.create(caller, site.ACCOUNT, f"lets-{name}", text).arn)
    policies.put_inline(caller, role, "own", text)
    person = people.create(f"{name}@example.com", site.PASSWORD)
    people.add_to_account(person, Account.objects.get(id=site.ACCOUNT), name)
    return person


def too_many(person: Person, paths: tuple[str, ...], places: dict[str, str], role: str = "") -> dict[str, int]:
    """The pages that take more than MOST queries, and how many; `role` is the ARN of one that the person assumes."""
    client = Client(raise_request_exception=True)
    client.force_login(person)
    if role:
        assert client.post(f"{CONSOLE}/assume", {"role_arn": role}).status_code == 303
    found = {}
    for path in paths:
        for kept in (callers._of_roles, permissions._registry_policies, aliases._found):
            kept.clear()
        cache.clear()
        with CaptureQueriesContext(connection) as seen:
            answer = client.get(path.format(**places))
            if answer.streaming:
                b"".join(answer)
        assert answer.status_code < 500
        asked = [each["sql"] for each in seen if each["sql"].partition(" ")[0] not in {"SAVEPOINT", "RELEASE"}]
        if len(asked) > MOST:
            found[path] = len(asked)
    return found


@pytest.mark.parametrize("who", ["administrator", "reader", "narrow", "staff", "assumed"])
def test_every_page_takes_few_queries(places: dict[str, str], who: str) -> None:
    pages, role = (*PUBLIC, *PRIVATE, *MORE), ""
    match who:
        case "administrator":
            person = people.get(site.EMAIL)
        case "reader":
            person = person_with(who, "ecr:*", "ecr-public:*", "iam:*", "kho:*", "sts:*")
        case "narrow":
            person = person_with(who, "ecr:Describe*", "ecr-public:Describe*")
        case "assumed":
            person_with("reader", "ecr:*", "ecr-public:*", "iam:*", "kho:*", "sts:*")
            person, role = people.get(site.EMAIL), f"arn:aws:iam::{site.ACCOUNT}:role/reader"
        case _:
            person = people.get(site.STAFF)
            pages = (*PUBLIC, *STAFF_AREA, *MORE)
    assert too_many(person, pages, places, role) == {}


def routes(resolver: URLResolver) -> Iterator[str]:
    """The names of all routes that have one."""
    for each in resolver.url_patterns:
        if isinstance(each, URLResolver):
            yield from routes(each) if not each.app_name else ()
        elif each.name:
            yield each.name


def test_no_page_of_the_console_is_forgotten() -> None:
    some = {"alias": "alias", "digest": "sha256:" + "0" * 64, "private": "sha256:" + "0" * 64, "event": "0" * 36}
    some["listed"] = some["followed"] = some["digest"]
    counted = {
        resolve(path.format(**some).partition("?")[0]).url_name for path in (*PUBLIC, *PRIVATE, *STAFF_AREA, *MORE)
    }
    ours = {name for name in routes(get_resolver()) if name.startswith(("console", "own_", "notice", "staff"))}
    assert ours - counted == POSTS
