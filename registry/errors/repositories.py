"""Errors about repositories and registries: their policies, settings and limits."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from registry.errors.values import RegistryError

if TYPE_CHECKING:
    from accounts.iam.document import Problem


class RepositoryError(RegistryError):
    """About one repository."""

    def __init__(self, name: str, registry_id: str) -> None:
        super().__init__(f"{name} in {registry_id}")
        self.name = name
        self.registry_id = registry_id


class RepositoryNotFound(RepositoryError):
    """No such repository; only a caller who may act on the name learns this."""


class RepositoryAlreadyExists(RepositoryError):
    """The name is taken in this registry."""


class RepositoryNotEmpty(RepositoryError):
    """It still contains images, and deleting them was not asked for."""


class DeletionProtected(RepositoryError):
    """It is protected; the protection has to be taken off first."""


class PolicyError(RegistryError):
    """About a policy of a repository or a registry."""


class InvalidPolicy(PolicyError):
    """The text is no policy of its kind; `problems` say where and why, errors before warnings."""

    def __init__(self, problems: "Sequence[Problem]") -> None:
        super().__init__("; ".join(f"{problem.path}: {problem.message}" for problem in problems))
        self.problems = tuple(problems)


class PolicyLocksOut(PolicyError):
    """With this policy in force, who puts it could not put another one."""


class LifecyclePolicyInvalid(PolicyError):
    """The text is no lifecycle policy; `problems` say where and why."""

    def __init__(self, problems: "tuple[Problem, ...]") -> None:
        first = problems[0]
        super().__init__(f"line {first.line}, column {first.column}: {first.path or 'the policy'} {first.message}")
        self.problems = problems


class LifecyclePolicyNotFound(RepositoryError):
    """The repository has no lifecycle policy."""


class LifecyclePreviewNotFound(RepositoryError):
    """Nobody has asked for a preview, or the repository was made anew since."""


class LifecyclePreviewInProgress(RepositoryError):
    """The preview that was asked for before is not ready."""


class RepositoryPolicyNotFound(PolicyError):
    """The repository has no policy."""

    def __init__(self, name: str, registry_id: str) -> None:
        super().__init__(f"policy of {name} in {registry_id}")
        self.name = name
        self.registry_id = registry_id


class CatalogDataNotFound(RepositoryError):
    """The public repository has no catalog data."""


class TakenDown(RepositoryError):
    """Staff took the public repository, or the image that is pushed to it, down; `reason` is for everybody."""

    def __init__(self, name: str, registry_id: str, reason: str) -> None:
        super().__init__(name, registry_id)
        self.reason = reason


class RegistryPolicyNotFound(RegistryError):
    """The registry has no policy of its own."""

    def __init__(self, registry_id: str) -> None:
        super().__init__(f"registry {registry_id} has no policy")
        self.registry_id = registry_id


class LimitExceeded(RegistryError):
    """A number of things that a registry may have is reached; the message says which."""


class CountLimitExceeded(LimitExceeded):
    """One of KHO_MAX_REPOSITORIES, KHO_MAX_IMAGES and KHO_MAX_TAGS is reached."""


class TooManyTags(LimitExceeded):
    """A repository would have more resource tags than it may."""


class TemplateError(RegistryError):
    """About a repository creation template."""

    def __init__(self, prefix: str, registry_id: str) -> None:
        super().__init__(f"{registry_id}: {prefix}")
        self.prefix = prefix
        self.registry_id = registry_id


class TemplateAlreadyExists(TemplateError):
    """The registry has a template with this prefix."""


class TemplateNotFound(TemplateError):
    """The registry has no template with this prefix."""


class ExclusionError(RegistryError):
    """About the principals whose pulls leave last pull times alone."""

    def __init__(self, principal_arn: str) -> None:
        super().__init__(principal_arn)
        self.principal_arn = principal_arn


class ExclusionAlreadyExists(ExclusionError):
    """The principal is excluded already."""


class ExclusionNotFound(ExclusionError):
    """The principal is not excluded."""


class QuotaExceeded(RegistryError):
    """The account's storage quota is used up."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"the account may store at most {limit} bytes")
        self.limit = limit


class TooManyPulls(RegistryError):
    """One address has pulled too often without a login."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"too many pulls without a login; more are possible in {seconds} seconds")
        self.seconds = seconds
