"""How pages write sizes, counts, digests and times."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from django import template
from django.utils import formats, timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.caller import STAFF
from accounts.console.own import browser_of
from registry.console import places

register = template.Library()

UNITS: Final = ("B", "kB", "MB", "GB", "TB", "PB")
CUTS: Final = frozenset({"after", "before"})
STAFF_ROLE: Final = f"role/aws-service-role/kho/{STAFF}"
RELATIVE_FOR: Final = timedelta(days=30)


@register.filter
def size(count: int | None) -> str:
    """Bytes in decimal units with three significant digits, as docker prints them: 67.2 MB."""
    number = float(count or 0)
    unit = 0
    while number >= 999.5 and unit < len(UNITS) - 1:
        number /= 1000
        unit += 1
    places = 0 if unit == 0 or number >= 99.95 else 1 if number >= 9.995 else 2
    return f"{formats.number_format(round(number, places), places, use_l10n=True)} {UNITS[unit]}"


@register.filter
def size_change(count: int) -> str:
    """By how much something grew or shrank: +1.20 MB, −300 B, ±0 B."""
    sign = "+" if count > 0 else "−" if count < 0 else "±"
    return f"{sign}{size(abs(count))}"


@register.filter
def breakable(name: str) -> SafeString:
    """A name that breaks after its slashes before it breaks within a word."""
    return format_html_join(SafeString("/<wbr>"), "{}", ((part,) for part in name.split("/")))


@register.filter
def short_count(count: int | None) -> str:
    """A count: exact to 9,999, then in thousands and millions."""
    number = count or 0
    if number < 10_000:
        return formats.number_format(number, 0, use_l10n=True, force_grouping=True)
    if number < 1_000_000:
        return _("%(number)sk") % {"number": formats.number_format(round(number / 1000, 1), 1, use_l10n=True)}
    return _("%(number)sM") % {"number": formats.number_format(round(number / 1_000_000, 1), 1, use_l10n=True)}


@register.filter
def short_digest(digest: str) -> str:
    """The algorithm and the first twelve digits."""
    algorithm, _colon, encoded = digest.partition(":")
    return f"{algorithm}:{encoded[:12]}"


def _ago(passed: timedelta) -> str:
    """How long ago, in the largest unit that fits."""
    minutes = passed // timedelta(minutes=1)
    if minutes < 1:
        return _("just now")
    if minutes < 60:
        return ngettext("%(n)s minute ago", "%(n)s minutes ago", minutes) % {"n": minutes}
    if minutes < 24 * 60:
        return ngettext("%(n)s hour ago", "%(n)s hours ago", minutes // 60) % {"n": minutes // 60}
    return ngettext("%(n)s day ago", "%(n)s days ago", passed.days) % {"n": passed.days}


@register.simple_tag
def moment(
    at: datetime | None, absolute: bool = False, seconds: bool = False, *, day: bool = False
) -> SafeString | str:
    """A time element: relative up to 30 days, then a date; absolute, or only the day, if asked. None is "Never"."""
    if at is None:
        return _("Never")
    local = timezone.localtime(at)
    written = formats.date_format(local, "DATETIME_FORMAT")
    if seconds:
        # Every language of ours writes times with a colon, and no other colon in a date.
        written = written.replace(f"{local:%H:%M}", f"{local:%H:%M:%S}")
    exact = f"{written} {local.tzname()}"
    if absolute:
        text = exact
    elif not day and timedelta() <= timezone.now() - at < RELATIVE_FOR:
        text = _ago(timezone.now() - at)
    else:
        text = formats.date_format(timezone.localtime(at), "DATE_FORMAT")
    return format_html('<time datetime="{}" title="{}">{}</time>', at.isoformat(timespec="seconds"), exact, text)


@register.simple_tag(takes_context=True)
def origin(context: template.Context) -> str:
    """Where this deployment's pages are, without a path: `https://kho.example.com`."""
    return places.origin(context["request"])


@register.simple_tag(takes_context=True)
def query(context: template.Context, **changes: object) -> str:
    """The query string of this page with some parameters changed; None takes one out.

    Of `after` and `before`, which say where a page of a list is, the one that is not named goes with the other.
    """
    parameters = context["request"].GET.copy()
    if not CUTS.isdisjoint(changes):
        changes = dict.fromkeys(CUTS) | changes
    for name, value in changes.items():
        if value in (None, ""):
            parameters.pop(name, None)
        else:
            parameters[name] = str(value)
    return f"?{parameters.urlencode()}" if parameters else "?"


@register.filter
def who(principal_arn: str) -> str:
    """Who an ARN of a principal stands for, in short: the name of a user or session; `root` for an account's root."""
    if principal_arn.endswith(f":{STAFF_ROLE}"):
        return _("staff of this registry")
    return principal_arn.rpartition(":")[2].rpartition("/")[2]


@register.filter
def client(user_agent: str) -> str:
    """Which program asked, in short: Firefox on Linux, aws-cli/2.31.0; all of it if no product comes first."""
    if user_agent.startswith("Mozilla/"):
        return browser_of(user_agent)
    product = user_agent.partition(" ")[0]
    return product if "/" in product else user_agent


@register.filter
def resource(arn: str) -> str:
    """An ARN without account and region: `repository/team/app`, or all of it if it is no ARN."""
    return arn.split(":", 5)[-1]


@register.filter
def get(counts: Mapping[str, int], key: str) -> int:
    """The count of a key; 0 if it has none."""
    return counts.get(key, 0)


@register.filter
def label(labels: Mapping[str, str], key: str) -> str:
    """The label of a key; the key itself if it has none any more."""
    return str(labels.get(key, key))
