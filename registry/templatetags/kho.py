"""How pages write sizes, counts, digests and times."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from django import template
from django.contrib.humanize.templatetags.humanize import naturaltime
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

register = template.Library()

UNITS: Final = ("B", "kB", "MB", "GB", "TB", "PB")
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


@register.simple_tag
def moment(at: datetime | None, absolute: bool = False) -> SafeString | str:
    """A time element: relative up to 30 days, then a date; always absolute if asked. None is "Never"."""
    if at is None:
        return _("Never")
    exact = f"{formats.date_format(timezone.localtime(at), 'DATETIME_FORMAT')} {timezone.localtime(at).tzname()}"
    if absolute:
        text = exact
    elif timezone.now() - at < RELATIVE_FOR:
        text = str(naturaltime(at))
    else:
        text = formats.date_format(timezone.localtime(at), "DATE_FORMAT")
    return format_html('<time datetime="{}" title="{}">{}</time>', at.isoformat(timespec="seconds"), exact, text)


@register.simple_tag(takes_context=True)
def query(context: template.Context, **changes: object) -> str:
    """The query string of this page with some parameters changed; None takes one out."""
    parameters = context["request"].GET.copy()
    for name, value in changes.items():
        if value in (None, ""):
            parameters.pop(name, None)
        else:
            parameters[name] = str(value)
    return f"?{parameters.urlencode()}" if parameters else "?"


@register.filter
def who(principal_arn: str) -> str:
    """Who an ARN of a principal stands for, in short: the name of a user or session; `root` for an account's root."""
    return principal_arn.rpartition(":")[2].rpartition("/")[2]


@register.filter
def resource(arn: str) -> str:
    """An ARN without account and region: `repository/team/app`, or all of it if it is no ARN."""
    return arn.split(":", 5)[-1]


@register.filter
def get(counts: Mapping[str, int], key: str) -> int:
    """The count of a key; 0 if it has none."""
    return counts.get(key, 0)
