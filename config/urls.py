"""Routes of the whole deployment; each app keeps its own list. The gallery comes last: its paths are pull paths."""

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from config import health

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("", include("registry.oci.urls")),
    path("favicon.ico", RedirectView.as_view(url=f"{settings.STATIC_URL}img/icon-32.png")),
    path("admin/", admin.site.urls),
    path("", include("accounts.console.urls")),
    path("", include("registry.console.urls")),
    path("", include("gallery.urls")),
]

handler400 = "accounts.console.problems.bad_request"
handler403 = "accounts.console.problems.forbidden"
handler404 = "accounts.console.problems.not_found"
# Looked for by allauth, whose forms are asked too often.
handler429 = "accounts.console.problems.too_many"
handler500 = "accounts.console.problems.server_error"
