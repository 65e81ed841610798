"""What a policy would do and why, for pages: of a whole repository, of a page of images, of one image."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from django.utils import timezone

from accounts.audit.actions import Action
from accounts.caller import Caller
from registry.core import repositories
from registry.lifecycle import facts, grammar, runs
from registry.lifecycle.evaluation import Decision, ImageFacts, evaluate, in_order
from registry.lifecycle.grammar import EXPIRE
from registry.lifecycle.policies import Kept
from registry.models import LifecycleRun, Repository
from registry.values import Address

MOST: Final = 5_000
"""Images of a repository about which every page can tell; for larger ones somebody has to ask for a preview."""
MOST_PREVIEWED: Final = 20_000
"""Images about which a page can tell at all; beyond, the API's preview is made by a task worker."""
SHOWN: Final = 100


@dataclass(frozen=True, slots=True)
class Row:
    """An image, its bytes, and what would become of it."""

    image: ImageFacts
    size: int
    decision: Decision


@dataclass(frozen=True, slots=True)
class Opened:
    """A repository with the policy in force (None without one), and the last time that it was applied."""

    repository: Repository
    saved: Kept | None
    last_run: LifecycleRun | None


@dataclass(frozen=True, slots=True)
class Forecast:
    """How many images would expire (and their bytes, each counted whole), be archived, stay; the first of them.

    Those that go are first, in the order in which they would; `more` are not shown.
    """

    expiring: int
    expiring_size: int
    archiving: int
    keeping: int
    rows: list[Row]
    more: int


def open_page(caller: Caller, address: Address) -> Opened:
    """Return what the page of a repository's policy is about."""
    repository = repositories.authorized(caller, address, Action.GET_LIFECYCLE_POLICY)
    if not repository.lifecycle_policy_text:
        return Opened(repository, None, None)
    saved = Kept(repository.lifecycle_policy_text, repository.lifecycle_evaluated_at)
    return Opened(repository, saved, next(iter(runs.recent(repository)), None))


def forecast(caller: Caller, repository: Repository, text: str, *, most: int = MOST_PREVIEWED) -> Forecast | None:
    """Say what a policy that can be read would do now; None if the repository has too many images for a page."""
    repositories.allow(caller, repository.address, repository, Action.START_LIFECYCLE_POLICY_PREVIEW)
    if repository.image_count > most:
        return None
    found, sizes = facts.with_sizes(repository.id)
    decisions = evaluate(found, grammar.parse(text), timezone.now())
    acting = in_order(found, decisions)
    staying = [decision for decision in decisions if not decision.action]
    expiring = [decision.digest for decision in acting if decision.action == EXPIRE]
    shown = [*acting, *staying][:SHOWN]
    images = {image.digest: image for image in found}
    return Forecast(
        expiring=len(expiring),
        expiring_size=sum(sizes[digest] for digest in expiring),
        archiving=len(acting) - len(expiring),
        keeping=len(staying),
        rows=[Row(images[each.digest], sizes[each.digest], each) for each in shown],
        more=len(decisions) - len(shown),
    )


def of_images(caller: Caller, repository: Repository | None, digests: Collection[str]) -> dict[str, Decision]:
    """Say what the policy in force means for some images; empty without a policy or the right to read it.

    Empty for large repositories, too.
    """
    if repository is None or not repository.lifecycle_policy_text or repository.image_count > MOST:
        return {}
    if not repositories.may(caller, repository.address, repository, Action.GET_LIFECYCLE_POLICY):
        return {}
    rules = grammar.parse(repository.lifecycle_policy_text)
    decisions = evaluate(facts.of_repository(repository.id), rules, timezone.now())
    wanted = set(digests)
    return {decision.digest: decision for decision in decisions if decision.digest in wanted}
