"""Routes of the whole deployment; each app keeps its own list. The gallery comes last: its paths are pull paths."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from config import health

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("", include("registry.oci.urls")),
    path("admin/", admin.site.urls),
    path("", include("accounts.console.urls")),
    path("", include("registry.console.urls")),
    path("", include("gallery.urls")),
]

handler404 = "gallery.pages.views.home.not_found"
handler429 = "config.limits.too_many"
