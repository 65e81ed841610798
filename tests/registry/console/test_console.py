"""The console: a person acts on an account by a membership; others see nothing at all."""

import re

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.caller import Caller, operator
from accounts.directory import accounts, people, policies
from accounts.models import Account, AuditEvent, Membership, Person, Principal
from accounts.sessions import passwords
from registry.core import images, repositories
from registry.models import Image, Repository
from registry.values import Address, Digest
from tests.factories.registry import make_public_repository, make_repository, push_image, push_index

PASSWORD = "a shelf of long words"
BASE = "/console/111122223333"
PRIVATE = f"{BASE}/us-east-1/repositories"


def member(account_id: str, email: str) -> Person:
    """A person who acts on an account as its Administrator."""
    account = Account.objects.get(id=account_id)
    role, _ = Principal.objects.get_or_create(
        account=account, kind=Principal.Kind.ROLE, name="Administrator", defaults={"unique_id": f"AROA{account_id}"}
    )
    policies.attach(operator(account_id), role, policies.ADMINISTRATOR_ACCESS)
    person = people.create(email, PASSWORD)
    people.add_to_account(person, account)
    return person


@pytest.fixture
def ana(client: Client, alice: Caller) -> Client:
    """The browser of a member of Alice's account."""
    client.force_login(member(alice.account_id, "ana@example.com"))
    return client


@pytest.fixture
def chi(charlie: Caller) -> Client:
    """The browser of a member of Charlie's account."""
    client = Client()
    client.force_login(member(charlie.account_id, "chi@example.com"))
    return client


def page(client: Client, path: str, status: int = 200) -> str:
    """The text of a page, without the places where long names may be broken."""
    answer = client.get(path)
    assert answer.status_code == status, path
    return answer.content.decode().replace("<wbr>", "")


def test_strangers_are_asked_to_sign_in(client: Client, address: Address) -> None:
    for path in ("/console", BASE, PRIVATE, f"{PRIVATE}/team/app/-/images", f"{BASE}/registry-password"):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["Location"]) == (302, f"/sign-in?next={path}")


def test_parts_of_pages_lead_to_sign_in_as_a_whole(client: Client, address: Address) -> None:
    asks = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{PRIVATE}?sort=-size"}
    answer = client.get(f"{PRIVATE}?sort=size", headers=asks)
    assert (answer.status_code, answer.content) == (401, b"")
    assert (
        answer.headers["HX-Redirect"]
        == "/sign-in?next=%2Fconsole%2F111122223333%2Fus-east-1%2Frepositories%3Fsort%3D-size"
    )


def test_members_of_other_accounts_learn_nothing(chi: Client, address: Address) -> None:
    def body(path: str) -> str:
        return re.sub(r'value="[^"]*"|name="csrf[^>]*', "", page(chi, path, 404)).replace(path, "")

    there = body(f"{PRIVATE}/team/app/-/images")
    assert there == body(f"{PRIVATE}/team/absent/-/images") == body("/console/999999999999/us-east-1/repositories")
    for path in (BASE, PRIVATE, f"{PRIVATE}/-/new", f"{PRIVATE}/team/app/-/delete", f"{BASE}/registry-password"):
        page(chi, path, 404)
        assert chi.post(path).status_code == 404 or chi.post(path).status_code == 405
    assert Repository.objects.filter(deleted_at=None).count() == 1


def test_the_entrance_leads_to_the_account(ana: Client, alice: Caller, charlie: Caller) -> None:
    assert ana.get("/console").headers["Location"] == BASE
    member(charlie.account_id, "x@example.com")
    people.add_to_account(people.get("ana@example.com"), Account.objects.get(id=charlie.account_id))
    assert ana.get("/console").headers["Location"] == "/account/accounts"
    text = page(ana, "/account/accounts")
    assert BASE in text and f"/console/{charlie.account_id}" in text
    page(ana, BASE)
    assert ana.get("/console").headers["Location"] == BASE, "the last one"


def test_who_belongs_to_no_account_is_told(client: Client, db: None) -> None:
    client.force_login(people.create("new@example.com", PASSWORD))
    assert client.get("/console").headers["Location"] == "/account/accounts"
    assert "You do not belong to an account yet." in page(client, "/account/accounts")


def test_a_membership_that_ended_counts_no_more(ana: Client, alice: Caller) -> None:
    page(ana, BASE)
    Membership.objects.all().delete()
    page(ana, BASE, 404)


def test_the_overview(ana: Client, alice: Caller) -> None:
    text = page(ana, BASE)
    assert "First steps" in text and "docker push testserver/111122223333/my-app:1" in text
    push_image(alice, make_repository(alice, "team/web").address, "1")
    text = page(ana, BASE)
    assert "First steps" not in text and "repository/team/web" in text and "Nothing needs attention." in text


def test_the_list_filters_and_pages(ana: Client, alice: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "No repositories in us-east-1 yet." in page(ana, PRIVATE)
    assert "No public repositories yet." in page(ana, f"{BASE}/public/repositories")
    for number in range(60):
        make_repository(alice, f"team/app-{number:02}")
    text = page(ana, PRIVATE)
    assert "60 repositories" in text and "app-49" in text and "app-50" not in text
    following = re.search(r'rel="next" href="([^"]+)"', text)
    assert following and "app-59" in page(ana, PRIVATE + following[1].replace("&amp;", "&"))
    assert "1 repository" in page(ana, f"{PRIVATE}?contains=APP-07")
    assert "No repository has “zz” in its name." in page(ana, f"{PRIVATE}?contains=zz")
    page(ana, f"{BASE}/mars-north-1/repositories", 404)


def test_a_repository_is_created(ana: Client) -> None:
    assert "111122223333/" in page(ana, f"{PRIVATE}/-/new")
    answer = ana.post(f"{PRIVATE}/-/new", {"name": "team/new", "image_tag_mutability": "IMMUTABLE"}, follow=True)
    assert "The repository team/new is ready." in answer.content.decode()
    made = Repository.objects.get(name="team/new")
    assert made.image_tag_mutability == "IMMUTABLE"
    assert made.created_by == "arn:aws:sts::111122223333:assumed-role/Administrator/ana@example.com"
    ana.post(f"{BASE}/public/repositories/-/new", {"name": "open", "image_tag_mutability": "MUTABLE"})
    assert Repository.objects.get(name="open").is_public


@pytest.mark.parametrize(
    ("region", "name", "words"),
    [
        ("us-east-1", "Not Legal", "Use 2 to 256 lower-case letters"),
        ("us-east-1", "", "This field is required."),
        ("us-east-1", "team/app", "has a repository with this name already"),
        ("public", "a" * 206, "may have 205 characters"),
    ],
)
def test_it_refuses_names_and_keeps_what_was_typed(
    ana: Client, repository: Repository, region: str, name: str, words: str
) -> None:
    answer = ana.post(f"{BASE}/{region}/repositories/-/new", {"name": name, "image_tag_mutability": "MUTABLE"})
    text = answer.content.decode()
    assert answer.status_code == 422 and words in text and f'value="{name}"' in text
    assert "<title>Error:" in text


def test_images_are_listed_with_their_tags(ana: Client, alice: Caller, address: Address) -> None:
    assert "docker push testserver/111122223333/team/app:1" in page(ana, f"{PRIVATE}/team/app/-/images")
    one = push_image(alice, address, "1.0")
    push_index(alice, address, "all", [push_image(alice, address), one])
    text = page(ana, f"{PRIVATE}/team/app/-/images")
    assert "2 images" in text and "1.0" in text and '<span class="muted">untagged</span>' not in text
    assert "1 image" in page(ana, f"{PRIVATE}/team/app/-/images?contains={one.digest[:20]}")
    assert "No image has “zz”" in page(ana, f"{PRIVATE}/team/app/-/images?contains=zz")
    text = page(ana, f"{PRIVATE}/team/app/-/images/{one.digest}")
    assert f"docker pull testserver/111122223333/team/app@{one.digest}" in text and alice.principal_arn in text
    page(ana, f"{PRIVATE}/team/app/-/images/sha256:{'0' * 64}", 404)
    page(ana, f"{PRIVATE}/team/absent/-/images", 404)
    assert alice.principal_arn in page(ana, f"{PRIVATE}/team/app/-/history")


def test_an_image_is_deleted_after_confirmation(ana: Client, alice: Caller, address: Address) -> None:
    image = push_image(alice, address, "1.0")
    path = f"{PRIVATE}/team/app/-/images/delete"
    assert "Delete 1 image?" in ana.post(path, {"digest": image.digest}).content.decode()
    assert Image.objects.filter(deleted_at=None).exists()
    answer = ana.post(path, {"digest": image.digest, "confirmed": "1"}, follow=True)
    assert "1 image is deleted." in answer.content.decode()
    assert not Image.objects.filter(deleted_at=None).exists()


def test_many_images_want_their_number_typed(ana: Client, alice: Caller, address: Address) -> None:
    digests = [push_image(alice, address).digest for _ in range(11)]
    path = f"{PRIVATE}/team/app/-/images/delete"
    answer = ana.post(path, {"digest": digests, "confirmed": "1", "typed": "10"})
    assert answer.status_code == 422 and "Type “11” to confirm." in answer.content.decode()
    ana.post(path, {"digest": digests, "confirmed": "1", "typed": "11"})
    assert not Image.objects.filter(deleted_at=None).exists()


def test_it_refuses_to_delete_what_is_gone_named_or_not_chosen(ana: Client, alice: Caller, address: Address) -> None:
    child = push_image(alice, address)
    push_index(alice, address, "all", [child])
    path = f"{PRIVATE}/team/app/-/images/delete"
    answer = ana.post(path, {"digest": child.digest, "confirmed": "1"})
    assert answer.status_code == 409 and "Nothing was deleted" in answer.content.decode()
    assert "Choose at least one image." in ana.post(path, {}, follow=True).content.decode()
    for gone in ("sha256:" + "0" * 64, "nonsense"):
        text = ana.post(path, {"digest": [child.digest, gone], "confirmed": "1"}, follow=True).content.decode()
        assert "One of the images is gone already." in text
    assert images.head(alice, address, Digest.parse(child.digest))


def test_a_repository_is_deleted_by_its_name(ana: Client, alice: Caller, public_address: Address) -> None:
    push_image(alice, public_address, "1")
    path = f"{BASE}/public/repositories/app/-/delete"
    text = page(ana, path)
    assert "It disappears from the gallery" in text
    answer = ana.post(path, {"typed": "ap"})
    assert answer.status_code == 422 and "Type “app” to confirm." in answer.content.decode()
    assert repositories.find(public_address)
    answer = ana.post(path, {"typed": "app"}, follow=True)
    assert "The repository app is deleted." in answer.content.decode()
    assert repositories.find(public_address) is None


def test_a_registry_password_is_shown_once_and_works(ana: Client, alice: Caller) -> None:
    path = f"{BASE}/registry-password"
    assert "docker login" not in page(ana, path)
    answer = ana.post(path, follow=True)
    found = re.search(r'id="secret-2"[^>]*>([^<]+)<', answer.content.decode())
    assert found is not None
    assert passwords.verify(found[1])[0].name == "Administrator"
    assert "no-store" in answer.headers["Cache-Control"]
    assert found[1] not in page(ana, path)
    event = AuditEvent.objects.get(event_name="GetAuthorizationToken")
    assert event.principal_arn.endswith("assumed-role/Administrator/ana@example.com")
    assert found[1] not in str(event.details)


def test_lists_cost_the_same_however_long(
    ana: Client,
    alice: Caller,
    address: Address,
    settings: Settings,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    push_image(alice, address, "0")
    page(ana, f"{PRIVATE}/team/app/-/images")
    for number in range(1, 12):
        push_index(alice, address, str(number), [push_image(alice, address)])
        make_repository(alice, f"more-{number}")
        make_public_repository(alice, f"more-{number}")
    settings.RIGHTS_SECONDS = 5
    expected = ((PRIVATE, 5), (f"{PRIVATE}/team/app/-/images", 9), (f"{BASE}/audit", 5), (BASE, 10))
    more = ((f"{PRIVATE}/team/app/-/permissions", 11), (f"{PRIVATE}/team/app/-/settings", 5), (f"{BASE}/work", 5))
    for path, queries in (*expected, *more):
        page(ana, path)
        with django_assert_max_num_queries(queries):
            page(ana, path)


def test_accounts_come_with_their_role(db: None) -> None:
    account = accounts.create("Made", "222233334444")
    assert account.principals.filter(kind="role", name="Administrator").exists()


def test_commands_carry_awss_names_if_they_lead_here(ana: Client, address: Address, settings: Settings) -> None:
    settings.AWS_HOST_NAMES = True
    host = "111122223333.dkr.ecr.us-east-1.amazonaws.com"
    text = page(ana, f"{PRIVATE}/team/app/-/images")
    assert f"docker push {host}/team/app:1" in text and f"docker login --username AWS {host}" in text
    assert f"<span>{host}/</span>" in page(ana, f"{PRIVATE}/-/new")
