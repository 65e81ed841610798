"""Every address of the API that nothing is at: pull paths, which come behind it, don't begin like this."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt


@csrf_exempt
def nothing(request: HttpRequest) -> HttpResponse:
    """Answer 404, as JSON (accounts.console.problems)."""
    raise Http404(request.path_info)
