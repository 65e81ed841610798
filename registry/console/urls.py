"""Routes of the console. Repository names come before `/-/`, our words after it; the region slot may be `public`."""

from django.urls import path, re_path

from registry.console.views import accounts, history, image, images, notices, permissions, repositories
from registry.console.views.iam import attached, groups, policies, providers, roles, simulator, users

ACCOUNT = r"^console/(?P<account_id>[0-9]{12})"
REGION = r"(?P<region>public|[a-z]{2,}(?:-[a-z0-9]+)+)"
PLACE = rf"{ACCOUNT}/{REGION}/repositories"
REPOSITORY = rf"{PLACE}/(?P<name>[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*)"
DIGEST = r"(?P<reference>sha(?:256|512):[0-9a-f]{64,128})"
TAG = r"(?P<reference>[A-Za-z0-9_][A-Za-z0-9._-]{0,127})"
IMAGE_SECTION = r"(?P<section>layers|config|manifest|referrers)"
CHART_SECTION = r"(?P<section>values|schema|templates|dependencies|changelog|crds|images)"
COMPARED = r"(?P<before>[A-Za-z0-9_][A-Za-z0-9_.:-]*?)\.\.\.(?P<after>[A-Za-z0-9_][A-Za-z0-9_.:-]*)"

IAM = rf"{ACCOUNT}/iam"
NAME = r"(?P<name>[\w+=,.@-]{1,128})"
SECTION = r"(?P<section>users|groups|roles)"
PROVIDER = r"(?P<name>[^/?#]+(?:/[^/?#]+)*?)"

urlpatterns = [
    path("console", accounts.entrance, name="console"),
    path("account/notifications", notices.index, name="notices"),
    path("account/notifications/read", notices.read_all, name="notices_read"),
    path("account/notifications/choices", notices.choose, name="notice_choices"),
    re_path(r"^account/notifications/(?P<notice_id>[0-9]{1,18})$", notices.show, name="notice"),
    re_path(rf"{ACCOUNT}/notifications$", notices.of_account, name="console_notices"),
    re_path(rf"{ACCOUNT}$", accounts.overview, name="console_account"),
    re_path(rf"{ACCOUNT}/registry-password$", accounts.registry_password, name="console_registry_password"),
    re_path(rf"{PLACE}$", repositories.index, name="console_repositories"),
    re_path(rf"{PLACE}/-/new$", repositories.create, name="console_new_repository"),
    re_path(rf"{REPOSITORY}/-/images$", images.index, name="console_images"),
    re_path(rf"{REPOSITORY}/-/images/delete$", images.delete, name="console_delete_images"),
    re_path(rf"{REPOSITORY}/-/images/{DIGEST}(?:/{IMAGE_SECTION})?$", image.image, name="console_image"),
    re_path(rf"{REPOSITORY}/-/tags/{TAG}$", image.image, name="console_tag"),
    re_path(rf"{REPOSITORY}/-/charts/{TAG}(?:/{CHART_SECTION})?$", image.chart, name="console_chart"),
    re_path(rf"{REPOSITORY}/-/compare(?:/{COMPARED})?$", image.compare, name="console_compare"),
    re_path(rf"{REPOSITORY}/-/history$", history.history, name="console_history"),
    re_path(rf"{REPOSITORY}/-/history/revert$", history.revert, name="console_revert"),
    re_path(rf"{REPOSITORY}/-/permissions$", permissions.permissions, name="console_permissions"),
    re_path(rf"{REPOSITORY}/-/delete$", repositories.delete, name="console_delete_repository"),
    re_path(rf"{IAM}/users$", users.index, name="console_users"),
    re_path(rf"{IAM}/users/-/new$", users.create, name="console_new_user"),
    re_path(rf"{IAM}/users/{NAME}$", users.detail, name="console_user"),
    re_path(rf"{IAM}/users/{NAME}/keys$", users.keys, name="console_user_keys"),
    re_path(rf"{IAM}/users/{NAME}/keys/(?P<key_id>\w{{8,128}})/-/delete$", users.delete_key, name="console_delete_key"),
    re_path(rf"{IAM}/users/{NAME}/-/delete$", users.delete, name="console_delete_user"),
    re_path(rf"{IAM}/groups$", groups.index, name="console_groups"),
    re_path(rf"{IAM}/groups/-/new$", groups.create, name="console_new_group"),
    re_path(rf"{IAM}/groups/{NAME}$", groups.detail, name="console_group"),
    re_path(rf"{IAM}/groups/{NAME}/-/delete$", groups.delete, name="console_delete_group"),
    re_path(rf"{IAM}/roles$", roles.index, name="console_roles"),
    re_path(rf"{IAM}/roles/-/new$", roles.create, name="console_new_role"),
    re_path(rf"{IAM}/roles/{NAME}$", roles.detail, name="console_role"),
    re_path(rf"{IAM}/roles/{NAME}/-/trust$", roles.trust, name="console_role_trust"),
    re_path(rf"{IAM}/roles/{NAME}/-/delete$", roles.delete, name="console_delete_role"),
    re_path(rf"{IAM}/{SECTION}/{NAME}/-/policies$", attached.change, name="console_attached"),
    re_path(rf"{IAM}/{SECTION}/{NAME}/-/inline$", attached.inline, name="console_new_inline"),
    re_path(
        rf"{IAM}/{SECTION}/{NAME}/-/inline/(?P<policy>[\w+=,.@-]{{1,128}})$", attached.inline, name="console_inline"
    ),
    re_path(rf"{IAM}/policies$", policies.index, name="console_policies"),
    re_path(rf"{IAM}/policies/-/new$", policies.create, name="console_new_policy"),
    re_path(rf"{IAM}/policies/aws/{NAME}$", policies.of_aws, name="console_aws_policy"),
    re_path(rf"{IAM}/policies/{NAME}$", policies.detail, name="console_policy"),
    re_path(rf"{IAM}/policies/{NAME}/-/edit$", policies.edit, name="console_edit_policy"),
    re_path(rf"{IAM}/policies/{NAME}/-/delete$", policies.delete, name="console_delete_policy"),
    re_path(rf"{IAM}/providers$", providers.index, name="console_providers"),
    re_path(rf"{IAM}/providers/-/new$", providers.create, name="console_new_provider"),
    re_path(rf"{IAM}/providers/{PROVIDER}/-/delete$", providers.delete, name="console_delete_provider"),
    re_path(rf"{IAM}/providers/{PROVIDER}$", providers.detail, name="console_provider"),
    re_path(rf"{IAM}/simulator$", simulator.simulator, name="console_simulator"),
]
