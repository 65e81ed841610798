"""The JSON API of the gallery: images with layers, configs and what is attached; two of them beside each other."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from gallery.api import comparison_answers, comparison_schema, image_answers, image_schema, parameters
from gallery.api.parameters import PLATFORM
from gallery.api.reading import RepositoryView, reader
from registry.core import image_details
from registry.image_pages import comparison, images
from registry.values import Digest, parse_reference


class Image(RepositoryView):
    """One image, by digest."""

    @extend_schema(
        operation_id="image", parameters=[PLATFORM], responses=parameters.of_repository(image_schema.ImageDetail, 400)
    )
    def get(self, request: Request, alias: str, name: str, digest: str) -> Response:
        """Describe an image; this is not a pull."""
        return _detail(self, request, digest)


class TaggedImage(RepositoryView):
    """One image, by tag."""

    @extend_schema(
        operation_id="tag", parameters=[PLATFORM], responses=parameters.of_repository(image_schema.ImageDetail, 400)
    )
    def get(self, request: Request, alias: str, name: str, tag: str) -> Response:
        """Describe the image that a tag names; this is not a pull."""
        return _detail(self, request, tag)


def _detail(view: RepositoryView, request: Request, reference: str) -> Response:
    """One image, by tag or digest."""
    platform = parameters.text(request, "platform")
    caller = reader(request)
    found, place = image_details.get_with_place(caller, view.place, parse_reference(reference), platform=platform)
    content = image_details.manifest(caller, view.place, Digest.parse(found.image.digest))
    return Response(image_answers.detail(found, place, content))


class _Section(RepositoryView):
    """A part of what there is to say of an image."""

    section = ""

    def values(self, request: Request, digest: str) -> dict[str, Any]:
        """What the page of the section shows. ImageNotFound."""
        query = {"platform": parameters.text(request, "platform")}
        return images.context(reader(request), self.place, Digest.parse(digest), self.section, query, "")


class Layers(_Section):
    """The layers of an image."""

    section = "layers"

    @extend_schema(
        operation_id="layers", parameters=[PLATFORM], responses=parameters.of_repository(image_schema.Layers, 400)
    )
    def get(self, request: Request, alias: str, name: str, digest: str) -> Response:
        """List layers with the commands that made them, in build order."""
        return Response(image_answers.layers(self.values(request, digest)))


class Config(_Section):
    """The config of an image."""

    section = "config"

    @extend_schema(
        operation_id="config", parameters=[PLATFORM], responses=parameters.of_repository(image_schema.Config, 400)
    )
    def get(self, request: Request, alias: str, name: str, digest: str) -> Response:
        """Describe how an image starts."""
        return Response(image_answers.config(self.values(request, digest)))


class Referrers(_Section):
    """What is attached to an image."""

    section = "referrers"

    @extend_schema(
        operation_id="referrers",
        parameters=[PLATFORM],
        responses=parameters.of_repository(image_schema.AttachedList, 400),
    )
    def get(self, request: Request, alias: str, name: str, digest: str) -> Response:
        """List signatures, SBOMs and the like of an image, and of what is shown of it; nothing of them was checked."""
        return Response(image_answers.attached(self.values(request, digest)["attached"]))


class Comparison(RepositoryView):
    """Two images or charts beside each other."""

    @extend_schema(
        operation_id="compare",
        parameters=[PLATFORM],
        responses=parameters.of_repository(comparison_schema.Comparison, 400),
    )
    def get(self, request: Request, alias: str, name: str, before: str, after: str) -> Response:
        """Tell what changed from one tag or digest to another."""
        query = {"platform": parameters.text(request, "platform")}
        values = comparison.context(reader(request), self.place, before, after, query, "")
        return Response(comparison_answers.comparison(values))
