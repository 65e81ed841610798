"""The JSON API of the gallery: versions of Helm charts, and what is in their archives."""

from collections.abc import Mapping
from typing import Any, Final

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from gallery.api import chart_answers, chart_schema, parameters
from gallery.api.reading import RepositoryView, reader
from registry.content import chart_facts
from registry.core import addresses
from registry.image_pages import charts
from registry.scanning import named
from registry.values import ImageTag

FILE: Final = OpenApiParameter("file", str, description="The path of one of the files; the first one unless given.")
LONGEST_PATH: Final = 1000


class ChartView(RepositoryView):
    """An endpoint of one version of a chart, by the tag that names it."""

    section = "dependencies"
    """The page whose values are needed; that of the dependencies makes no HTML."""

    def values(self, request: Request, tag: str) -> dict[str, Any]:
        """What the page shows. ImageNotFound, also if the image is no chart."""
        return charts.context(reader(request), self.place, ImageTag.parse(tag), self.section, {}, "")


class Chart(ChartView):
    """A version of a chart."""

    @extend_schema(operation_id="chart", responses=parameters.of_repository(chart_schema.Chart))
    def get(self, request: Request, alias: str, name: str, tag: str) -> Response:
        """Describe a chart, with its README and the versions beside it; this is not a pull."""
        return Response(chart_answers.chart(self.values(request, tag)))


class ChartValues(ChartView):
    """What can be set."""

    @extend_schema(
        operation_id="chart_values",
        parameters=[OpenApiParameter("key", str, description="A part of a key's path or of its comment.")],
        responses=parameters.of_repository(chart_schema.ChartValues, 400),
    )
    def get(self, request: Request, alias: str, name: str, tag: str) -> Response:
        """Read the values that a chart comes with, and their keys."""
        key = parameters.text(request, "key")
        return Response(chart_answers.values_file(self.values(request, tag), key))


class ChartSchema(ChartView):
    """How values are checked."""

    section = "schema"

    @extend_schema(operation_id="chart_schema", responses=parameters.of_repository(chart_schema.ChartSchema))
    def get(self, request: Request, alias: str, name: str, tag: str) -> Response:
        """Read the schema of a chart's values."""
        return Response(chart_answers.schema(self.values(request, tag)))


def _files(values: Mapping[str, Any], found: Mapping[str, str], request: Request) -> dict[str, Any]:
    """The files and one of them; NotFound for one that there is not."""
    made = chart_answers.files(values, found, parameters.text(request, "file", longest=LONGEST_PATH))
    if made is None:
        raise NotFound("The chart has no such file.")
    return made


class ChartTemplates(ChartView):
    """What a chart installs."""

    @extend_schema(
        operation_id="chart_templates",
        parameters=[FILE],
        responses=parameters.of_repository(chart_schema.ChartTemplates, 400),
    )
    def get(self, request: Request, alias: str, name: str, tag: str) -> Response:
        """List a chart's templates, and read one."""
        values = self.values(request, tag)
        return Response(_files(values, values["chart"].templates, request))


class ChartDefinitions(ChartView):
    """The kinds of resources that a chart defines."""

    @extend_schema(
        operation_id="chart_crds",
        parameters=[FILE],
        responses=parameters.of_repository(chart_schema.ChartDefinitions, 400),
    )
    def get(self, request: Request, alias: str, name: str, tag: str) -> Response:
        """List a chart's resource definitions, and read one."""
        values = self.values(request, tag)
        return Response(_files(values, values["chart"].crds, request) | chart_answers.definitions(values))


class ChartDependencies(ChartView):
    """The charts that a chart needs."""

    @extend_schema(
        operation_id="chart_dependencies", responses=parameters.of_repository(chart_schema.ChartDependencies)
    )
    def get(self, request: Request, alias: str, name: str, tag: str) -> Response:
        """List a chart's dependencies."""
        return Response(chart_answers.dependencies(self.values(request, tag)))


class ChartChangelog(ChartView):
    """What is new."""

    @extend_schema(operation_id="chart_changelog", responses=parameters.of_repository(chart_schema.ChartChangelog))
    def get(self, request: Request, alias: str, name: str, tag: str) -> Response:
        """Read what changed in this version, and the changelog of all."""
        return Response(chart_answers.changelog(self.values(request, tag)))


class ChartImages(ChartView):
    """The images that a chart names."""

    @extend_schema(operation_id="chart_images", responses=parameters.of_repository(chart_schema.ChartImages))
    def get(self, request: Request, alias: str, name: str, tag: str) -> Response:
        """List the images that a chart names with the values it comes with, and what scans of those here found."""
        values = self.values(request, tag)
        images, host = (
            chart_facts.images(values["chart"]),
            addresses.public_host(addresses.client_host(request.get_host())),
        )
        found = named.of_references(reader(request), host, (each.reference for each in images))
        return Response(chart_answers.images(values, images, found))
