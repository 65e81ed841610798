"""Routes of the gallery's JSON API; names of repositories come before `/-/`, as in the pages' addresses."""

from django.urls import path, re_path
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularYAMLAPIView

from gallery.api import chart_views, image_views, nothing, scan_views, views

ALIAS = r"(?P<alias>[a-z][a-z0-9]+(?:[._-][a-z0-9]+)*)"
NAME = r"(?P<name>[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*)"
TAG = r"(?P<tag>[A-Za-z0-9_][A-Za-z0-9._-]{0,127})"
DIGEST = r"(?P<digest>sha(?:256|512):[0-9a-f]{64,128})"
COMPARED = r"(?P<before>[A-Za-z0-9_][A-Za-z0-9_.:-]*?)\.\.\.(?P<after>[A-Za-z0-9_][A-Za-z0-9_.:-]*)"
REPOSITORY = rf"^v1/repositories/{ALIAS}/{NAME}"
CHART = rf"{REPOSITORY}/-/charts/{TAG}"

urlpatterns = [
    path("openapi.json", SpectacularJSONAPIView.as_view(), name="openapi"),
    path("openapi.yaml", SpectacularYAMLAPIView.as_view()),
    path("v1/search", views.Search.as_view()),
    path("v1/search/suggestions", views.Suggestions.as_view()),
    path("v1/publishers", views.Publishers.as_view()),
    re_path(rf"^v1/publishers/{ALIAS}$", views.Publisher.as_view()),
    re_path(rf"^v1/publishers/{ALIAS}/repositories$", views.PublisherRepositories.as_view()),
    path("v1/categories", views.Categories.as_view()),
    re_path(rf"{REPOSITORY}$", views.Repository.as_view()),
    re_path(rf"{REPOSITORY}/-/statistics$", views.Statistics.as_view()),
    re_path(rf"{REPOSITORY}/-/history$", views.History.as_view()),
    re_path(rf"{REPOSITORY}/-/tags$", views.Tags.as_view()),
    re_path(rf"{REPOSITORY}/-/tags/{TAG}$", image_views.TaggedImage.as_view()),
    re_path(rf"{REPOSITORY}/-/tags/{TAG}/history$", views.TagHistory.as_view()),
    re_path(rf"{REPOSITORY}/-/images/{DIGEST}$", image_views.Image.as_view()),
    re_path(rf"{REPOSITORY}/-/images/{DIGEST}/layers$", image_views.Layers.as_view()),
    re_path(rf"{REPOSITORY}/-/images/{DIGEST}/config$", image_views.Config.as_view()),
    re_path(rf"{REPOSITORY}/-/images/{DIGEST}/referrers$", image_views.Referrers.as_view()),
    re_path(rf"{REPOSITORY}/-/images/{DIGEST}/vulnerabilities$", scan_views.Vulnerabilities.as_view()),
    re_path(rf"{REPOSITORY}/-/images/{DIGEST}/packages$", scan_views.Packages.as_view()),
    re_path(rf"{REPOSITORY}/-/compare/{COMPARED}$", image_views.Comparison.as_view()),
    re_path(rf"{CHART}$", chart_views.Chart.as_view()),
    re_path(rf"{CHART}/values$", chart_views.ChartValues.as_view()),
    re_path(rf"{CHART}/schema$", chart_views.ChartSchema.as_view()),
    re_path(rf"{CHART}/templates$", chart_views.ChartTemplates.as_view()),
    re_path(rf"{CHART}/crds$", chart_views.ChartDefinitions.as_view()),
    re_path(rf"{CHART}/dependencies$", chart_views.ChartDependencies.as_view()),
    re_path(rf"{CHART}/changelog$", chart_views.ChartChangelog.as_view()),
    re_path(rf"{CHART}/images$", chart_views.ChartImages.as_view()),
    re_path(r"^(?:.*[^/])?$", nothing.nothing),
]
