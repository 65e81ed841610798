"""Routes of the whole deployment; each app keeps its own list. The gallery comes last: its paths are pull paths."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("registry.oci.urls")),
    path("admin/", admin.site.urls),
    path("", include("accounts.console.urls")),
    path("", include("registry.console.urls")),
    path("", include("gallery.urls")),
]

handler404 = "gallery.pages.views.not_found"
