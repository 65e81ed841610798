"""Routes of the console. Repository names come before `/-/`, our words after it; the region slot may be `public`."""

from django.urls import path, re_path

from registry.console.views import accounts, images, permissions, repositories

ACCOUNT = r"^console/(?P<account_id>[0-9]{12})"
REGION = r"(?P<region>public|[a-z]{2,}(?:-[a-z0-9]+)+)"
PLACE = rf"{ACCOUNT}/{REGION}/repositories"
REPOSITORY = rf"{PLACE}/(?P<name>[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*)"
DIGEST = r"(?P<digest>sha(?:256|512):[0-9a-f]{64,128})"

urlpatterns = [
    path("console", accounts.entrance, name="console"),
    re_path(rf"{ACCOUNT}$", accounts.overview, name="console_account"),
    re_path(rf"{ACCOUNT}/registry-password$", accounts.registry_password, name="console_registry_password"),
    re_path(rf"{PLACE}$", repositories.index, name="console_repositories"),
    re_path(rf"{PLACE}/-/new$", repositories.create, name="console_new_repository"),
    re_path(rf"{REPOSITORY}/-/images$", images.index, name="console_images"),
    re_path(rf"{REPOSITORY}/-/images/delete$", images.delete, name="console_delete_images"),
    re_path(rf"{REPOSITORY}/-/images/{DIGEST}$", images.detail, name="console_image"),
    re_path(rf"{REPOSITORY}/-/history$", images.history, name="console_history"),
    re_path(rf"{REPOSITORY}/-/permissions$", permissions.permissions, name="console_permissions"),
    re_path(rf"{REPOSITORY}/-/delete$", repositories.delete, name="console_delete_repository"),
]
