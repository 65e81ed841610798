"""Routes below /v2/ and /token/. A repository's name may hold slashes, so its end is found from the right.

Names, tags and digests are checked by the views, which answer what is wrong with them. No route redirects to another.
"""

from django.urls import path, re_path

from registry.oci.views.blobs import Blob, Layer
from registry.oci.views.catalog import Catalog
from registry.oci.views.manifests import Manifest
from registry.oci.views.peers import (
    ReplicaBlobs,
    ReplicaManifest,
    ReplicaMissing,
    ReplicaRemovals,
    ReplicaRights,
    ReplicaUpload,
    Trust,
)
from registry.oci.views.ping import Ping, Unmatched
from registry.oci.views.referrers import Referrers
from registry.oci.views.tags import Tags
from registry.oci.views.tokens import Tokens
from registry.oci.views.uploads import Upload, Uploads

urlpatterns = [
    path("v2/", Ping.as_view()),
    path("v2", Ping.as_view()),
    path("v2/_catalog", Catalog.as_view()),
    path("v2/_layers/<str:ticket>", Layer.as_view()),
    path("v2/_replication/", Trust.as_view()),
    path("v2/_replication/<str:registry>/<path:name>/blobs/missing", ReplicaMissing.as_view()),
    path("v2/_replication/<str:registry>/<path:name>/blobs/uploads/", ReplicaBlobs.as_view()),
    path("v2/_replication/<str:registry>/<path:name>/blobs/uploads/<str:upload_id>", ReplicaUpload.as_view()),
    path("v2/_replication/<str:registry>/<path:name>/manifests/<str:digest>", ReplicaManifest.as_view()),
    path("v2/_replication/<str:registry>/<path:name>/removals", ReplicaRemovals.as_view()),
    path("v2/_replication/<str:registry>/<path:name>/rights", ReplicaRights.as_view()),
    re_path(r"^v2/_replication/", Unmatched.as_view()),
    path("v2/<path:name>/blobs/uploads/", Uploads.as_view()),
    path("v2/<path:name>/blobs/uploads", Uploads.as_view()),
    path("v2/<path:name>/blobs/uploads/<str:upload_id>", Upload.as_view()),
    path("v2/<path:name>/blobs/<str:digest>", Blob.as_view()),
    path("v2/<path:name>/manifests/<str:reference>", Manifest.as_view()),
    path("v2/<path:name>/tags/list", Tags.as_view()),
    path("v2/<path:name>/referrers/<str:digest>", Referrers.as_view()),
    re_path(r"^v2/", Unmatched.as_view()),
    path("token/", Tokens.as_view()),
    path("token", Tokens.as_view()),
    re_path(r"^token/", Unmatched.as_view()),
]
