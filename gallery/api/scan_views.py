"""The JSON API of the gallery: what scans of images found, vulnerabilities and packages."""

from typing import Final

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.response import Response

from gallery.api import parameters, scan_answers, scan_schema
from gallery.api.parameters import PLATFORM
from gallery.api.reading import RepositoryView, origin_of, reader
from registry.core import image_details
from registry.image_pages import images, packages, vulnerabilities
from registry.image_pages.packages import Wanted
from registry.scanning.severity import LEVELS
from registry.values import Digest

SEVERITY, PACKAGE, ID, EXCLUDE, FIXABLE, LAYER = "severity", "package", "id", "exclude", "fixable", "layer"
TYPE, LICENCE = "type", "licence"
AFTER: Final = OpenApiParameter("after", int, description="The `next` of the page before.")
FILTERS: Final = [
    OpenApiParameter(SEVERITY, str, enum=list(LEVELS)),
    OpenApiParameter(FIXABLE, str, enum=["yes"], description="Only what has a fix."),
    OpenApiParameter(PACKAGE, str, description="A part of the package's name."),
    OpenApiParameter(ID, str, description="A part of the id of the vulnerability, or of the advisory."),
    OpenApiParameter(EXCLUDE, str, description="Leaves out what has this in its id or package."),
    OpenApiParameter(LAYER, str, description="The digest of a layer: only what is in that."),
    AFTER,
]
PACKAGES: Final = [
    OpenApiParameter(PACKAGE, str, description="A part of its name, or of the name of its source package."),
    OpenApiParameter(TYPE, str, description="As in `types` of the answer."),
    OpenApiParameter(
        LICENCE,
        str,
        description=f"As in `licences` of the answer; `{packages.NO_LICENCE}` for packages that name none.",
    ),
    AFTER,
]


class Vulnerabilities(RepositoryView):
    """What is wrong with an image."""

    @extend_schema(
        operation_id="vulnerabilities",
        parameters=[PLATFORM, *FILTERS],
        responses=parameters.of_repository(scan_schema.Vulnerabilities, 400),
    )
    def get(self, request: Request, alias: str, name: str, digest: str) -> Response:
        """Tell how far the scan of an image is and list its findings, 50 a page, the worst first."""
        after = request.query_params.get("after", "")
        if not (after.isascii() and after.isdecimal() and len(after) < vulnerabilities.SHORT) and after:
            raise ParseError("after must be the `next` of the page before.")
        query = {
            "platform": parameters.text(request, "platform"),
            "after": after,
            SEVERITY: parameters.one_of(request, SEVERITY, LEVELS),
            FIXABLE: "on" if parameters.one_of(request, FIXABLE, ("yes",)) else "",
            **{each: parameters.text(request, each, longest=100) for each in (PACKAGE, ID, EXCLUDE)},
            LAYER: parameters.text(request, LAYER, longest=135),
        }
        values = images.context(reader(request), self.place, Digest.parse(digest), "vulnerabilities", query, "")
        return Response(scan_answers.vulnerabilities(values, f"{origin_of(request)}/{alias}/{name}/-/images"))


class Packages(RepositoryView):
    """What is in an image."""

    @extend_schema(
        operation_id="packages",
        parameters=[PLATFORM, *PACKAGES],
        responses=parameters.of_repository(scan_schema.Packages, 400),
    )
    def get(self, request: Request, alias: str, name: str, digest: str) -> Response:
        """List the packages that the scan of an image found, 100 a page; a filter that fits none gives none."""
        after = request.query_params.get("after", "") or "0"
        if not packages.is_place(after):
            raise ParseError("after must be the `next` of the page before.")
        platform = parameters.text(request, "platform")
        wanted = Wanted(*(parameters.text(request, each, longest=100) for each in (PACKAGE, TYPE, LICENCE)))
        caller = reader(request)
        image = image_details.get(caller, self.place, Digest.parse(digest), platform=platform).shown
        scan, listed = packages.of_image(caller, self.place, image, wanted, int(after))
        place = f"{origin_of(request)}/{alias}/{name}/-/images"
        return Response(scan_answers.packages(image, scan, listed, place))
