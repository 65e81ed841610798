"""The four calls of the ECR Public Gallery's own pages, which crawlers use although AWS does not document them.

`POST /<call>` with a JSON object. What they take and answer is known from their users: registryAliasName,
repositoryName, searchTerm, sortConfiguration, maxResults, nextToken.
"""

from typing import Any, Final

from django.core import signing
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt
from rest_framework.exceptions import NotFound, ParseError
from rest_framework.request import Request
from rest_framework.response import Response

from gallery.api.reading import GalleryView, origin_of, reader
from gallery.models import Listing
from gallery.search import publishers, query
from registry.core import addresses, aliases, catalog, describing
from registry.core.storable import storable
from registry.errors import CatalogDataNotFound
from registry.values import Address

MOST: Final = {"searchRepositoryCatalogData": 100, "describeImageTags": 1000}
SALT: Final = "kho.gallery-page"
SORTS: Final = {"POPULARITY": "pulls", "NAME": "name", "RECENTLY_UPDATED": "updated", "RELEVANCE": "relevance"}


@method_decorator(csrf_exempt, name="dispatch")
class Crawled(GalleryView):
    """One of the four calls; all are POST, as there."""

    http_method_names = ["post", "options"]
    name = ""

    def body(self, request: Request) -> dict[str, Any]:
        """The object that was sent."""
        body: Any = request.data
        return dict(body)

    def text(self, request: Request, member: str, *, needed: bool = True) -> str:
        """A text of the body. ParseError."""
        value = self.body(request).get(member, "")
        if not isinstance(value, str) or (needed and not value) or storable(value) != value:
            raise ParseError(f"{member} must be a text{'' if needed else ' or left out'}.")
        return value

    def page(self, request: Request, place: str) -> tuple[int, str]:
        """How many rows are asked for, and where they begin. ParseError for a token that is not of this request."""
        most = MOST[self.name]
        limit = self.body(request).get("maxResults", min(100, most))
        if not isinstance(limit, int) or isinstance(limit, bool) or not 1 <= limit <= most:
            raise ParseError(f"maxResults must be a whole number from 1 to {most}.")
        given = self.text(request, "nextToken", needed=False)
        if not given:
            return limit, ""
        try:
            said = signing.loads(given, salt=SALT)
        except signing.BadSignature as error:
            raise ParseError("nextToken must be the token of the page before.") from error
        if not isinstance(said, list) or said[:-1] != [self.name, place]:
            raise ParseError("nextToken must be the token of the page before.")
        return limit, str(said[-1])

    def token(self, place: str, after: str) -> str:
        """The token of the page that begins after a row."""
        return signing.dumps([self.name, place, after], salt=SALT)

    def address(self, request: Request) -> tuple[Address, Listing]:
        """The repository that the body names. NotFound."""
        alias, name = self.text(request, "registryAliasName"), self.text(request, "repositoryName")
        account_id = aliases.find(alias)
        listing = query.get(aliases.primary(account_id), name) if account_id else None
        if account_id is None or listing is None:
            raise NotFound(f"There is no repository {name} in the registry {alias}.")
        return addresses.public(account_id, name), listing


class Search(Crawled):
    """Repositories by words."""

    name = "searchRepositoryCatalogData"

    def post(self, request: Request) -> Response:
        """Return a page of repositories, the most popular first unless asked otherwise."""
        term = self.text(request, "searchTerm", needed=False)
        sorting = self.body(request).get("sortConfiguration") or {}
        key = sorting.get("sortKey", "POPULARITY") if isinstance(sorting, dict) else ""
        if not isinstance(key, str) or key not in SORTS:
            raise ParseError(f"sortKey must be one of {', '.join(SORTS)}.")
        place = f"{key}/{term}"
        limit, after = self.page(request, place)
        first = int(after or 0)
        rows, total = query.window(term, sort=SORTS[key], first=first, limit=limit)
        origin = origin_of(request)
        said: dict[str, Any] = {
            "repositoryCatalogSearchResultList": [self._row(row, origin) for row in rows],
            "totalResults": total,
        }
        if rows and first + len(rows) < total:
            said["nextToken"] = self.token(place, str(first + len(rows)))
        return Response(said)

    @staticmethod
    def _row(row: Listing, origin: str) -> dict[str, Any]:
        return {
            "primaryRegistryAliasName": row.alias,
            "repositoryName": row.name,
            "displayName": row.publisher,
            "repositoryDescription": row.description,
            "logoUrl": f"{origin}/media/logos/{row.logo}.png" if row.logo else None,
            "operatingSystems": row.operating_systems,
            "architectures": row.architectures,
            "registryVerified": row.is_verified,
            "downloadCount": row.pull_count,
        }


class Registry(Crawled):
    """A publisher by alias."""

    name = "getRegistryCatalogData"

    def post(self, request: Request) -> Response:
        """Return what the publisher is shown as."""
        alias = self.text(request, "registryAliasName")
        account_id = aliases.find(alias)
        if account_id is None:
            raise NotFound(f"There is no registry {alias}.")
        found = publishers.get(account_id)
        return Response(
            {
                "registryCatalogData": {"displayName": found.name, "verified": found.is_verified},
                "primaryRegistryAliasName": found.alias,
                "registryVerified": found.is_verified,
            }
        )


class Repository(Crawled):
    """A repository's texts and counts."""

    name = "getRepositoryCatalogData"

    def post(self, request: Request) -> Response:
        """Return the catalog data of a repository."""
        address, listing = self.address(request)
        try:
            said = catalog.get(reader(request), address)
        except CatalogDataNotFound:
            said = catalog.nothing()
        logo = f"{origin_of(request)}/media/logos/{listing.logo}.png" if listing.logo else None
        data = {
            "description": listing.description,
            "aboutText": said.about_text,
            "usageText": said.usage_text,
            "architectures": listing.architectures,
            "operatingSystems": listing.operating_systems,
            "logoUrl": logo,
            "marketplaceCertified": False,
            "sourceCodeRepository": said.source_url,
            "downloadCount": listing.pull_count,
        }
        return Response(
            {
                "registryAliasName": listing.alias,
                "repositoryName": listing.name,
                "catalogData": data,
                "insightData": {"downloadCount": listing.pull_count},
            }
        )


class Tags(Crawled):
    """A repository's tags."""

    name = "describeImageTags"

    def post(self, request: Request) -> Response:
        """Return a page of tags with their images."""
        address, listing = self.address(request)
        place = f"{listing.alias}/{listing.name}"
        limit, after = self.page(request, place)
        found, following = describing.tags(reader(request), address, after=after, limit=limit)
        rows = [
            {
                "imageTag": each.tag,
                "createdAt": each.created_at,
                "imageDetail": {
                    "imageDigest": each.image.digest,
                    "imageSizeInBytes": each.image.size,
                    "imagePushedAt": each.image.pushed_at,
                    "imageManifestMediaType": each.image.media_type,
                    "artifactMediaType": each.image.artifact_type or None,
                },
            }
            for each in found
        ]
        return Response({"imageTagDetails": rows} | ({"nextToken": self.token(place, following)} if following else {}))
