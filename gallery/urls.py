"""Routes of the gallery. A repository's page is its pull path; names come before `/-/`, our words after it."""

from django.contrib.sitemaps import views as sitemaps
from django.urls import include, path, re_path

from gallery.api import crawlers
from gallery.api import urls as api
from gallery.pages.views import (
    badges,
    crawling,
    feeds,
    home,
    images,
    publisher,
    references,
    report,
    repository,
    search,
)
from gallery.pages.views.publishing import listing, profile

ALIAS = r"(?P<alias>[a-z][a-z0-9]+(?:[._-][a-z0-9]+)*)"
NAME = r"(?P<name>[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*)"
TAG = r"(?P<reference>[A-Za-z0-9_][A-Za-z0-9._-]{0,127})"
DIGEST = r"(?P<reference>sha(?:256|512):[0-9a-f]{64,128})"

CONSOLE = r"^console/(?P<account_id>[0-9]{12})/public"

urlpatterns = [
    re_path(rf"{CONSOLE}/profile$", profile.profile, name="console_profile"),
    re_path(rf"{CONSOLE}/repositories/{NAME}/-/listing$", listing.listing, name="console_listing"),
    re_path(r"^$", home.home, name="home"),
    re_path(r"^search$", search.search, name="search"),
    re_path(r"^search/suggestions$", search.suggestions, name="suggestions"),
    re_path(r"^publishers$", publisher.index, name="publishers"),
    re_path(r"^categories/(?P<slug>[a-z-]{1,40})$", publisher.category, name="category"),
    re_path(r"^media/logos/(?P<digest>[0-9a-f]{64})\.png$", home.logo, name="logo"),
    re_path(r"^robots\.txt$", crawling.robots, name="robots"),
    path("sitemap.xml", sitemaps.index, {"sitemaps": crawling.SITEMAPS, "sitemap_url_name": "sitemap"}),
    path("sitemap-<section>.xml", sitemaps.sitemap, {"sitemaps": crawling.SITEMAPS}, name="sitemap"),
    path("api/", include(api)),
    path("searchRepositoryCatalogData", crawlers.Search.as_view()),
    path("getRegistryCatalogData", crawlers.Registry.as_view()),
    path("getRepositoryCatalogData", crawlers.Repository.as_view()),
    path("describeImageTags", crawlers.Tags.as_view()),
    re_path(rf"^{ALIAS}$", publisher.publisher, name="publisher"),
    re_path(rf"^{ALIAS}/-/feed\.atom$", feeds.publisher, name="publisher_feed"),
    re_path(rf"^{ALIAS}/{NAME}/-/feed\.atom$", feeds.repository, name="feed"),
    re_path(rf"^{ALIAS}/{NAME}/-/badge/(?P<kind>pulls|version|size|platforms)\.svg$", badges.badge, name="badge"),
    re_path(rf"^{ALIAS}/{NAME}/-/card\.png$", badges.card, name="card"),
    re_path(rf"^{ALIAS}/{NAME}/-/tags$", repository.tags, name="tags"),
    re_path(rf"^{ALIAS}/{NAME}/-/history$", repository.history, name="history"),
    re_path(rf"^{ALIAS}/{NAME}/-/report$", report.report, name="report"),
    re_path(rf"^{ALIAS}/{NAME}/-/tags/{TAG}$", images.image, name="tag"),
    re_path(rf"^{ALIAS}/{NAME}/-/images/{DIGEST}$", images.image, name="image"),
    re_path(rf"^{ALIAS}/{NAME}$", repository.repository, name="repository"),
    re_path(rf"^{ALIAS}/{NAME}:{TAG}$", references.pasted),
    re_path(rf"^{ALIAS}/{NAME}(?::[A-Za-z0-9._-]+)?@{DIGEST}$", references.pasted),
    re_path(r"^(?P<account>[0-9]{12}(?:\.[a-z0-9-]+)?)/(?P<name>[^/].*[^/]|[^/])$", references.pasted_private),
    re_path(r"^(?P<path>[^/].*)/+$", references.without_slash),
]
