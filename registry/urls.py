"""Routes of the registry app: the OCI Distribution API and its token service."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("registry.oci.urls")),
]
