"""Atom feeds: what happened to a repository's tags, and what a publisher pushed last."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import gettext as _
from django.views.decorators.http import condition, require_safe

from gallery.pages import context
from gallery.pages.context import reader, repository_page
from gallery.search import query
from registry.core import aliases, tag_history

if TYPE_CHECKING:
    from registry.models import TagEvent

ENTRIES: Final = 50


def _changed_at(request: HttpRequest, alias: str, name: str) -> datetime | None:
    """When something last happened to the repository's tags, so that readers that poll get a 304."""
    address = context.address_of(alias, name)
    context.repository_of(request, address, f"{alias}/{name}")
    return tag_history.changed_at(reader(request), address)


@require_safe
@repository_page
@condition(last_modified_func=_changed_at)
def repository(request: HttpRequest, alias: str, name: str) -> HttpResponse:
    """A repository's tags as they were pushed, moved and deleted, the newest first."""
    address = context.address_of(alias, name)
    page = tag_history.tag_history(reader(request), address, limit=ENTRIES)
    path = f"{alias}/{name}"
    listing = query.get(alias, name)
    feed = _feed(request, path, listing.description if listing else "", f"/{path}")
    for event in (row.event for row in page.rows):
        where = f"/{path}/-/tags/{event.tag}" if event.new_digest else f"/{path}/-/history"
        feed.add_item(
            title=_title(name, event),
            link=request.build_absolute_uri(where),
            description=" → ".join(digest for digest in (event.old_digest, event.new_digest) if digest),
            unique_id=f"tag:{request.get_host().partition(':')[0]},{event.at:%Y-%m-%d}:{path}/{event.id}",
            updateddate=event.at,
            pubdate=event.at,
        )
    return _answer(feed)


def _title(name: str, event: "TagEvent") -> str:
    """One event in words: `app:1.0 created`."""
    return _("%(image)s %(event)s") % {"image": f"{name}:{event.tag}", "event": event.get_kind_display()}


@require_safe
def publisher(request: HttpRequest, alias: str) -> HttpResponse:
    """A publisher's repositories, the one that was pushed to last first."""
    found = aliases.find_with_primary(alias)
    if found is None:
        raise context.NoRepository(alias)
    _account_id, primary = found
    if primary != alias:
        return redirect(f"/{primary}/-/feed.atom")
    rows = query.of_publisher(alias, sort="updated").rows
    feed = _feed(request, rows[0].publisher if rows else alias, "", f"/{alias}")
    for row in rows:
        if row.pushed_at is None:
            continue
        path = f"{row.alias}/{row.name}"
        feed.add_item(
            title=f"{path}:{row.newest_tag}" if row.newest_tag else path,
            link=request.build_absolute_uri(f"/{path}"),
            description=row.description,
            unique_id=f"tag:{request.get_host().partition(':')[0]},{row.pushed_at:%Y-%m-%d}:{path}",
            updateddate=row.pushed_at,
        )
    return _answer(feed)


def _feed(request: HttpRequest, title: str, description: str, path: str) -> Atom1Feed:
    """A feed without entries; an Atom feed without any has a date all the same."""
    feed = Atom1Feed(
        title=title,
        link=request.build_absolute_uri(path),
        description=description,
        subtitle=description or None,
        feed_url=request.build_absolute_uri(request.path),
        language=getattr(request, "LANGUAGE_CODE", "en"),
    )
    feed.latest_post_date = lambda: max(  # type: ignore[method-assign]  # Django says now, which changes each time
        (item["updateddate"] for item in feed.items), default=datetime(2026, 1, 1, tzinfo=UTC)
    )
    return feed


def _answer(feed: Atom1Feed) -> HttpResponse:
    """The feed as bytes; readers that poll may keep it for a minute."""
    answer = HttpResponse(feed.writeString("utf-8"), content_type="application/atom+xml; charset=utf-8")
    answer.headers["Cache-Control"] = "public, max-age=60"
    return answer
