"""The staff's commands: what they print, and one line for what is wrong."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.caller import Caller
from gallery.aliases import routing
from gallery.models import AliasRequest
from registry.core import aliases
from tests.factories.aliases import ask_for
from tests.factories.registry import make_public_repository


def run(*arguments: str) -> str:
    """Run a command and return what it printed."""
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue().strip()


def test_aliases(alice: Caller, charlie: Caller) -> None:
    assert run("aliases", "list") == ""
    ask_for(alice)
    ask_for(charlie, "datadog-tools")
    routing.check_all()
    assert "acme 1  111122223333  requested" in run("aliases", "list") and "brand" in run("aliases", "list")
    assert "near: datadog" in run("aliases", "show", "datadog-tools")
    assert run("aliases", "ask", "acme", "--question", "Who?") == "The question about acme is sent."
    shown = run("aliases", "show", "acme", "1")
    assert "asked by operator\n    Who?" in shown and "website: https://acme.example/registry" in shown
    assert run("aliases", "approve", "acme", "--note", "Fine.") == "The account 111122223333 has the alias acme now."
    assert aliases.find("acme") == "111122223333"
    assert "refused" in run("aliases", "refuse", "datadog-tools", "1", "--reason", "Not yours.")
    assert run("aliases", "list") == "" and "rejected" in run("aliases", "list", "--state", "all")
    assert AliasRequest.objects.get(alias="acme").decided_by == "operator"


def test_reserved_names(alice: Caller) -> None:
    assert "datadog  exact  seller" in run("reserved_names", "list", "--contains", "datad")
    ask_for(alice, "acme-tools")
    run("aliases", "approve", "acme-tools")
    out = run("reserved_names", "add", "acme", "--kind", "prefix", "--note", "A brand.")
    assert out == "It fits the live alias acme-tools, which stays.\nacme* is reserved."
    assert "acme*  prefix  other  A brand." in run("reserved_names", "list")
    assert run("reserved_names", "remove", "acme") == "acme is not reserved any more."


def test_publishers(alice: Caller) -> None:
    assert run("publishers", "list") == ""
    make_public_repository(alice)
    assert run("publishers", "verify", "111122223333", "--because", "A letter.") == "Alice is verified."
    assert run("publishers", "list").endswith("Alice  verified by operator")
    assert run("publishers", "unverify", "111122223333") == "Alice is not verified any more."


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("aliases", "show", "absent"), "There is no request for absent."),
        (("aliases", "approve", "acme", "9"), "There is no request 9 for acme."),
        (("aliases", "refuse", "acme", "--reason", " "), "Give up to 2000 characters"),
        (("aliases", "approve", "done"), "It was decided by operator already."),
        (("reserved_names", "add", "docker"), "docker is in the list already."),
        (("reserved_names", "add", "Docker!"), "Docker! is no pattern of this kind."),
        (("reserved_names", "remove", "absent"), "absent is not in the list."),
        (("publishers", "verify", "999999999999", "--because", "x"), "has no name in the gallery."),
        (("publishers", "verify", "444455556666", "--because", " "), "takes 1 to 2000 characters"),
    ],
)
def test_it_refuses_in_one_line(alice: Caller, charlie: Caller, arguments: tuple[str, ...], words: str) -> None:
    ask_for(alice)
    ask_for(charlie, "done")
    run("aliases", "approve", "done")
    with pytest.raises(CommandError, match=words):
        run(*arguments)


def test_it_refuses_names_that_are_not_free_any_more(alice: Caller, charlie: Caller) -> None:
    ask_for(alice)
    ask_for(charlie)
    run("aliases", "approve", "acme", "2")
    with pytest.raises(CommandError, match="“acme” is taken"):
        run("aliases", "approve", "acme", "1")
