"""A deployment with the demo and one person, and Debian's Chromium."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.clients.fixtures import pytest_runtest_makereport, server
from tests.clients.server import Server

__all__ = ["pytest_runtest_makereport", "server"]

CHROMIUM = "/usr/bin/chromium"
QUIET = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")
ACCOUNT = "111122223333"
EMAIL, PASSWORD = "ana@example.com", "a shelf of long words"
STAFF = "boss@example.com"

SEED = """
import json
from accounts.caller import operator
from accounts.directory import accounts, people
from config.run import demo
from registry.core import addresses, aliases, repositories
account = accounts.create("Example Warehouse", account_id)
people.add_to_account(people.create(email, password, name="Ana"), account)
demo.seed(account)
caller = operator(account_id)
for number in range(3):
    repositories.create(caller, addresses.private(account_id, f"team/app-{number}"))
from tests.browser import content
content.push(caller, account_id)
demo._push(caller, addresses.private(account_id, "team/app-0"), demo._image("a", "a", "a"), "1.0")
demo._push(caller, addresses.private(account_id, "team/app-0"), demo._image("b", "b", "b"), "2.0")
from accounts.directory import access_keys, groups, policies, providers, roles, users
from registry.core import policies as repository_policies
statement = {"Sid": "Releases", "Effect": "Allow", "Action": ["ecr:BatchGetImage", "ecr:PutImage"], "Resource": "*"}
statement["Condition"] = {"StringLike": {"ecr:ImageTag": "release-*"}}
text = json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=2)
bo = users.create(caller, account_id, "bo")
access_keys.create(bo)
policy = policies.create(caller, account_id, "push-releases", text)
policies.create_version(caller, policy.arn, text.replace("release-*", "v*"), set_default=True)
policies.attach(caller, bo, policy.arn)
builders = groups.create(caller, account_id, "builders")
groups.add_user(caller, account_id, "builders", "bo")
policies.put_inline(caller, builders, "read", text)
provider = providers.create(caller, account_id, "https://ci.example.com", ["sts.amazonaws.com"])
trust = {"Effect": "Allow", "Principal": {"Federated": provider.arn}, "Action": "sts:AssumeRoleWithWebIdentity"}
trust["Condition"] = {"StringEquals": {"ci.example.com:aud": "sts.amazonaws.com", "ci.example.com:sub": "job:app"}}
roles.create(caller, account_id, "ci-deploy", json.dumps({"Version": "2012-10-17", "Statement": [trust]}))
lets = {"Sid": "Partner", "Effect": "Allow", "Principal": {"AWS": "444455556666"}, "Action": "ecr:BatchGetImage"}
for sid in ("First", "Partner"):
    repository_policies.put(
        caller,
        addresses.private(account_id, "team/app-1"),
        json.dumps({"Version": "2012-10-17", "Statement": [lets | {"Sid": sid}]}, indent=2),
    )
from django.utils import timezone
from registry.core import registries, resource_tags, templates
from registry.models import WorkItem, WorkTarget
from registry.values import RegistryId
home = RegistryId(account_id, "us-east-1")
applied = {"applied_for": ["CREATE_ON_PUSH"], "image_tag_mutability": "IMMUTABLE", "resource_tags": {"team": "shop"}}
templates.put(caller, home, "team", applied)
templates.put(caller, home, "ROOT", {"applied_for": ["CREATE_ON_PUSH"], "description": "Everything else"})
registries.exclude_pull_time(caller, home, f"arn:aws:iam::{account_id}:role/ci-deploy")
resource_tags.put(caller, addresses.private(account_id, "team/app-0"), {"team": "shop", "stage": "production"})
repositories.put_deletion_protection(caller, addresses.private(account_id, "team/app-1"), True)
job = WorkItem.objects.create(id="00000000-0000-4000-8000-000000000001", account=account, region="us-east-1",
    kind="delete-repositories", state="partial", total=40, done=39, failed=1,
    created_by=f"arn:aws:sts::{account_id}:assumed-role/Administrator/{email}", finished_at=timezone.now())
WorkTarget.objects.create(item=job, name="team/app-1", state="failed", error="DeletionProtected")
from registry.core import catalog
hello = addresses.public(account_id, "hello")
catalog.put(caller, hello, {"about_text": about, "description": "Greets people.", "categories": ["developer-tools"]})
demo._push(caller, hello, demo._image("hello", "Hello again.", "Prints a greeting and ends."), "edge")
demo._push(caller, hello, demo._image("hello", "Hello, hello.", "Prints a greeting and ends."), "edge")
for text in ("a", "b", "c"):
    demo._push(caller, addresses.private(account_id, "team/app-2"), demo._image(text, text, text), "edge")
from datetime import timedelta
from registry.models import DailyPulls, Repository
Repository.objects.filter(name="tools/shelf").update(pull_count=1630)
shelf = Repository.objects.get(name="tools/shelf")
for ago in range(0, 60, 3):
    day = timezone.now().date() - timedelta(days=ago)
    for by, name in (("client", "docker"), ("tag", "2026.1"), ("platform", "linux/amd64")):
        DailyPulls.objects.create(repository=shelf, by=by, name=name, day=day, count=60 - ago)
from accounts.caller import Staff
from gallery.aliases import decisions, names, requests, telling
from gallery.aliases.routing import check_all
boss = people.create(staff, password, name="Boss", is_staff=True)
ana, desk = people.get(email), Staff(staff)
why = {"website": "https://warehouse.example/registry", "agreed": True, "person": ana}
why["reason"] = "We have been Example Warehouse since 1998, and our customers know us by this name."
decisions.approve(desk, requests.create(caller, account_id, alias="warehouse", **why).id, note="Welcome.")
decisions.approve(desk, requests.create(caller, account_id, alias="old-warehouse", **why).id)
names.release(caller, account_id, "old-warehouse", by=email)
decisions.reject(desk, requests.create(caller, account_id, alias="store", **why).id, "The name is too general.")
decisions.ask(desk, requests.create(caller, account_id, alias="datadog-shelf", **why).id, "Are you of Datadog?")
for number, alias in enumerate(("warehuose", "tools"), 1):
    other = accounts.create(f"Other {number}", f"22223333444{number}")
    requests.create(operator(other.id), other.id, alias=alias, **why | {"person": None})
check_all()
from gallery.reports import reports
from registry.core import takedowns
miner = addresses.public(account_id, "bad/miner")
repositories.create(caller, miner)
demo._push(caller, miner, demo._image("m", "m", "m"), "1")
takedowns.take_down(desk, miner, "It mines coins on the machines of whoever runs it.")
row = Repository.objects.get(name="hello", account_id=account_id)
where = f"{aliases.primary(account_id)}/hello"
reports.create(row, where, reason="other", text="The greeting of tag 1.1 is in the wrong language.")
answer = aliases.primary(account_id)
"""

ABOUT = """# hello

Prints a greeting, and **ends**. See [the source](https://example.com/hello).

![A screenshot](https://example.com/shot.png)

## How it is built

| Part | Size | Where it comes from |
|------|-----:|---------------------|
| `/hello` | 1 kB | written by hand |

- [x] for two architectures
- [ ] for all others

## How to run it

```sh
docker run --rm hello
```

### In a cluster

Use the chart.[^chart]

## What it does not do

~~Everything~~ else.

[^chart]: It is called `charts/hello`.
"""


@dataclass(frozen=True, slots=True)
class Site:
    """Where the pages are."""

    origin: str
    alias: str

    @property
    def console(self) -> str:
        """The account's console."""
        return f"{self.origin}/console/{ACCOUNT}"


@pytest.fixture(scope="session")
def site(server: Server) -> Site:
    """The demo of one account is published, and its listings are fresh."""
    alias = server.python(SEED, account_id=ACCOUNT, email=EMAIL, password=PASSWORD, about=ABOUT, staff=STAFF)
    server.manage("rebuild_listings")
    return Site(f"http://{server.host}", alias)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for all tests."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A page of somebody who was never here."""
    context = chromium.new_context(permissions=["clipboard-read", "clipboard-write"])
    yield context.new_page()
    context.close()


def sign_in(page: Page, site: Site, email: str = EMAIL) -> None:
    """Sign in, as Ana if nobody else is named."""
    page.goto(f"{site.origin}/sign-in")
    page.get_by_label("Mail address").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(re.compile("/console|/account/accounts"))
