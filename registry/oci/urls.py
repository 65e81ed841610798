"""Routes below /v2/ and /token/. A repository name may hold slashes, so its end is found from the right."""

from django.urls import re_path

from registry.oci.views.base import Ping, Unmatched
from registry.oci.views.blobs import Blob
from registry.oci.views.catalog import Catalog
from registry.oci.views.manifests import Manifest
from registry.oci.views.referrers import Referrers
from registry.oci.views.tags import Tags
from registry.oci.views.tokens import Tokens
from registry.oci.views.uploads import Upload, Uploads

NAME = r"(?P<name>.+)"

urlpatterns = [
    re_path(r"^v2/?$", Ping.as_view()),
    re_path(r"^v2/_catalog$", Catalog.as_view()),
    re_path(rf"^v2/{NAME}/blobs/uploads/?$", Uploads.as_view()),
    re_path(rf"^v2/{NAME}/blobs/uploads/(?P<upload_id>[^/]+)$", Upload.as_view()),
    re_path(rf"^v2/{NAME}/blobs/(?P<digest>[^/]+)$", Blob.as_view()),
    re_path(rf"^v2/{NAME}/manifests/(?P<reference>[^/]+)$", Manifest.as_view()),
    re_path(rf"^v2/{NAME}/tags/list$", Tags.as_view()),
    re_path(rf"^v2/{NAME}/referrers/(?P<digest>[^/]+)$", Referrers.as_view()),
    re_path(r"^v2/.*$", Unmatched.as_view()),
    re_path(r"^token/?$", Tokens.as_view()),
]
