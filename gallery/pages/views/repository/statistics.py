"""Numbers of a repository: pulls by day, tag, platform and client, pushes by month; as a page and as a file."""

import csv
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from gallery.pages import context
from gallery.pages.context import reader, repository_page
from registry.content.spreadsheets import harmless
from registry.core import statistics as numbers

RANGES: Final = {30: _("30 days"), 90: _("90 days"), 365: _("1 year")}


@require_safe
@repository_page
def statistics(request: HttpRequest, alias: str, name: str) -> HttpResponse:
    """The page: a graph and the same numbers as tables."""
    address = context.address_of(alias, name)
    values = context.of_repository(request, alias, name, address, "statistics")
    days, status = _days(request)
    found = numbers.of(reader(request), address, days)
    values |= {
        "numbers": found,
        "days": days,
        "is_unknown": status == 400,
        "ranges": RANGES,
        "by_day": [(date_format(day, "DATE_FORMAT"), count) for day, count in found.days],
        "by_month": [(date_format(month, "YEAR_MONTH_FORMAT"), count) for month, count in found.pushes],
        "has_pushes": any(count for _, count in found.pushes),
        "most": max(found.days, key=lambda each: each[1]),
    }
    return render(request, "gallery/statistics.html", values, status=status)


@require_safe
@repository_page
def table(request: HttpRequest, alias: str, name: str) -> HttpResponse:
    """The same numbers for a spreadsheet."""
    address = context.address_of(alias, name)
    days, status = _days(request)
    if status != 200:
        return HttpResponse("days is 30, 90 or 365\n", content_type="text/plain; charset=utf-8", status=status)
    found = numbers.of(reader(request), address, days)
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name.replace("/", "-")}-{days}-days.csv"'
    rows = csv.writer(answer)
    rows.writerow(["by", "name", "count"])
    rows.writerows(["day", day.isoformat(), count] for day, count in found.days)
    for by, counts in (("client", found.clients), ("tag", found.tags), ("platform", found.platforms)):
        rows.writerows([by, harmless(of), count] for of, count in counts)
    if found.other_tags:
        rows.writerow(["other tags", "", found.other_tags])
    rows.writerows(["tags pushed in month", f"{month:%Y-%m}", count] for month, count in found.pushes)
    return answer


def _days(request: HttpRequest) -> tuple[int, int]:
    """The range that was asked for, and 400 if there is no such range."""
    asked = request.GET.get("days", "30")
    return next(((days, 200) for days in RANGES if str(days) == asked), (30, 400))
