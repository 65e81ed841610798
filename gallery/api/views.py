"""The JSON API of the gallery: search, publishers, categories, repositories, tags, images, history."""

from django.utils.translation import override
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import NotFound, ParseError
from rest_framework.request import Request
from rest_framework.response import Response

from gallery.api import answers, schema
from gallery.api.reading import GalleryView, reader
from gallery.catalog.categories import CATEGORIES
from gallery.models import Listing
from gallery.search import publishers, query, questions
from gallery.search.facets import FACETS
from gallery.search.questions import BadQuestion
from registry.core import (
    addresses,
    aliases,
    catalog,
    describing,
    image_details,
    repositories,
    tag_history,
)
from registry.errors import CatalogDataNotFound, RepositoryNotFound
from registry.values import Address, Digest, parse_reference

MOST: int = 100
AFTER = OpenApiParameter("after", str, description="The `next` of the page before.")


def _many(name: str, values: list[str] | None = None, said: str = "") -> OpenApiParameter:
    """A filter that may be given several times; one of its values is enough."""
    return OpenApiParameter(name, OpenApiTypes.STR, many=True, enum=values, description=said)


FILTERS = [
    OpenApiParameter("q", str, description="Words; every one of them has to be found."),
    *(_many(facet.name, list(facet.known) or None) for facet in FACETS),
    OpenApiParameter("deprecated", str, enum=["yes"], description="Include deprecated repositories."),
    OpenApiParameter("sort", str, enum=list(query.SORTS)),
    OpenApiParameter("page", int),
]


class Search(GalleryView):
    """Repositories that answer a question."""

    @extend_schema(
        operation_id="search", parameters=FILTERS, responses={200: schema.SearchResults, 400: schema.Problem}
    )
    def get(self, request: Request) -> Response:
        """Search public repositories."""
        try:
            question = questions.parse(request.query_params)
        except BadQuestion as error:
            raise ParseError(f"{error} has a value that there is none of.") from error
        results = query.find(question)
        return Response(
            {
                "total": results.total,
                "is_many": results.is_many,
                "page": results.page,
                "pages": results.pages,
                "corrected": results.corrected,
                "facets": results.counts,
                "results": [answers.listing(row, request) for row in results.rows],
            }
        )


class Publishers(GalleryView):
    """Publishers from A to Z."""

    @extend_schema(
        operation_id="publishers",
        parameters=[AFTER, OpenApiParameter("verified", str, enum=["yes"]), OpenApiParameter("contains", str)],
        responses=schema.Publishers,
    )
    def get(self, request: Request) -> Response:
        """List publishers by alias."""
        asked = request.query_params
        rows, following = publishers.listed(
            verified=asked.get("verified") == "yes", contains=asked.get("contains", "")[:100], after=_after(request)
        )
        return Response({"next": following, "results": [answers.entry(row) for row in rows]})


class Publisher(GalleryView):
    """One publisher."""

    @extend_schema(operation_id="publisher", responses={200: schema.Publisher, 404: schema.Problem})
    def get(self, request: Request, alias: str) -> Response:
        """Describe a publisher by any of its aliases."""
        account_id = aliases.find(alias)
        if account_id is None:
            raise NotFound("There is no publisher of that alias.")
        return Response(answers.publisher(publishers.get(account_id), request))


class Categories(GalleryView):
    """Categories of repositories."""

    @extend_schema(operation_id="categories", responses=schema.Category(many=True))
    def get(self, request: Request) -> Response:
        """List the categories with the number of their repositories."""
        counts = query.figures().counts.get("category") or {}
        with override("en"):
            rows = [
                {"slug": slug, "name": str(name), "repositories": counts.get(slug, 0)}
                for slug, name in CATEGORIES.items()
            ]
        return Response(rows)


def _place(alias: str, name: str) -> tuple[Address, Listing]:
    """A repository and its listing. RepositoryNotFound, InvalidValue."""
    account_id = aliases.find(alias)
    row = query.get(aliases.primary(account_id), name) if account_id else None
    if account_id is None or row is None:
        raise RepositoryNotFound(name, alias)
    return addresses.public(account_id, name), row


def _after(request: Request) -> str:
    """Where the page begins. ParseError."""
    after = request.query_params.get("after", "")
    if len(after) > 300 or "\x00" in after:
        raise ParseError("after must be the `next` of the page before.")
    return after


class Repository(GalleryView):
    """One repository."""

    @extend_schema(operation_id="repository", responses={200: schema.Repository, 404: schema.Problem})
    def get(self, request: Request, alias: str, name: str) -> Response:
        """Describe a repository."""
        address, row = _place(alias, name)
        repository = repositories.get(reader(request), address)
        try:
            said = catalog.get(reader(request), address)
        except CatalogDataNotFound:
            said = catalog.nothing()
        return Response(answers.repository(row, said, repository.created_at, request))


class Tags(GalleryView):
    """A repository's tags."""

    @extend_schema(operation_id="tags", parameters=[AFTER], responses={200: schema.Tags, 404: schema.Problem})
    def get(self, request: Request, alias: str, name: str) -> Response:
        """List tags in byte order, 100 a page."""
        address, _ = _place(alias, name)
        rows, following = describing.tags(reader(request), address, after=_after(request), limit=MOST)
        tags = [{"name": each.tag, "created_at": each.created_at, "image": answers.image(each.image)} for each in rows]
        return Response({"next": following, "results": tags})


def _image(request: Request, alias: str, name: str, reference: str) -> Response:
    """One image, by tag or digest."""
    address, _ = _place(alias, name)
    detail, attached = image_details.get_with_attached(reader(request), address, parse_reference(reference))
    referrers = [each for each in attached if each.subject_digest == detail.image.digest]
    content = image_details.manifest(reader(request), address, Digest.parse(detail.image.digest))
    return Response(answers.detail(detail.image, detail.tags, referrers, content))


class Image(GalleryView):
    """One image, by digest."""

    @extend_schema(operation_id="image", responses={200: schema.ImageDetail, 404: schema.Problem})
    def get(self, request: Request, alias: str, name: str, digest: str) -> Response:
        """Describe an image; this is not a pull."""
        return _image(request, alias, name, digest)


class TaggedImage(GalleryView):
    """One image, by tag."""

    @extend_schema(operation_id="tag", responses={200: schema.ImageDetail, 404: schema.Problem})
    def get(self, request: Request, alias: str, name: str, tag: str) -> Response:
        """Describe the image that a tag names; this is not a pull."""
        return _image(request, alias, name, tag)


class History(GalleryView):
    """What happened to a repository's tags."""

    @extend_schema(operation_id="history", parameters=[AFTER], responses={200: schema.History, 404: schema.Problem})
    def get(self, request: Request, alias: str, name: str) -> Response:
        """List events, the newest first."""
        address, _ = _place(alias, name)
        page = tag_history.tag_history(reader(request), address, after=_after(request), limit=MOST)
        return Response({"next": page.next, "results": [answers.event(row.event) for row in page.rows]})
