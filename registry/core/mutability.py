"""Which tags of a repository may move: all, none, or all but those that a filter names."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from accounts.iam.matching import like
from registry.errors import InvalidValue
from registry.models import Repository
from registry.values import TAG_FILTER

CHOICES: Final = tuple(Repository.TagMutability.choices)
MUTABLE: Final = Repository.TagMutability.MUTABLE.value
WILDCARD: Final = "WILDCARD"
MOST_FILTERS: Final = 5
MOST_STARS: Final = 2
WITH_EXCLUSION: Final = frozenset(
    {Repository.TagMutability.IMMUTABLE_WITH_EXCLUSION, Repository.TagMutability.MUTABLE_WITH_EXCLUSION}
)


def may_move(repository: Repository, tag: str) -> bool:
    """Whether the tag, which names an image, may name another one."""
    return is_mutable(repository.image_tag_mutability, repository.image_tag_mutability_exclusion_filters, tag)


def is_mutable(setting: str, filters: Sequence[str], tag: str) -> bool:
    """The same for a setting that no repository may have yet."""
    excepted = setting in WITH_EXCLUSION and any(_test(text)(tag) for text in filters)
    moves = setting in {Repository.TagMutability.MUTABLE, Repository.TagMutability.MUTABLE_WITH_EXCLUSION}
    return moves != excepted


def check(setting: str, filters: Sequence[str]) -> None:
    """Return if the setting and its filters go together; InvalidValue."""
    if setting not in Repository.TagMutability.values:
        raise InvalidValue(setting, "is not one of " + ", ".join(Repository.TagMutability.values))
    if (setting in WITH_EXCLUSION) != bool(filters):
        raise InvalidValue(setting, "needs exclusion filters" if not filters else "takes no exclusion filters")
    if len(filters) > MOST_FILTERS:
        raise InvalidValue(str(len(filters)), f"exclusion filters are more than {MOST_FILTERS}")
    for text in filters:
        if not TAG_FILTER.fullmatch(text) or text.count("*") > MOST_STARS:
            raise InvalidValue(text, f"is not a filter: 1 to 128 letters, digits and . _ - with at most {MOST_STARS} *")


_test: Final = lru_cache(maxsize=1024)(like)
