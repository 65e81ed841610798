"""Routes of the console. Repository names come before `/-/`, our words after it; the region slot may be `public`."""

from django.urls import path, re_path

from registry.console.views import (
    accounts,
    assuming,
    audit,
    bulk,
    bulk_lifecycle,
    columns,
    findings,
    history,
    ignored,
    image,
    image_changes,
    image_list,
    lifecycle,
    notices,
    permissions,
    recycled,
    registry,
    replication,
    replication_rules,
    repositories,
    repository_scans,
    repository_settings,
    scan_rules,
    scanning,
    secrets,
    switching,
    templates,
    webhooks,
    work,
)
from registry.console.views.iam import (
    attached,
    console_passwords,
    groups,
    people,
    policies,
    providers,
    roles,
    simulator,
    users,
)

ACCOUNT = r"^console/(?P<account_id>[0-9]{12})"
REGION = r"(?P<region>public|[a-z]{2,}(?:-[a-z0-9]+)+)"
PLACE = rf"{ACCOUNT}/{REGION}/repositories"
REPOSITORY = rf"{PLACE}/(?P<name>[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*)"
IMAGE_DIGEST = r"(?P<reference>sha(?:256|512):[0-9a-f]{64,128})"
IMAGE_TAG = r"(?P<reference>[A-Za-z0-9_][A-Za-z0-9._-]{0,127})"
IMAGE_SECTION = r"(?P<section>layers|config|manifest|referrers|vulnerabilities|sbom)"
CHART_SECTION = r"(?P<section>values|schema|templates|dependencies|changelog|crds|images)"
COMPARED = r"(?P<before>[A-Za-z0-9_][A-Za-z0-9_.:-]*?)\.\.\.(?P<after>[A-Za-z0-9_][A-Za-z0-9_.:-]*)"
DIGEST = r"(?P<digest>sha(?:256|512):[0-9a-f]{64,128})"
REGISTRY = rf"{ACCOUNT}/{REGION}/registry"
PREFIX = r"(?P<prefix>ROOT|[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*)"
TAG = r"(?P<tag>[A-Za-z0-9_][A-Za-z0-9._-]{0,127})"
BACKFILL = r"(?P<backfill_id>[0-9a-f-]{36})"
ITEM = r"(?P<item_id>[0-9a-f-]{36})"
WEBHOOK = rf"{ACCOUNT}/webhooks/(?P<webhook>[A-Za-z0-9][A-Za-z0-9._-]{{0,63}})"
DELIVERY = rf"{WEBHOOK}/deliveries/(?P<delivery_id>[0-9a-f-]{{36}})"

IAM = rf"{ACCOUNT}/iam"
NAME = r"(?P<name>[\w+=,.@-]{1,128})"
SECTION = r"(?P<section>users|groups|roles)"
EMAIL = r"(?P<email>[^\s?#]+@[^/\s?#]+)"
PROVIDER = r"(?P<name>[^/?#]+(?:/[^/?#]+)*?)"

urlpatterns = [
    path("console", accounts.entrance, name="console"),
    path("account/columns", columns.choose, name="console_columns"),
    path("account/notifications", notices.index, name="notices"),
    path("account/notifications/read", notices.read_all, name="notices_read"),
    path("account/notifications/choices", notices.choose, name="notice_choices"),
    re_path(r"^account/notifications/(?P<notice_id>[0-9]{1,18})$", notices.show, name="notice"),
    re_path(rf"{ACCOUNT}/notifications$", notices.of_account, name="console_notices"),
    path("console/switch", switching.switch, name="console_switch"),
    path("console/role/stop", assuming.stop, name="console_stop_role"),
    re_path(rf"{ACCOUNT}/assume$", assuming.assume, name="console_assume"),
    re_path(rf"{ACCOUNT}$", accounts.overview, name="console_account"),
    re_path(rf"{ACCOUNT}/registry-password$", accounts.registry_password, name="console_registry_password"),
    re_path(rf"{ACCOUNT}/secrets/(?P<handle>[0-9a-f-]{{36}})$", secrets.show, name="console_secret"),
    re_path(rf"{PLACE}$", repositories.index, name="console_repositories"),
    re_path(rf"{PLACE}/-/new$", repositories.create, name="console_new_repository"),
    re_path(rf"{PLACE}/-/tag$", bulk.tag, name="console_tag_repositories"),
    re_path(rf"{PLACE}/-/lifecycle$", bulk_lifecycle.lifecycle, name="console_set_lifecycle"),
    re_path(rf"{PLACE}/-/delete$", bulk.delete, name="console_delete_repositories"),
    re_path(rf"{REPOSITORY}/-/images$", image_list.index, name="console_images"),
    re_path(rf"{PLACE}/-/deleted$", recycled.repositories, name="console_deleted_repositories"),
    re_path(rf"{REPOSITORY}/-/images/deleted$", recycled.images, name="console_deleted_images"),
    re_path(rf"{REPOSITORY}/-/images/{DIGEST}/class$", recycled.storage_class, name="console_storage_class"),
    re_path(rf"{REPOSITORY}/-/images/{DIGEST}/scan$", scanning.scan, name="console_scan"),
    re_path(rf"{REPOSITORY}/-/images/{DIGEST}/sbom\.(?P<form>cdx|spdx)\.json$", scanning.sbom, name="console_sbom"),
    re_path(
        rf"{REPOSITORY}/-/images/{DIGEST}/findings\.(?P<form>csv|json)$", findings.of_image, name="console_findings"
    ),
    re_path(rf"{REPOSITORY}/-/findings\.(?P<form>csv|json)$", findings.of_repository, name="console_all_findings"),
    re_path(rf"{REPOSITORY}/-/images/{DIGEST}/replication$", replication.copies, name="console_copies"),
    re_path(rf"{REPOSITORY}/-/images/delete$", image_changes.delete, name="console_delete_images"),
    re_path(rf"{REPOSITORY}/-/images/{DIGEST}/retag$", image_changes.retag, name="console_retag"),
    re_path(rf"{REPOSITORY}/-/tags/{TAG}/remove$", image_changes.untag, name="console_untag"),
    re_path(rf"{REPOSITORY}/-/images/{IMAGE_DIGEST}(?:/{IMAGE_SECTION})?$", image.image, name="console_image"),
    re_path(rf"{REPOSITORY}/-/tags/{IMAGE_TAG}$", image.image, name="console_tag"),
    re_path(rf"{REPOSITORY}/-/charts/{IMAGE_TAG}(?:/{CHART_SECTION})?$", image.chart, name="console_chart"),
    re_path(rf"{REPOSITORY}/-/compare(?:/{COMPARED})?$", image.compare, name="console_compare"),
    re_path(rf"{REPOSITORY}/-/history$", history.history, name="console_history"),
    re_path(rf"{REPOSITORY}/-/history/revert$", history.revert, name="console_revert"),
    re_path(rf"{REPOSITORY}/-/permissions$", permissions.permissions, name="console_permissions"),
    re_path(rf"{REPOSITORY}/-/lifecycle$", lifecycle.lifecycle, name="console_lifecycle"),
    re_path(rf"{REPOSITORY}/-/scanning$", repository_scans.index, name="console_repository_scans"),
    re_path(rf"{REPOSITORY}/-/settings$", repository_settings.settings, name="console_settings"),
    re_path(rf"{REPOSITORY}/-/delete$", repository_settings.delete, name="console_delete_repository"),
    re_path(rf"{REPOSITORY}/-/events$", audit.of_repository, name="console_repository_events"),
    re_path(rf"{REGISTRY}/permissions$", registry.policy, name="console_registry_policy"),
    re_path(rf"{REGISTRY}/settings$", registry.settings, name="console_registry_settings"),
    re_path(rf"{REGISTRY}/scanning$", scan_rules.index, name="console_scanning"),
    re_path(rf"{REGISTRY}/scanning/-/change$", scan_rules.change, name="console_change_scanning"),
    re_path(rf"{REGISTRY}/ignored$", ignored.index, name="console_ignored"),
    re_path(rf"{REGISTRY}/ignored/-/new$", ignored.create, name="console_ignore"),
    re_path(
        rf"{REGISTRY}/ignored/(?P<suppression_id>[0-9]{{1,18}})/-/change$",
        ignored.change,
        name="console_change_ignored",
    ),
    re_path(rf"{REGISTRY}/ignored/(?P<suppression_id>[0-9]{{1,18}})/-/end$", ignored.end, name="console_end_ignored"),
    re_path(rf"{REGISTRY}/templates$", templates.index, name="console_templates"),
    re_path(rf"{REGISTRY}/templates/-/new$", templates.create, name="console_new_template"),
    re_path(rf"{REGISTRY}/templates/{PREFIX}/-/delete$", templates.delete, name="console_delete_template"),
    re_path(rf"{REGISTRY}/templates/{PREFIX}$", templates.edit, name="console_template"),
    re_path(rf"{REGISTRY}/replication$", replication.index, name="console_replication"),
    re_path(rf"{REGISTRY}/replication/-/new$", replication_rules.create, name="console_new_replication_rule"),
    re_path(
        rf"{REGISTRY}/replication/(?P<number>[0-9]{{1,2}})/-/edit$",
        replication_rules.edit,
        name="console_edit_replication_rule",
    ),
    re_path(
        rf"{REGISTRY}/replication/(?P<number>[0-9]{{1,2}})/-/remove$",
        replication_rules.remove,
        name="console_remove_replication_rule",
    ),
    re_path(rf"{REGISTRY}/replication/backfills$", replication.start_backfill, name="console_start_backfill"),
    re_path(rf"{REGISTRY}/replication/backfills/{BACKFILL}$", replication.backfill, name="console_backfill"),
    re_path(
        rf"{REGISTRY}/replication/backfills/{BACKFILL}/stop$", replication.stop_backfill, name="console_stop_backfill"
    ),
    re_path(rf"{ACCOUNT}/audit$", audit.index, name="console_audit"),
    re_path(rf"{ACCOUNT}/audit\.(?P<kind>csv|jsonl)$", audit.export, name="console_audit_export"),
    re_path(rf"{ACCOUNT}/audit/(?P<event_id>[0-9a-f-]{{36}})$", audit.detail, name="console_audit_event"),
    re_path(rf"{ACCOUNT}/work$", work.index, name="console_work"),
    re_path(rf"{ACCOUNT}/work/{ITEM}$", work.detail, name="console_work_item"),
    re_path(rf"{ACCOUNT}/work/{ITEM}/cancel$", work.cancel, name="console_cancel_work"),
    re_path(rf"{ACCOUNT}/work/{ITEM}/retry$", work.retry, name="console_retry_work"),
    re_path(rf"{ACCOUNT}/webhooks$", webhooks.index, name="console_webhooks"),
    re_path(rf"{ACCOUNT}/webhooks/-/new$", webhooks.create, name="console_new_webhook"),
    re_path(rf"{WEBHOOK}$", webhooks.detail, name="console_webhook"),
    re_path(rf"{WEBHOOK}/-/edit$", webhooks.edit, name="console_edit_webhook"),
    re_path(rf"{WEBHOOK}/-/secret$", webhooks.secret, name="console_webhook_secret"),
    re_path(rf"{WEBHOOK}/-/resume$", webhooks.resume, name="console_resume_webhook"),
    re_path(rf"{WEBHOOK}/-/test$", webhooks.send_test, name="console_test_webhook"),
    re_path(rf"{WEBHOOK}/-/delete$", webhooks.delete, name="console_delete_webhook"),
    re_path(rf"{DELIVERY}$", webhooks.delivery, name="console_webhook_delivery"),
    re_path(rf"{DELIVERY}/redeliver$", webhooks.redeliver, name="console_redeliver"),
    re_path(rf"{IAM}/users$", users.index, name="console_users"),
    re_path(rf"{IAM}/users/-/new$", users.create, name="console_new_user"),
    re_path(rf"{IAM}/users/{NAME}$", users.detail, name="console_user"),
    re_path(rf"{IAM}/users/{NAME}/keys$", users.keys, name="console_user_keys"),
    re_path(rf"{IAM}/users/{NAME}/keys/(?P<key_id>\w{{8,128}})/-/delete$", users.delete_key, name="console_delete_key"),
    re_path(rf"{IAM}/users/{NAME}/console$", console_passwords.index, name="console_user_console"),
    re_path(rf"{IAM}/users/{NAME}/console/-/remove$", console_passwords.delete, name="console_remove_console_password"),
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
    re_path(rf"{IAM}/people$", people.index, name="console_people"),
    re_path(rf"{IAM}/people/-/invite$", people.invite, name="console_invite"),
    re_path(rf"{IAM}/people/-/revoke$", people.revoke, name="console_revoke"),
    re_path(rf"{IAM}/people/{EMAIL}/-/remove$", people.remove, name="console_remove_person"),
    re_path(rf"{IAM}/people/{EMAIL}$", people.detail, name="console_person"),
    re_path(rf"{IAM}/simulator$", simulator.simulator, name="console_simulator"),
]
