"""What staff removed: whether a takedown stands on a public name or image."""

from registry.errors import TakenDown
from registry.models import Takedown
from registry.values import Address


def standing(address: Address, digest: str = "") -> Takedown | None:
    """The takedown that stands on a public repository, or (with a digest) on it or on one image of it."""
    if not address.is_public:
        return None
    rows = Takedown.objects.filter(account_id=address.registry.account_id, name=str(address.name), lifted_at=None)
    return rows.filter(digest__in={"", digest}).order_by("digest").first()


def names(account_id: str) -> list[str]:
    """The names of an account's public repositories that were taken down as a whole, ever."""
    return list(Takedown.objects.filter(account_id=account_id, digest="").values_list("name", flat=True))


def refuse_again(address: Address, digest: str = "") -> None:
    """Return if the name, or the image in it, may be pushed. TakenDown."""
    found = standing(address, digest)
    if found is not None:
        raise TakenDown(found.name, found.account_id, found.reason)
