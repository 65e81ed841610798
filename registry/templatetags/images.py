"""How pages of images write shares, moments that an image claims, and lists."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from django import template
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from registry.content.readable import web_link
from registry.image_pages import cvss_words
from registry.replication.statuses import Reached
from registry.scanning.named import Named
from registry.scanning.newest import Newest
from registry.templatetags.kho import moment, size

register = template.Library()

FIRST_BELIEVED: Final = datetime(1981, 1, 1, tzinfo=UTC)
"""Builds that are to give the same bytes again write the beginning of 1970 or 1980 instead of the time."""


@register.simple_tag
def share_bar(percent: int) -> SafeString:
    """A share of a whole as a bar with its number."""
    width = max(0, min(100, percent))
    return format_html(
        '<span class="nowrap"><svg class="share" viewBox="0 0 100 8" width="72" height="8" preserveAspectRatio="none" '
        'aria-hidden="true">'
        '<rect width="{}" height="8"/></svg> <span class="share-number">{} %</span></span>',
        str(width),
        str(percent),
    )


@register.simple_tag
def stamp(text: str) -> SafeString | str:
    """The moment that an image claims for itself (RFC 3339); the text as it is if it is none."""
    try:
        at = parse_datetime(text)
        at = at.replace(tzinfo=UTC) if at and timezone.is_naive(at) else at
        if at is None:
            return text
        if at < FIRST_BELIEVED:
            return _("not told: the build gives the same bytes each time")
        return moment(at, absolute=True)
    except (ValueError, OverflowError):
        return text


@register.filter
def as_json(words: Sequence[str]) -> str:
    """A list of words as build files write it."""
    return json.dumps(list(words), ensure_ascii=False)


@register.filter
def cvss_in_words(vector: str) -> list[tuple[str, str]]:
    """What the base metrics of a CVSS vector say."""
    return cvss_words.in_words(vector)


@register.filter
def is_reference_here(reference: str, place: str) -> bool:
    """Whether a pull reference names a repository of this host."""
    return bool(place) and reference.startswith(f"{place}/")


@register.filter
def path_of(reference: str, place: str) -> str:
    """The part of a pull reference behind the host, which is a page's address."""
    return reference.removeprefix(place)


@register.simple_tag
def chart_link(repository: str, name: str, place: str) -> SafeString | str:
    """Where a chart's dependency comes from: a link if it is a page of the web, or a repository of this host."""
    if place and repository.startswith(f"oci://{place}/"):
        path = repository.removeprefix(f"oci://{place}").rstrip("/")
        return format_html('<a href="{}/{}">{}</a>', path, name, repository)
    if url := web_link(repository):
        return format_html('<a rel="nofollow noopener noreferrer" href="{}">{}</a>', url, repository)
    return repository


@register.simple_tag
def size_change(count: int) -> str:
    """How much larger or smaller something has become."""
    return f"{'+' if count > 0 else '−' if count < 0 else '±'}{size(abs(count))}"


@register.inclusion_tag("components/scan_mark.html")
def scan_mark(summaries: Mapping[str, object], digest: str, root: str) -> dict[str, object]:
    """What scans say of an image of a list, as a badge that leads to its findings; `root` comes before `/images`."""
    return {"summary": summaries.get(digest), "url": f"{root}/images/{digest}/vulnerabilities"}


@register.inclusion_tag("components/scan_mark.html")
def named_mark(found: Mapping[str, Named], reference: str, place: str) -> dict[str, object]:
    """What scans say of an image of this gallery that a text names by its pull reference."""
    its = found.get(reference)
    root = path_of(reference, place).partition("@")[0].partition(":")[0]
    return {"summary": its and its.summary, "url": its and f"{root}/-/images/{its.digest}/vulnerabilities"}


@register.inclusion_tag("console/_newest.html")
def newest_mark(newest: Mapping[int, Newest], repository_id: int, root: str) -> dict[str, object]:
    """The newest tag of a repository of a list and what scans say of it; `root` comes before `/images`."""
    found = newest.get(repository_id)
    return {"newest": found, "url": found and f"{root}/images/{found.digest}/vulnerabilities"}


@register.inclusion_tag("console/_copies_mark.html")
def copies_mark(copies: Mapping[str, Reached], digest: str, root: str) -> dict[str, object]:
    """At how many destinations an image of a list is, leading to where; `root` comes before `/images`."""
    return {"reached": copies.get(digest), "url": f"{root}/images/{digest}/replication"}
