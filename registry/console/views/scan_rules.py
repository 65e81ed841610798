"""How a registry's images are scanned: scan type, rules with what they cover, and the advisories that are here."""

from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from registry.console import commands, stale
from registry.console.membership import console_page
from registry.console.scan_words import FREQUENCIES
from registry.console.views.registry import context_of, private
from registry.core import registries, scan_rules
from registry.core.scan_rules import Configuration, Coverage
from registry.errors import InvalidValue
from registry.scanning import advisories

CURRENT: Final = "scanning"
OPERATION: Final = "PutRegistryScanningConfiguration"
SCAN_TYPES: Final = {
    registries.BASIC: gettext_lazy("Basic scanning"),
    registries.ENHANCED: gettext_lazy("Enhanced scanning"),
}


@console_page
@require_safe
def index(request: HttpRequest, account_id: str, region: str) -> HttpResponse:
    """What is in force, and what it covers."""
    visitor, registry = private(request, account_id, region)
    context = context_of(request, visitor, registry, CURRENT)
    now = registries.scanning(visitor.caller, registry)
    (covered,) = scan_rules.coverage(registry, now)
    context |= _known(now) | {
        "coverage": covered,
        "rows": [(row, FREQUENCIES[row.frequency]) for row in covered.rows],
        "outcome": _outcome(now, covered),
        "choices": [(each, FREQUENCIES[each]) for each in registries.RULE_FREQUENCIES[now["scanType"]]],
        "ecosystems": advisories.by_ecosystem(),
        "imports": advisories.last_imports(),
        "command": commands.equivalent(request, registry, OPERATION, now),
    }
    return render(request, "console/scanning.html", context)


@console_page
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, account_id: str, region: str) -> HttpResponse:
    """Say what a change would come to, then make it. The address says which one: `type`, or `add` or `remove`."""
    visitor, registry = private(request, account_id, region)
    context = context_of(request, visitor, registry, CURRENT)
    now = registries.scanning(visitor.caller, registry)
    try:
        wanted = _wanted(now, request.GET)
    except InvalidValue as error:
        context |= _known(now) | {"problem": _sentence(error)}
        return render(request, "console/change_scanning.html", context, status=422)
    is_stale = request.method == "POST" and request.POST.get("was", "") != stale.mark(now)
    if request.method == "POST" and not is_stale:
        registries.put_scanning(visitor.caller, registry, wanted["scanType"], wanted["rules"])
        messages.success(request, _("How images are scanned is changed."))
        return redirect("console_scanning", account_id=account_id, region=region)
    before, after = scan_rules.coverage(registry, now, wanted)
    kept = {(row.frequency, row.filter) for row in after.rows}
    context |= _known(wanted) | {
        "is_stale": is_stale,
        "was": stale.mark(now),
        "title": _title(request.GET),
        "compared": [
            (words, before.by_frequency.get(frequency, 0), after.by_frequency.get(frequency, 0))
            for frequency, words in FREQUENCIES.items()
            if frequency in {**before.by_frequency, **after.by_frequency}
        ],
        "lost": [] if "remove" in request.GET else [r for r in before.rows if (r.frequency, r.filter) not in kept],
        "command": commands.equivalent(request, registry, OPERATION, wanted),
    }
    return render(request, "console/change_scanning.html", context, status=409 if is_stale else 200)


def _wanted(now: Configuration, asked: QueryDict) -> dict[str, Any]:
    """The configuration after the change that the address names. InvalidValue."""
    text = asked.get("filter", "").strip()
    if "type" in asked:
        return scan_rules.of_type(now, asked.get("type", ""))
    if "remove" in asked:
        return scan_rules.without_filter(now, asked.get("remove", ""), text)
    return scan_rules.with_filter(now, asked.get("add", ""), text)


def _title(asked: QueryDict) -> str:
    if "type" in asked:
        return str(_("Change the scan type?"))
    words = _("Remove the filter %(text)s?") if "remove" in asked else _("Add the filter %(text)s?")
    return words % {"text": asked.get("filter", "").strip()}


def _sentence(error: InvalidValue) -> str:
    """Why a change can't be made."""
    match error.why:
        case scan_rules.THERE_ALREADY:
            return _("This filter is there already.")
        case scan_rules.TOO_MANY:
            return _("There may be two rules, each with 100 filters.")
        case scan_rules.NO_FILTER:
            return _("Give a filter such as team/* or app: lower-case letters, digits, . _ - / and *.")
        case _:
            return _("Somebody else has changed the scanning of this registry meanwhile, or the address is wrong.")


def _known(configuration: Configuration) -> dict[str, Any]:
    scan_type = configuration["scanType"]
    return {"scan_type": scan_type, "scan_types": list(SCAN_TYPES.items()), "type_words": SCAN_TYPES[scan_type]}


def _outcome(now: Configuration, covered: Coverage) -> list[tuple[Any, int]]:
    """How many repositories are scanned how, of the ways that the scan type has."""
    ways = registries.SCAN_FREQUENCIES[now["scanType"]]
    return [(FREQUENCIES[each], covered.by_frequency.get(each, 0)) for each in ways]
