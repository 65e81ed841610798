"""The columns that a person wants to see of a table."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts.console.asking import signed_in
from accounts.console.links import is_ours
from accounts.directory import people
from accounts.models import Person
from registry.console import columns


@never_cache
@signed_in
@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Keep the choice, or forget it, and lead back to the table."""
    table = request.POST.get("table", "")
    if table not in columns.TABLES or not isinstance(request.user, Person):
        raise Http404
    shown = [column.name for column, _ in columns.chosen(request, table).boxes if column.name in request.POST]
    people.set_columns(request.user, table, "" if "reset" in request.POST else columns.write(table, shown))
    target = request.POST.get("next", "")
    return redirect(target if is_ours(request, target) else "console")
