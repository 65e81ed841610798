"""Repositories by management command."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from accounts.caller import Caller
from registry.core import aliases, images
from registry.models import Repository
from registry.values import Address, Digest
from tests.factories.registry import push_image


def run(*arguments: str) -> str:
    """Run a command and return what it printed."""
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue().strip()


def test_it_works(alice: Caller) -> None:
    """Create, list, delete; private in a region, public under the alias."""
    account = alice.account_id
    assert run("create_repository", account, "team/app", "--immutable-tags") == f"{account}/team/app"
    public = run("create_repository", account, "app", "--public")
    assert public == f"{aliases.primary(account)}/app"
    assert run("list_repositories", account).splitlines() == [f"{account}/team/app", public]
    assert Repository.objects.get(region="us-east-1").image_tag_mutability == "IMMUTABLE"
    assert run("delete_repository", account, "app", "--public") == "Deleted app."
    assert run("list_repositories", account) == f"{account}/team/app"


def test_it_refuses_to_delete_images_unasked(alice: Caller, address: Address) -> None:
    """Only --force does."""
    push_image(alice, address, "1")
    with pytest.raises(CommandError, match="RepositoryNotEmpty"):
        run("delete_repository", alice.account_id, "team/app")
    run("delete_repository", alice.account_id, "team/app", "--force")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("create_repository", "999999999999", "app"), "There is no account 999999999999"),
        (("create_repository", "111122223333", "UPPER"), "InvalidRepositoryName"),
        (("create_repository", "111122223333", "app", "--region", "mars-1"), "not a region"),
        (("delete_repository", "111122223333", "absent"), "RepositoryNotFound"),
    ],
)
def test_it_refuses_in_one_line(alice: Caller, arguments: tuple[str, ...], words: str) -> None:
    """No traceback for what the caller got wrong."""
    with pytest.raises(CommandError, match=words):
        run(*arguments)


def test_deleted_images_are_put_back(alice: Caller, address: Address, settings: Settings) -> None:
    """Listed, restored, and refused in one line."""
    image = push_image(alice, address, "1")
    place = ("restore_image", alice.account_id, "team/app")
    assert run(*place) == ""
    images.delete(alice, address, Digest.parse(image.digest))
    assert run(*place).startswith(f"{image.digest} (1), until 2")
    again = push_image(alice, address, "1")
    said = run(*place, image.digest).splitlines()
    assert said == [
        f"Restored {image.digest}; tags: none.",
        f"The tag 1 names {again.digest} by now and stays there.",
    ]
    with pytest.raises(CommandError, match="ImageAlreadyExists"):
        run(*place, image.digest)
    settings.UNDELETE_SECONDS = 0
    with pytest.raises(CommandError, match="KHO_UNDELETE_SECONDS is 0"):
        run(*place)
