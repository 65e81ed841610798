"""Parameters and outcomes of the endpoints, as OpenAPI describes them and as they are read. ParseError for bad ones."""

from typing import Any, Final

from django.forms import Form
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework.exceptions import ParseError
from rest_framework.request import Request

from gallery.api import schema
from gallery.search import query
from gallery.search.facets import FACETS
from registry.core import keyset
from registry.core.keyset import Order

LONGEST: Final = 200
MOST_DIGITS: Final = 6


def many(name: str, values: list[str] | None = None, said: str = "") -> OpenApiParameter:
    """A filter that may be given several times; one of its values is enough."""
    return OpenApiParameter(name, OpenApiTypes.STR, many=True, enum=values, description=said)


AFTER: Final = OpenApiParameter("after", str, description="The `next` of the page before.")
PAGE: Final = OpenApiParameter("page", int, description="1 is the first one; the last one stands for those behind it.")
PLATFORM: Final = OpenApiParameter(
    "platform", str, description="Of an index, which platform to show, as in linux/arm64; else the usual one."
)
SEARCH: Final = [
    OpenApiParameter("q", str, description="Words; every one of them has to be found."),
    *(many(facet.name, list(facet.known) or None) for facet in FACETS),
    OpenApiParameter("deprecated", str, enum=["yes"], description="Include deprecated repositories."),
    OpenApiParameter("sort", str, enum=list(query.SORTS)),
    PAGE,
]


def outcomes(shape: Any, *problems: int) -> dict[int, Any]:
    """What an endpoint may answer; every one may say 429."""
    return {200: shape, **dict.fromkeys((*problems, 429), schema.Problem)}


def named(shape: Any, *problems: int) -> dict[int, Any]:
    """The same of what is under an alias."""
    leads = OpenApiResponse(schema.Problem, "It is under the primary alias: `Location`.")
    return {**outcomes(shape, *problems, 404), 302: leads}


def of_repository(shape: Any, *problems: int) -> dict[int, Any]:
    """The same of what is in a repository, which staff may have taken down."""
    return named(shape, *problems, 410)


def text(request: Request, name: str, *, longest: int = LONGEST) -> str:
    """A text, empty if it was not given."""
    value = request.query_params.get(name, "").strip()
    if len(value) > longest:
        raise ParseError(f"{name} must have at most {longest} characters.")
    return value


def one_of(request: Request, name: str, known: Any, default: str = "") -> str:
    """One of the values that there are."""
    value = request.query_params.get(name, "") or default
    if value and value not in known:
        raise ParseError(f"{name} must be one of {', '.join(each for each in known if each)}.")
    return value


def number(request: Request, name: str, default: int) -> int:
    """A whole number."""
    value = request.query_params.get(name, "") or str(default)
    if not (value.isascii() and value.isdecimal() and len(value) <= MOST_DIGITS):
        raise ParseError(f"{name} must be a whole number.")
    return int(value)


def after(request: Request, order: Order) -> str:
    """Where the page begins; empty for the first one."""
    value = request.query_params.get("after", "")
    if value and not keyset.is_place(order, value):
        raise ParseError("after must be the `next` of the page before.")
    return value


def refuse(form: Form) -> None:
    """Say what is wrong with the filters that a form has read."""
    if form.errors:
        raise ParseError(f"{', '.join(form.errors)} can't be read, or there is none such.")
