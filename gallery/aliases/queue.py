"""The queue that staff work through: what waits, what is known about it, how it was decided before."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from gallery.aliases import rules
from gallery.models import AliasRequest
from gallery.models.alias_request import PENDING, State
from registry.models import Alias, Repository
from registry.values import PUBLIC

PAGE: Final = 50
WAITING: Final = "waiting"
SORTS: Final = {"oldest": ("requested_at", "id"), "newest": ("-requested_at", "-id")}


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the queue, with how many requests there are in all."""

    rows: list[AliasRequest]
    total: int
    number: int
    pages: int


@dataclass(frozen=True, slots=True)
class Counts:
    """What waits for the staff."""

    waiting: int
    asked: int
    flagged: int
    oldest: AliasRequest | None


@dataclass(frozen=True, slots=True)
class Detail:
    """A request with all that helps to decide it."""

    request: AliasRequest
    age: timedelta
    repositories: int
    repository_names: list[str]
    aliases: list[Alias]
    earlier: list[AliasRequest]
    rivals: list[AliasRequest]
    similar_now: list[str]


def page(*, state: str = WAITING, flag: str = "", contains: str = "", sort: str = "oldest", number: int = 1) -> Page:
    """Return requests of a state (`waiting`: those that staff must decide; empty: all), perhaps with one flag."""
    rows = _of_state(state)
    if contains:
        rows = rows.filter(Q(alias__contains=contains) | Q(account__name__icontains=contains) | Q(account=contains))
    found = list(rows.order_by(*SORTS[sort]).values_list("id", "flags")) if flag else []
    if flag:
        ids = [row_id for row_id, flags in found if flag in flags]
        rows = rows.filter(id__in=ids)
    total = rows.count()
    pages = max(1, -(-total // PAGE))
    number = min(max(1, number), pages)
    shown = rows.select_related("account").order_by(*SORTS[sort])[(number - 1) * PAGE : number * PAGE]
    return Page(list(shown), total, number, pages)


def _of_state(state: str) -> QuerySet[AliasRequest]:
    rows = AliasRequest.objects.all()
    if state == WAITING:
        return rows.filter(state=State.REQUESTED)
    return rows.filter(state=state) if state else rows


def counts() -> Counts:
    """Count what waits."""
    found = AliasRequest.objects.filter(state__in=PENDING).aggregate(
        waiting=Count("id", filter=Q(state=State.REQUESTED)),
        asked=Count("id", filter=Q(state=State.ASKED)),
        flagged=Count("id", filter=Q(state=State.REQUESTED) & ~Q(flags=[])),
    )
    oldest = AliasRequest.objects.filter(state=State.REQUESTED).order_by("waiting_since", "id").first()
    return Counts(found["waiting"], found["asked"], found["flagged"], oldest)


def find(alias: str, number: int) -> AliasRequest | None:
    """Return one request."""
    return AliasRequest.objects.select_related("account", "person").filter(alias=alias, number=number).first()


def newest(alias: str) -> AliasRequest | None:
    """Return the last request for a name, whoever asked."""
    rows = AliasRequest.objects.select_related("account", "person").filter(alias=alias)
    return rows.order_by("-number").first()


def chosen(ids: list[int]) -> list[AliasRequest]:
    """Return the requests of some ids, the oldest first."""
    return list(AliasRequest.objects.select_related("account").filter(id__in=ids).order_by("requested_at", "id"))


def detail(request: AliasRequest) -> Detail:
    """Collect what helps to decide."""
    repositories = Repository.objects.filter(account_id=request.account_id, region=PUBLIC, deleted_at=None)
    others = AliasRequest.objects.exclude(id=request.id)
    return Detail(
        request=request,
        age=timezone.now() - request.account.created_at,
        repositories=repositories.count(),
        repository_names=list(repositories.order_by("-pull_count", "name").values_list("name", flat=True)[:10]),
        aliases=list(Alias.objects.filter(account_id=request.account_id).order_by("-is_primary", "name")),
        earlier=list(others.filter(account_id=request.account_id).order_by("-requested_at", "-id")[:10]),
        rivals=list(
            others.filter(alias=request.alias)
            .exclude(account_id=request.account_id)
            .select_related("account")
            .order_by("-requested_at", "-id")[:10]
        ),
        similar_now=rules.similar(request.account_id, request.alias),
    )
