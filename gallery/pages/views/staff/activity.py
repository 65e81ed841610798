"""What staff did: to the deployment itself, or to one account; with who did it."""

import re

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from accounts.audit import lookup
from accounts.directory import accounts
from accounts.errors import NotFound
from gallery.pages.views.staff.access import number_of, page, staff_page

SIZE = 50


@staff_page
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The newest first; `account` names an account, without it what belongs to none is shown."""
    account_id, number = request.GET.get("account", ""), max(1, number_of(request))
    if account_id and not re.fullmatch("[0-9]{12}", account_id):
        raise Http404
    try:
        account = accounts.get(account_id) if account_id else None
    except NotFound as error:
        raise Http404 from error
    rows, total = lookup.of_staff(account_id, number=number, size=SIZE)
    values = {
        "rows": rows,
        "total": total,
        "account": account,
        "results": {"page": number, "pages": max(1, -(-total // SIZE))},
        "previous_page": number - 1,
        "next_page": number + 1,
    }
    return page(request, "activity", "activity", values)
