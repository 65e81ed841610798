"""What went wrong, for programs: JSON of one shape at every address of an API, in English, from any origin."""

from collections.abc import Mapping
from typing import Final

from django.http import HttpRequest, JsonResponse

PATH: Final = "/api"
WORDS: Final[Mapping[int, str]] = {
    400: "The request can't be understood.",
    403: "This may not be done.",
    404: "There is nothing at this address.",
    410: "This was taken down.",
    429: "Too many requests. Wait as many seconds as Retry-After says.",
    500: "Something went wrong; the fault is the server's.",
    503: "The server can't answer just now. Try again in a moment.",
}


def is_program(request: HttpRequest) -> bool:
    """Whether no page is asked for."""
    return f"{request.path_info}/".startswith(f"{PATH}/")


def answer(status: int) -> JsonResponse:
    """Say it as the gallery's API says what it finds wrong itself."""
    headers = {"Access-Control-Allow-Origin": "*", "Cache-Control": "no-store"}
    return JsonResponse({"detail": WORDS[status]}, status=status, headers=headers)
