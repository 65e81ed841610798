"""Domain events: what happened in the registry, as plain frozen values. Announced into the outbox, in JSON."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RepositoryCreated:
    """A repository is there."""

    repository: int


@dataclass(frozen=True, slots=True)
class RepositoryDeleted:
    """A repository is gone; its row stays for a while, marked."""

    repository: int


@dataclass(frozen=True, slots=True)
class ImagePushed:
    """An image was put, under a tag or (tag empty) by digest alone."""

    repository: int
    digest: str
    tag: str


@dataclass(frozen=True, slots=True)
class ImageDeleted:
    """An image is gone."""

    repository: int
    digest: str


@dataclass(frozen=True, slots=True)
class ImageUntagged:
    """A tag is gone; the image stays."""

    repository: int
    digest: str
    tag: str


@dataclass(frozen=True, slots=True)
class ImagesPulled:
    """Pulls were counted for a repository since the last time."""

    repository: int


@dataclass(frozen=True, slots=True)
class TakenDown:
    """Staff took a public repository or image down; its bytes are to be removed."""

    takedown: int


@dataclass(frozen=True, slots=True)
class WorkQueued:
    """A long job has something to do."""

    item: str


@dataclass(frozen=True, slots=True)
class CatalogDataChanged:
    """A publisher says something else about a public repository, or goes by another name."""

    repository: int


@dataclass(frozen=True, slots=True)
class NoticeMailDue:
    """A person is to be told something by mail."""

    notice: int


Event = (
    RepositoryCreated
    | RepositoryDeleted
    | ImagePushed
    | ImageDeleted
    | ImageUntagged
    | ImagesPulled
    | CatalogDataChanged
    | TakenDown
    | WorkQueued
    | NoticeMailDue
)
