"""Routes of the gallery. A repository's page is its pull path; names come before `/-/`, our words after it."""

from django.contrib.sitemaps import views as sitemaps
from django.urls import include, path, re_path

from gallery.api import crawlers
from gallery.api import urls as api
from gallery.pages.views import (
    badges,
    components,
    crawling,
    feeds,
    helping,
    home,
    images,
    publisher,
    references,
    report,
    search,
)
from gallery.pages.views.publishing import aliases, listing, profile
from gallery.pages.views.repository import about, history, statistics, tags
from gallery.pages.views.staff import accounts as staff_accounts
from gallery.pages.views.staff import (
    activity,
    overview,
    publishers,
    reports,
    reserved,
    storage,
    system,
    takedowns,
    work,
)
from gallery.pages.views.staff import aliases as alias_requests
from gallery.pages.views.staff import peers as staff_peers

PEER = r"(?P<name>[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?)"
ALIAS = r"(?P<alias>[a-z][a-z0-9]+(?:[._-][a-z0-9]+)*)"
NAME = r"(?P<name>[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*)"
TAG = r"(?P<reference>[A-Za-z0-9_][A-Za-z0-9._-]{0,127})"
DIGEST = r"(?P<reference>sha(?:256|512):[0-9a-f]{64,128})"
IMAGE_SECTION = r"(?P<section>layers|config|manifest|referrers|vulnerabilities|sbom)"
CHART_SECTION = r"(?P<section>values|schema|templates|dependencies|changelog|crds|images)"
COMPARED = r"(?P<before>[A-Za-z0-9_][A-Za-z0-9_.:-]*?)\.\.\.(?P<after>[A-Za-z0-9_][A-Za-z0-9_.:-]*)"

CONSOLE = r"^console/(?P<account_id>[0-9]{12})/public"

urlpatterns = [
    re_path(rf"{CONSOLE}/aliases$", aliases.index, name="console_aliases"),
    re_path(rf"{CONSOLE}/aliases/-/check$", aliases.check, name="console_alias_check"),
    re_path(rf"{CONSOLE}/aliases/{ALIAS}$", aliases.detail, name="console_alias"),
    re_path(rf"{CONSOLE}/aliases/{ALIAS}/-/primary$", aliases.primary, name="console_alias_primary"),
    re_path(rf"{CONSOLE}/aliases/{ALIAS}/-/release$", aliases.release, name="console_alias_release"),
    re_path(r"^staff$", overview.overview, name="staff"),
    re_path(r"^staff/aliases$", alias_requests.index, name="staff_aliases"),
    re_path(r"^staff/aliases/-/decide$", alias_requests.decide, name="staff_decide"),
    re_path(rf"^staff/aliases/{ALIAS}/(?P<number>[1-9][0-9]{{0,8}})$", alias_requests.detail, name="staff_alias"),
    re_path(r"^staff/reserved-names$", reserved.index, name="staff_reserved_names"),
    re_path(r"^staff/reserved-names/-/new$", reserved.add, name="staff_reserve"),
    re_path(r"^staff/reserved-names/-/remove$", reserved.remove, name="staff_unreserve"),
    re_path(r"^staff/reports$", reports.index, name="staff_reports"),
    re_path(r"^staff/reports/(?P<report_id>[1-9][0-9]{0,17})$", reports.detail, name="staff_report"),
    re_path(r"^staff/takedowns$", takedowns.index, name="staff_takedowns"),
    re_path(r"^staff/takedowns/-/new$", takedowns.create, name="staff_take_down"),
    re_path(r"^staff/takedowns/(?P<takedown_id>[1-9][0-9]{0,17})/-/lift$", takedowns.lift, name="staff_lift"),
    re_path(r"^staff/accounts$", staff_accounts.index, name="staff_accounts"),
    re_path(r"^staff/accounts/(?P<account_id>[0-9]{12})$", staff_accounts.detail, name="staff_account"),
    re_path(r"^staff/peers$", staff_peers.index, name="staff_peers"),
    re_path(r"^staff/peers/-/new$", staff_peers.add, name="staff_add_peer"),
    re_path(rf"^staff/peers/{PEER}/-/edit$", staff_peers.edit, name="staff_edit_peer"),
    re_path(rf"^staff/peers/{PEER}/-/check$", staff_peers.check, name="staff_check_peer"),
    re_path(rf"^staff/peers/{PEER}/-/remove$", staff_peers.remove, name="staff_remove_peer"),
    re_path(r"^staff/storage$", storage.storage, name="staff_storage"),
    re_path(r"^staff/work$", work.index, name="staff_work"),
    re_path(r"^staff/work/-/retry-all$", work.retry_all, name="staff_retry_all_work"),
    re_path(r"^staff/work/(?P<row_id>[1-9][0-9]{0,17})/-/retry$", work.retry, name="staff_retry_work"),
    re_path(r"^staff/work/(?P<row_id>[1-9][0-9]{0,17})/-/discard$", work.discard, name="staff_discard_work"),
    re_path(r"^staff/activity$", activity.index, name="staff_activity"),
    re_path(r"^staff/system$", system.system, name="staff_system"),
    re_path(r"^staff/publishers$", publishers.index, name="staff_publishers"),
    re_path(r"^staff/publishers/(?P<account_id>[0-9]{12})$", publishers.detail, name="staff_publisher"),
    re_path(r"^staff/publishers/(?P<account_id>[0-9]{12})/-/unverify$", publishers.unverify, name="staff_unverify"),
    re_path(rf"{CONSOLE}/profile$", profile.profile, name="console_profile"),
    re_path(rf"{CONSOLE}/repositories/{NAME}/-/listing$", listing.listing, name="console_listing"),
    re_path(r"^$", home.home, name="home"),
    re_path(r"^help$", helping.index, name="help"),
    re_path(r"^help/components$", components.reference, name="components"),
    re_path(r"^help/(?P<topic>[a-z-]+)$", helping.topic, name="help_topic"),
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
    re_path(rf"^{ALIAS}/-/report$", report.publisher, name="report_publisher"),
    re_path(rf"^{ALIAS}/{NAME}/-/feed\.atom$", feeds.repository, name="feed"),
    re_path(rf"^{ALIAS}/{NAME}/-/badge/(?P<kind>pulls|version|size|platforms)\.svg$", badges.badge, name="badge"),
    re_path(rf"^{ALIAS}/{NAME}/-/card\.png$", badges.card, name="card"),
    re_path(rf"^{ALIAS}/{NAME}/-/usage$", about.usage, name="usage"),
    re_path(rf"^{ALIAS}/{NAME}/-/tags$", tags.tags, name="tags"),
    re_path(rf"^{ALIAS}/{NAME}/-/compare$", tags.compare, name="compare_chosen"),
    re_path(rf"^{ALIAS}/{NAME}/-/history$", history.history, name="history"),
    re_path(rf"^{ALIAS}/{NAME}/-/statistics$", statistics.statistics, name="statistics"),
    re_path(rf"^{ALIAS}/{NAME}/-/statistics\.csv$", statistics.table, name="statistics_table"),
    re_path(rf"^{ALIAS}/{NAME}/-/report$", report.report, name="report"),
    re_path(rf"^{ALIAS}/{NAME}/-/tags/{TAG}$", images.image, name="tag"),
    re_path(rf"^{ALIAS}/{NAME}/-/images/{DIGEST}$", images.image, name="image"),
    re_path(rf"^{ALIAS}/{NAME}/-/images/{DIGEST}/{IMAGE_SECTION}$", images.image),
    re_path(rf"^{ALIAS}/{NAME}/-/images/{DIGEST}/sbom\.(?P<form>cdx|spdx)\.json$", images.sbom, name="sbom"),
    re_path(rf"^{ALIAS}/{NAME}/-/charts/{TAG}(?:/{CHART_SECTION})?$", images.chart, name="chart"),
    re_path(rf"^{ALIAS}/{NAME}/-/compare/{COMPARED}$", images.compare, name="compare"),
    re_path(rf"^{ALIAS}/{NAME}$", about.about, name="repository"),
    re_path(rf"^{ALIAS}/{NAME}:{TAG}$", references.pasted),
    re_path(rf"^{ALIAS}/{NAME}(?::[A-Za-z0-9._-]+)?@{DIGEST}$", references.pasted),
    re_path(r"^(?P<account>[0-9]{12}(?:\.[a-z0-9-]+)?)/(?P<name>[^/].*[^/]|[^/])$", references.pasted_private),
    re_path(r"^(?P<path>[^/].*)/+$", references.without_slash),
]
