"""Routes of the gallery's JSON API; names of repositories come before `/-/`, as in the pages' addresses."""

from django.urls import path, re_path
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularYAMLAPIView

from gallery.api import views

ALIAS = r"(?P<alias>[a-z][a-z0-9]+(?:[._-][a-z0-9]+)*)"
NAME = r"(?P<name>[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*)"
REPOSITORY = rf"^v1/repositories/{ALIAS}/{NAME}"

urlpatterns = [
    path("openapi.json", SpectacularJSONAPIView.as_view(), name="openapi"),
    path("openapi.yaml", SpectacularYAMLAPIView.as_view()),
    path("v1/search", views.Search.as_view()),
    path("v1/publishers", views.Publishers.as_view()),
    re_path(rf"^v1/publishers/{ALIAS}$", views.Publisher.as_view()),
    path("v1/categories", views.Categories.as_view()),
    re_path(rf"{REPOSITORY}$", views.Repository.as_view()),
    re_path(rf"{REPOSITORY}/-/tags$", views.Tags.as_view()),
    re_path(rf"{REPOSITORY}/-/tags/(?P<tag>[A-Za-z0-9_][A-Za-z0-9._-]{{0,127}})$", views.TaggedImage.as_view()),
    re_path(rf"{REPOSITORY}/-/images/(?P<digest>sha(?:256|512):[0-9a-f]{{64,128}})$", views.Image.as_view()),
    re_path(rf"{REPOSITORY}/-/history$", views.History.as_view()),
]
