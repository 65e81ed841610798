"""The list of reserved names: look through it, add with a look at what it hits, remove."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from accounts.console.asking import wants_part
from gallery.aliases import reserved
from gallery.errors import PatternKnown, PatternMalformed, PatternNotFound
from gallery.models import ReservedName
from gallery.pages.views.staff.access import number_of, page, staff_of, staff_page
from registry.core import aliases

PAGE = 50


class Pattern(forms.Form):
    """A pattern to reserve."""

    pattern = forms.CharField(
        max_length=reserved.LONGEST_PATTERN, error_messages={"required": gettext_lazy("Type a pattern.")}
    )
    kind = forms.ChoiceField(choices=ReservedName.Kind.choices)
    why = forms.ChoiceField(choices=ReservedName.Why.choices, initial=ReservedName.Why.OTHER)
    note = forms.CharField(required=False, max_length=reserved.LONGEST_NOTE)

    def clean_pattern(self) -> str:
        """Names are lower case."""
        return str(self.cleaned_data["pattern"]).lower()


@staff_page
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The list, with how many live aliases each pattern fits."""
    contains = request.GET.get("q", "").strip().lower()[:50]
    why = request.GET.get("why", "")
    status = 200 if why in {"", *ReservedName.Why.values} else 400
    rows = reserved.listed(contains, why if status == 200 else "")
    pages = max(1, -(-len(rows) // PAGE))
    number = min(max(1, number_of(request)), pages)
    shown = rows[(number - 1) * PAGE : number * PAGE]
    counts = reserved.counts(shown)
    values = {
        "rows": [(row, reserved.written(row.pattern, row.kind), counts[row.pattern]) for row in shown],
        "total": len(rows),
        "contains": contains,
        "why": why,
        "reasons": ReservedName.Why.choices,
        "own": sorted(word for word in aliases.RESERVED if contains in word),
        "results": {"page": number, "pages": pages},
        "previous_page": number - 1,
        "next_page": number + 1,
    }
    if wants_part(request):
        return render(request, "gallery/staff/_reserved.html", values, status=status)
    return page(request, "reserved", "reserved", values, status=status)


@staff_page
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """Show what a pattern hits; then reserve it."""
    form = Pattern(request.POST if request.method == "POST" else None)
    values: dict[str, Any] = {"form": form}
    if request.method == "POST" and form.is_valid():
        fields = form.cleaned_data
        try:
            if request.POST.get("step") == "save":
                row = reserved.add(staff_of(request), **fields)
                words = _("%(pattern)s is reserved.") % {"pattern": reserved.written(row.pattern, row.kind)}
                messages.success(request, words)
                return redirect("staff_reserved_names")
            hits = reserved.matches(fields["pattern"], fields["kind"])
            owners = reserved.owners_of(hits)
            values |= {"is_checked": True, "hits": [(name, owners[name]) for name in hits]}
            values["written"] = reserved.written(fields["pattern"], fields["kind"])
        except PatternMalformed:
            form.add_error("pattern", _malformed(fields["kind"]))
        except PatternKnown:
            form.add_error("pattern", _("This pattern is in the list already."))
    return page(request, "reserve", "reserved", values, status=422 if form.errors else 200)


def _malformed(kind: str) -> str:
    match kind:
        case ReservedName.Kind.WILDCARD:
            return _(
                "A wildcard has a * for any letters or a ? for one, and at least two letters or digits besides, "
                "for example *-official."
            )
        case ReservedName.Kind.PREFIX:
            return _("A prefix has two or more lower-case letters, digits and . _ -, without a star: acme, not acme*.")
        case _:
            return _("An exact name has the form of an alias, for example acme or acme-tools.")


@staff_page
@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: HttpRequest) -> HttpResponse:
    """Show what may be asked for again; then take the pattern out."""
    pattern = (request.POST if request.method == "POST" else request.GET).get("pattern", "")
    try:
        row = reserved.get(pattern)
        if request.method == "POST":
            reserved.remove(staff_of(request), pattern)
            messages.success(request, _("%(pattern)s is not reserved any more.") % {"pattern": pattern})
            return redirect("staff_reserved_names")
    except PatternNotFound as error:
        raise Http404 from error
    return page(request, "unreserve", "reserved", {"row": row, "written": reserved.written(row.pattern, row.kind)})
