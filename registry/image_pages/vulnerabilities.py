"""The page of what is wrong with an image: how far its scan is, numbers by severity, and the findings, filtered."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.caller import Caller
from registry.core import registries
from registry.core.image_details import Detail
from registry.scanning import findings, history, scans
from registry.scanning.findings import FindingFilter
from registry.scanning.severity import LEVELS
from registry.values import Address

SHORT: Final = 12
SHORTENED: Final = 19
"""Letters of a digest: the algorithm and twelve digits."""
FILTERS: Final = ("severity", "fixable", "package", "id", "exclude", "ignored", "layer")


class Filters(forms.Form):
    """Which findings are shown."""

    severity = forms.ChoiceField(
        label=_("Severity"),
        required=False,
        choices=[
            ("", _("all")),
            ("CRITICAL", _("Critical")),
            ("HIGH", _("High")),
            ("MEDIUM", _("Medium")),
            ("LOW", _("Low")),
            ("INFORMATIONAL", _("Informational")),
            ("UNDEFINED", _("Undefined")),
        ],
    )
    package = forms.CharField(label=_("Package contains"), required=False, max_length=100)
    id = forms.CharField(label=_("Id contains"), required=False, max_length=100)
    exclude = forms.CharField(label=_("Leave out"), required=False, max_length=100)
    ignored = forms.ChoiceField(
        label=_("Ignored findings"),
        required=False,
        choices=[("", _("left out")), (findings.LEFT_ASIDE, _("only these")), (findings.TOGETHER, _("shown, too"))],
    )
    layer = forms.CharField(label=_("Layer"), required=False, max_length=135, widget=forms.Select)
    fixable = forms.BooleanField(label=_("Fixable only"), required=False)

    @property
    def wanted(self) -> FindingFilter:
        """The filters of a form that is valid; of another one none."""
        if not self.is_valid():
            return findings.ALL
        given = self.cleaned_data
        return FindingFilter(
            given["severity"],
            given["fixable"],
            given["package"].strip(),
            given["id"].strip(),
            given["exclude"].strip(),
            given["ignored"],
            given["layer"],
        )

    def offer_layers(self, digests: Iterable[str]) -> None:
        """Let one of these be chosen, and the one that was asked for."""
        known = dict.fromkeys(filter(None, [*digests, self["layer"].value()]))
        choices = [("", _("all")), *((each, each[:SHORTENED]) for each in known)]
        self.fields["layer"].widget = forms.Select(choices=choices)


@dataclass(frozen=True, slots=True)
class Count:
    """A severity, how many findings have it, and how many of these can be fixed."""

    level: str
    count: int
    fixable: int


def context(caller: Caller, address: Address, detail: Detail, query: Mapping[str, str]) -> dict[str, Any]:
    """Return what the page shows of the image itself, or of an index the one for the chosen platform."""
    repository, scan = findings.of_image(caller, address, detail.shown)
    how = registries.scan_of(repository)
    known = {
        "scan": scan,
        "how": how,
        "is_enhanced": how.scan_type == registries.ENHANCED,
        "again_at": scans.again_at(scan),
        "is_scannable": detail.shown.kind == "image" and detail.shown.image_status == "ACTIVE",
    }
    if scan is None or not scan.is_complete:
        return known | {"attached_vex": findings.attached(repository, detail.shown)}
    form = Filters(query if any(name in query for name in FILTERS) else None)
    after = query.get("after", "")
    page = findings.page(scan, only=form.wanted, after=int(after) if after.isdecimal() and len(after) < SHORT else -1)
    form.offer_layers(row.layer for row in page.rows)
    counts = [
        Count(level.lower(), scan.counts[level], scan.fixable.get(level, 0))
        for level in LEVELS
        if scan.counts.get(level)
    ]
    return known | {
        "days": history.by_day(scan),
        "form": form,
        "findings": page,
        "attached_vex": findings.attached(repository, detail.shown, page.rows),
        "counts": counts,
        "is_filtered": form.wanted != findings.ALL,
        "package_count": scan.sbom.package_count if scan.sbom else 0,
    }
