"""The JSON API of the gallery: search, publishers, categories, repositories, their tags, history and numbers."""

from datetime import date
from typing import Final

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import NotFound, ParseError
from rest_framework.request import Request
from rest_framework.response import Response

from gallery.api import answers, image_answers, image_schema, parameters, schema
from gallery.api.parameters import AFTER, PAGE, SEARCH
from gallery.api.reading import GalleryView, RepositoryView, account_of, reader
from gallery.catalog.categories import CATEGORIES
from gallery.models import Listing
from gallery.search import publishers, query, questions
from gallery.search.questions import BadQuestion
from registry.console.forms import HistoryFilter
from registry.core import catalog, repositories, tag_history, tag_pages
from registry.core import statistics as numbers
from registry.errors import CatalogDataNotFound, RepositoryNotFound
from registry.scanning import summaries
from registry.values import ImageTag

MOST: int = 100
CONTAINS: Final = OpenApiParameter("contains", str, description="A part of the name.")


class Search(GalleryView):
    """Repositories that answer a question."""

    @extend_schema(operation_id="search", parameters=SEARCH, responses=parameters.outcomes(schema.SearchResults, 400))
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
                "results": answers.listings(results.rows, request),
            }
        )


class Suggestions(GalleryView):
    """What to go to at once."""

    @extend_schema(
        operation_id="suggestions",
        parameters=[OpenApiParameter("q", str, description="The beginning of a name, two characters at least.")],
        responses=parameters.outcomes(schema.Suggestion(many=True), 400),
    )
    def get(self, request: Request) -> Response:
        """List publishers and repositories whose names begin like the query, then those that hold it."""
        found = query.suggestions(parameters.text(request, "q"))
        return Response([{"alias": each.alias, "name": each.name, "text": each.text} for each in found])


class Publishers(GalleryView):
    """Publishers from A to Z."""

    @extend_schema(
        operation_id="publishers",
        parameters=[AFTER, OpenApiParameter("verified", str, enum=["yes"]), CONTAINS],
        responses=parameters.outcomes(schema.Publishers, 400),
    )
    def get(self, request: Request) -> Response:
        """List publishers by alias."""
        found = publishers.listed(
            verified=parameters.one_of(request, "verified", ("yes",)) == "yes",
            contains=parameters.text(request, "contains"),
            after=parameters.after(request, publishers.ORDER),
        )
        return Response({"next": found.next, "results": [answers.entry(row) for row in found.rows]})


def _publisher(alias: str) -> str:
    """The account of a publisher. NotFound, SecondaryAlias."""
    account_id = account_of(alias)
    if account_id is None:
        raise NotFound("There is no publisher of that alias.")
    return account_id


class Publisher(GalleryView):
    """One publisher."""

    @extend_schema(operation_id="publisher", responses=parameters.named(schema.Publisher))
    def get(self, request: Request, alias: str) -> Response:
        """Describe a publisher."""
        return Response(answers.publisher(publishers.get(_publisher(alias)), request))


class PublisherRepositories(GalleryView):
    """What a publisher offers."""

    @extend_schema(
        operation_id="publisher_repositories",
        parameters=[
            CONTAINS,
            OpenApiParameter("kind", str, enum=Listing.Kind.values),
            OpenApiParameter("sort", str, enum=["pulls", "updated", "name"]),
            PAGE,
        ],
        responses=parameters.named(schema.PublisherRepositories, 400),
    )
    def get(self, request: Request, alias: str) -> Response:
        """List a publisher's repositories, deprecated ones too; the most pulled first unless asked otherwise."""
        _publisher(alias)
        results = query.of_publisher(
            alias,
            q=parameters.text(request, "contains"),
            kind=parameters.one_of(request, "kind", Listing.Kind.values),
            sort=parameters.one_of(request, "sort", query.ORDERS),
            page=parameters.number(request, "page", 1),
        )
        rows = answers.listings(results.rows, request)
        return Response({"total": results.total, "page": results.page, "pages": results.pages, "results": rows})


class Categories(GalleryView):
    """Categories of repositories."""

    @extend_schema(operation_id="categories", responses=parameters.outcomes(schema.Category(many=True)))
    def get(self, request: Request) -> Response:
        """List the categories with the number of their repositories."""
        counts = query.figures().counts.get("category") or {}
        rows = [
            {"slug": slug, "name": str(name), "repositories": counts.get(slug, 0)} for slug, name in CATEGORIES.items()
        ]
        return Response(rows)


class Repository(RepositoryView):
    """One repository."""

    @extend_schema(operation_id="repository", responses=parameters.of_repository(schema.Repository))
    def get(self, request: Request, alias: str, name: str) -> Response:
        """Describe a repository."""
        repository = repositories.get(reader(request), self.place)
        row = query.get(alias, name)
        if row is None:
            raise RepositoryNotFound(name, alias)
        try:
            said = catalog.get(reader(request), self.place)
        except CatalogDataNotFound:
            said = catalog.nothing()
        return Response(answers.repository(row, said, repository.created_at, request))


class Statistics(RepositoryView):
    """How often a repository is pulled and pushed."""

    @extend_schema(
        operation_id="statistics",
        parameters=[OpenApiParameter("days", int, enum=list(numbers.RANGES), description="30 unless given.")],
        responses=parameters.of_repository(schema.Statistics, 400),
    )
    def get(self, request: Request, alias: str, name: str) -> Response:
        """Count pulls by day, tag, platform and client, and pushes by month."""
        days = parameters.one_of(request, "days", [str(each) for each in numbers.RANGES], str(numbers.RECENT))
        return Response(answers.statistics(numbers.of(reader(request), self.place, int(days))))


class Tags(RepositoryView):
    """A repository's tags."""

    @extend_schema(
        operation_id="tags",
        parameters=[
            OpenApiParameter("tag", str, description="A part of the tag's name."),
            OpenApiParameter("platform", str, description="As in linux/arm64."),
            OpenApiParameter("kind", str, enum=list(tag_pages.KINDS)),
            OpenApiParameter("sort", str, enum=list(tag_pages.SORTS), description="By name unless given."),
            OpenApiParameter(
                "attached",
                str,
                enum=["yes", "no"],
                description="`no` leaves out signatures and the like.",
            ),
            AFTER,
        ],
        responses=parameters.of_repository(image_schema.Tags, 400),
    )
    def get(self, request: Request, alias: str, name: str) -> Response:
        """List tags, 100 a page: by name with numbers in order, or by push, version, size or pulls, highest first."""
        sort = parameters.one_of(request, "sort", tag_pages.SORTS, "name")
        page = tag_pages.tag_page(
            reader(request),
            self.place,
            contains=parameters.text(request, "tag"),
            platform=parameters.text(request, "platform"),
            kind=parameters.one_of(request, "kind", tag_pages.KINDS),
            sort=sort,
            show_attached=parameters.one_of(request, "attached", ("yes", "no"), "yes") == "yes",
            after=parameters.after(request, tag_pages.SORTS[sort]),
            limit=MOST,
        )
        shown = ((row.image, row.platforms) for row in page.rows)
        scans = summaries.of_rows(reader(request), self.place, shown)
        rows = [image_answers.tag(row, scans.get(row.image.digest)) for row in page.rows]
        return Response({"next": page.next, "total": page.total, "results": rows})


EVENTS: Final = [
    OpenApiParameter("kind", str, enum=[kind for kind, _ in tag_history.KINDS]),
    OpenApiParameter("since", date, description="The first day, in UTC."),
    OpenApiParameter("until", date, description="The last day, in UTC."),
    AFTER,
]


class History(RepositoryView):
    """What happened to a repository's tags."""

    @extend_schema(
        operation_id="history",
        parameters=[OpenApiParameter("tag", str, description="A part of the tag's name."), *EVENTS],
        responses=parameters.of_repository(schema.History, 400),
    )
    def get(self, request: Request, alias: str, name: str) -> Response:
        """List events, the newest first."""
        return self.answer(request)

    def answer(self, request: Request, tag: str = "") -> Response:
        """The events that fit, of one tag if it is given."""
        form = HistoryFilter(request.query_params)
        chosen = form.chosen() | ({"tag": tag, "is_whole": True} if tag else {})
        parameters.refuse(form)
        after = parameters.after(request, tag_history.ORDER)
        page = tag_history.tag_history(reader(request), self.place, **chosen, after=after, limit=MOST)
        rows = [answers.event(row) for row in page.rows]
        return Response({"next": page.next, "total": page.total, "results": rows})


class TagHistory(History):
    """What happened to one tag."""

    @extend_schema(
        operation_id="tag_history", parameters=EVENTS, responses=parameters.of_repository(schema.History, 400)
    )
    def get(self, request: Request, alias: str, name: str, tag: str = "") -> Response:
        """List the events of a tag, the newest first; those of a deleted one too."""
        return self.answer(request, str(ImageTag.parse(tag)))
