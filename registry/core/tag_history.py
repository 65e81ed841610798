"""What happened to a repository's tags: which named which image when, and what that changed."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from accounts.audit.actions import Action
from accounts.caller import Caller
from registry.core import keyset, mutability, repositories
from registry.core.browsing import PAGE, Page
from registry.core.keyset import Order
from registry.errors import ImageNotFound, InvalidValue
from registry.models import Image, ImageTag, Repository, TagEvent
from registry.values import Address, Digest
from registry.values import ImageTag as Tag

KINDS: Final = TagEvent.Kind.choices
"""What may happen to a tag, with the word for it."""
ORDER: Final = Order("id", int, is_unique=True)


@dataclass(frozen=True, slots=True)
class EventRow:
    """A change of a tag; sizes in bytes, None for images of which nothing is known any more.

    `earlier` is the digest that the tag can be put back to: the one that this change left it with, or that it lost.
    """

    event: TagEvent
    old_size: int | None
    new_size: int | None
    earlier: str = ""

    @property
    def change(self) -> int | None:
        """By how many bytes the image grew; None unless one was replaced by another."""
        if self.old_size is None or self.new_size is None:
            return None
        return self.new_size - self.old_size


@dataclass(frozen=True, slots=True)
class Reversion:
    """What putting a tag back would do: which image it names now, if any, and which one it would name."""

    tag: str
    now: Image | None
    then: Image
    is_immutable: bool


def tag_history(
    caller: Caller,
    address: Address,
    *,
    tag: str = "",
    is_whole: bool = False,
    kind: str = "",
    since: date | None = None,
    until: date | None = None,
    after: str = "",
    before: str = "",
    limit: int = PAGE,
) -> Page[EventRow]:
    """Return the events of tags that hold `tag` in their name, newest first; places are numbers of events.

    If `tag` is a name that `is_whole`, of that tag alone. Days are those of UTC, both included. InvalidValue for a kind
    that there is none of.
    """
    repository = repositories.authorized(caller, address, Action.LIST_IMAGES)
    found = TagEvent.objects.filter(repository=repository)
    if kind and kind not in TagEvent.Kind.values:
        raise InvalidValue(kind, "is not one of " + ", ".join(TagEvent.Kind.values))
    if tag:
        found = found.filter(tag=tag) if is_whole else found.filter(tag__icontains=tag)
    if kind:
        found = found.filter(kind=kind)
    if since:
        found = found.filter(at__gte=_midnight(since))
    if until and until < date.max:
        found = found.filter(at__lt=_midnight(until + timedelta(days=1)))
    cut = keyset.cut(found, ORDER, descending=True, after=after, before=before, limit=limit)
    return Page(_rows(repository, cut.rows), cut.next, found.count(), cut.previous)


def changed_at(caller: Caller, address: Address) -> datetime | None:
    """Return when something last happened to a tag."""
    repository = repositories.authorized(caller, address, Action.LIST_IMAGES)
    return TagEvent.objects.filter(repository=repository).order_by("-id").values_list("at", flat=True).first()


def reversion(caller: Caller, address: Address, tag: Tag, digest: Digest) -> Reversion:
    """Return what `image_tags.revert` would do, for whoever may do it. ImageNotFound if the image is gone."""
    name = str(tag)
    repository = repositories.authorized(caller, address, Action.PUT_IMAGE, image_tags=lambda _: [name])
    image = Image.objects.filter(repository=repository, digest=str(digest), deleted_at=None).first()
    if image is None:
        raise ImageNotFound(str(digest), repository.name, repository.account_id)
    row = ImageTag.objects.filter(repository=repository, name=name).select_related("image").first()
    return Reversion(name, row.image if row else None, image, bool(row) and not mutability.may_move(repository, name))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)


def _rows(repository: Repository, events: list[TagEvent]) -> list[EventRow]:
    """The events with the sizes of their images, and where their tags can be put back to."""
    digests = {digest for event in events for digest in (event.old_digest, event.new_digest) if digest}
    sizes: dict[str, int] = {}
    live: set[str] = set()
    images = Image.objects.filter(repository=repository, digest__in=digests)
    for digest, size, deleted_at in images.values_list("digest", "size", "deleted_at"):
        sizes[digest] = size
        if deleted_at is None:
            live.add(digest)
    tags = ImageTag.objects.filter(repository=repository, name__in={event.tag for event in events})
    now = dict(tags.values_list("name", "image__digest"))
    rows = []
    for event in events:
        named = event.new_digest or event.old_digest
        earlier = named if named in live and now.get(event.tag) != named else ""
        rows.append(EventRow(event, sizes.get(event.old_digest), sizes.get(event.new_digest), earlier))
    return rows
