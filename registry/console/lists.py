"""What lists of the console share: how they are sorted and filtered, and what was selected in them."""

from collections.abc import Collection
from typing import TypeVar

from django.forms import Form
from django.http import HttpRequest, QueryDict

from registry.core import keyset
from registry.core.keyset import Places

F = TypeVar("F", bound=Form)


def sort_of(request: HttpRequest, sorts: Collection[str], default: str) -> str:
    """The order that the address names; the default for an unknown one."""
    sort = request.GET.get("sort", "")
    return sort if sort.removeprefix("-") in sorts else default


def cut_of(request: HttpRequest) -> Places:
    """Behind or before which place the page is."""
    after, before = (request.GET.get(name, "")[: keyset.LONGEST] for name in ("after", "before"))
    return {"after": after, "before": before}


def filters_of(kind: type[F], request: HttpRequest) -> F:
    """The filters of a list in its address, or those that a selection of everything that matches was made with."""
    given = QueryDict(request.POST.get("filter", "")[:4000]) if request.method == "POST" else request.GET
    return kind(given)


def used(form: Form) -> dict[str, str]:
    """The filters that let not everything through, as they were typed."""
    return {name: text for name in form.fields if (text := str(form.data.get(name, "")).strip())}


def query_of(form: Form) -> str:
    """The filters as a query string."""
    made = QueryDict(mutable=True)
    for name, text in used(form).items():
        made[name] = text
    return made.urlencode()
