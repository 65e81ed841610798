"""A deployment with the demo and one person, and Debian's Chromium."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.clients.fixtures import pytest_runtest_makereport, server
from tests.clients.server import Server

__all__ = ["pytest_runtest_makereport", "server"]

# A busy machine is no failure: what does not come within this time never comes.
expect.set_options(timeout=30_000)

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
from accounts.directory import console_passwords
look = {"Effect": "Allow", "Action": ["ecr:*", "iam:ChangePassword"], "Resource": "*"}
for name, change in (("dev", False), ("new", True)):
    made = users.create(caller, account_id, name)
    policies.put_inline(caller, made, "look", json.dumps({"Version": "2012-10-17", "Statement": [look]}))
    console_passwords.create(caller, account_id, name, password, must_change=change)
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
from registry.models import Replication, ReplicationBackfill, ReplicationBackfillResult
other = {"region": "us-east-1", "registryId": "444455556666"}
teams = [{"filter": "team/", "filterType": "PREFIX_MATCH"}]
registries.put_replication(caller, home, {"rules": [
    {"destinations": [other], "repositoryFilters": teams, "deleteReplication": {"enabled": True}}]})
to = {"account": account, "source_region": "us-east-1", "region": "us-east-1", "registry_id": "444455556666"}
from registry.models import Image
app = Image.objects.filter(repository__name="team/app-0").first()
Replication.objects.create(image=app, tag="1.0", status="FAILED", failure_code="AccessDenied",
    finished_at=timezone.now(), **to)
backfill = ReplicationBackfill.objects.create(id="00000000-0000-4000-8000-000000000003", status="COMPLETE", total=40,
    completed=39, failed=1, ended_at=timezone.now(),
    created_by=f"arn:aws:sts::{account_id}:assumed-role/Administrator/{email}", **to)
ReplicationBackfillResult.objects.create(backfill=backfill, image_number=app.id, repository_name="team/app-0",
    digest=app.digest, tag="1.0", status="FAILED", failure_code="ChildrenNotReplicated",
    child_failure_codes=["LayersNotFound"])
job = WorkItem.objects.create(id="00000000-0000-4000-8000-000000000001", account=account, region="us-east-1",
    kind="delete-repositories", state="partial", total=40, done=39, failed=1,
    created_by=f"arn:aws:sts::{account_id}:assumed-role/Administrator/{email}", finished_at=timezone.now())
WorkTarget.objects.create(item=job, name="team/app-1", state="failed", error="DeletionProtected")
from registry.models import CollectionRun
CollectionRun.objects.create(kind="collect", state="done", started_at=timezone.now(), finished_at=timezone.now(),
    counts={"images": 3, "blobs": 12}, freed_bytes=52_000_000)
CollectionRun.objects.create(kind="dry", state="partial", asked_by=staff, started_at=timezone.now(),
    finished_at=timezone.now(), counts={"links": 4, "missing": 1}, problem_count=1, problems=["the disk is tired"])
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
from registry.core import peers
peers.add(desk, name="north", url="https://kho.north.example", regions=["eu-north-1"], account_ids=[account_id],
    public_key="11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")
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
from registry.models import WebhookDelivery, Webhook
from registry.notifications import sealed, signing, webhooks
given = {"account": account, "url": "https://hooks.example.com/kho", "secret": sealed.seal(signing.new_secret())}
Webhook.objects.create(name="deploy", event_types=["image.push", "image.delete"], tag_filter="v*", **given)
Webhook.objects.create(name="chat", event_types=["*"], is_enabled=False, **given)
test = webhooks.send_test(caller, account_id, "deploy")
kept = {"request_headers": {"webhook-id": test.message_id, "webhook-signature": "v1," + "x" * 44}, "took_ms": 41}
kept |= {"answer_headers": {"Content-Type": "text/plain"}, "answer_body": "no such hook", "tried_at": timezone.now()}
WebhookDelivery.objects.filter(id=test.id).update(
    id="00000000-0000-4000-8000-000000000002", state="failed", tries=1, status=404, **kept)
held = webhooks.send_test(caller, account_id, "deploy")
WebhookDelivery.objects.filter(id=held.id).update(state="held")
Webhook.objects.filter(name="deploy").update(paused_at=timezone.now(), failures=40, failing_since=timezone.now())
from accounts.models import OutboxRow
OutboxRow.objects.filter(event="WebhookDeliveryDue").delete()
dead = {"event": "ImagePushed", "payload": {"repository": 7}, "tries": 30, "last_error": "ConnectionError('refused')"}
rows = []
for number in (900001, 900002):
    rows.append(OutboxRow(id=number, task="gallery.search.index.refresh", dead_at=timezone.now(), **dead))
rows.append(OutboxRow(id=900003, task="accounts.mail.deliver", due_at=timezone.now() + timedelta(days=1),
    **dead | {"tries": 4, "event": "MailWritten"}))
OutboxRow.objects.bulk_create(rows)  # at once: the worker's next row takes the next number
import tempfile
from pathlib import Path
from registry.models import ImageScan, ImageTag, Sbom
from registry.scanning import importing, results, sboms
from registry.scanning.sboms import Distribution, Package
vector = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
with tempfile.TemporaryDirectory() as folder:
    for number, (name, ends) in enumerate({"openssl": [{"fixed": "3.0.11-1"}], "bash": []}.items(), 1):
        ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, *ends]}]
        record = {"id": f"DSA-{number}-1", "modified": "2026-04-01T00:00:00Z", "upstream": [f"CVE-2026-{number}000"],
            "summary": f"{name}: security update", "severity": [{"type": "CVSS_V3", "score": vector}][:number],
            "affected": [{"package": {"ecosystem": "Debian:12", "name": name}, "ranges": ranges}]}
        (Path(folder) / f"{number}.json").write_text(json.dumps(record))
    importing.run(folder)
index = ImageTag.objects.get(repository__name="team/web", name="2.4").image
child = index.children.get(architecture="amd64")
scanned = Image.objects.get(repository__name="team/web", digest=child.digest)
packages = (Package("libssl3", "3.0.9-1", "deb", "amd64", "openssl", "3.0.9-1", path="/var/lib/dpkg/status"),
    Package("bash", "5.2.15-2", "deb", "amd64"))
public = ImageTag.objects.get(repository__name="shop/web", name="latest").image
listed = Image.objects.get(repository__name="shop/web", digest=public.children.get(architecture="amd64").digest)
fixed = (Package("libssl3", "3.0.11-1", "deb", "amd64", "openssl", "3.0.11-1"), Package("zlib1g", "1", "deb", "amd64"))
scans = [(scanned, "BASIC", packages), (listed, "ENHANCED", packages)]
for tag, some in (("1.0", packages), ("edge", fixed)):
    hello = ImageTag.objects.get(repository__name="hello", name=tag).image
    child = hello.children.first()
    image = Image.objects.get(repository=hello.repository, digest=child.digest) if child else hello
    scans.append((image, "ENHANCED", some))
for image, kind, some in scans:
    content = sboms.Sbom(Distribution("debian", "12", "Debian GNU/Linux 12 (bookworm)"), some, "syft 1")
    made = {"package_count": 2, "generator": "syft 1", "content": sboms.packed(content)}
    found = Sbom.objects.update_or_create(manifest_digest=image.digest, defaults=made)[0]
    ImageScan.objects.filter(image=image).delete()  # the worker may have made one: the image is public
    scan = ImageScan.objects.create(image=image, scan_type=kind, status="IN_PROGRESS")
    results.save(scan, results.evaluate(found, kind, is_continuous=kind == "ENHANCED"))
    scan.refresh_from_db()
    before = [(40, {"MEDIUM": 1}), (12, {"MEDIUM": 1, "LOW": 2}), (5, {"HIGH": 1, "MEDIUM": 1, "LOW": 1})]
    days = []
    for ago, counts in before:
        days.append([str(timezone.now().date() - timedelta(days=ago)), counts])
    ImageScan.objects.filter(id=scan.id).update(history=[*days, *scan.history])
from registry.models import Suppression
Suppression.objects.create(id=900001, account_id=account_id, region="us-east-1", vulnerability="CVE-2026-9000",
    package="zlib", version="1.2.13", repository="team/*", justification="vulnerable_code_not_in_execute_path",
    reason="Only the command-line tool calls it.", until=timezone.now() + timedelta(days=30), created_by="ana")
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


def sign_in_user(page: Page, site: Site, name: str, password: str = PASSWORD) -> None:
    """Sign in as an IAM user, in whatever language the page is."""
    page.goto(f"{site.origin}/sign-in/user?account={ACCOUNT}")
    page.locator("#id_user_name").fill(name)
    page.locator("#id_password").fill(password)
    page.locator("main button.primary").click()
    page.wait_for_url(re.compile("/console/|/account/security/password"))
