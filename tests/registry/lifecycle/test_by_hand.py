"""`manage.py run_lifecycle`: whole sentences and exit codes."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from accounts.caller import Caller
from registry.lifecycle import runs
from registry.models import LifecycleClock, LifecycleRun, Repository
from registry.values import Address
from tests.factories.registry import make_repository, push_image
from tests.registry.lifecycle.making import age, expire, live, policy

WHERE = "111122223333/us-east-1/team/app"


def run(*words: str) -> str:
    """What the command says."""
    out = StringIO()
    call_command("run_lifecycle", *words, stdout=out)
    return out.getvalue()


def ends(*words: str) -> tuple[int, str]:
    """The exit code of a command that fails, and what it says."""
    with pytest.raises(CommandError) as caught:
        run(*words)
    return caught.value.returncode, str(caught.value)


@pytest.fixture(autouse=True)
def old(alice: Caller, address: Address, repository: Repository) -> None:
    """The repository team/app has a policy and an image that it is for."""
    age(push_image(alice, address, "1"), 40)
    push_image(alice, address, "2")
    text = policy(expire(1, tagStatus="any"))
    Repository.objects.filter(id=repository.id).update(lifecycle_policy_text=text)


def test_it_works(alice: Caller, repository: Repository) -> None:
    make_repository(alice, "other")
    assert run("--dry-run") == f"{WHERE}: of 2 images 1 would expire and 0 would be archived.\n"
    assert len(live(repository)) == 2
    assert run() == f"{WHERE}: of 2 images 1 expired and 0 were archived.\n"
    assert run("--repository", "111122223333/team/app").startswith(f"{WHERE}: of 1 images 0 expired")
    assert run("--repository", WHERE).startswith(WHERE)


def test_it_refuses_what_is_not_there(alice: Caller, repository: Repository) -> None:
    for name in ("111122223333/none", "nonsense", "444455556666/us-east-1/team/app", "111122223333/UPPER"):
        code, said = ends("--repository", name)
        assert code == 2 and said.startswith("There is no repository of these names")
    Repository.objects.update(lifecycle_policy_text="")
    assert ends()[0] == 2


def test_it_does_not_believe_a_clock_that_jumped(repository: Repository) -> None:
    LifecycleClock.objects.create(seen_at=timezone.now() - timedelta(days=3))
    code, said = ends()
    assert code == 3 and "The clock has jumped" in said and len(live(repository)) == 2
    assert "1 expired" in run("--trust-clock")


def test_it_says_what_was_not_done(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    LifecycleRun.objects.create(repository=repository, policy_text="")
    assert ends() == (4, "1 of 1 policies could not be applied wholly.")
    monkeypatch.setattr(runs, "run", lambda _: runs.Outcome(error="AccessDenied"))
    assert ends()[0] == 4
    monkeypatch.setattr(runs, "run", lambda _: runs.Outcome(held=3))
    assert ends()[0] == 4
