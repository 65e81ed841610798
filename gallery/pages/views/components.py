"""The reference of components: each in every state, in each language, on light and dark ground."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, Final

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from registry.console.commands import equivalent
from registry.values import RegistryId

THEMES: Final = ("light", "dark")
SECTIONS: Final[dict[str, tuple[Any, str]]] = {
    "buttons": (_("Buttons"), "button icon_button icon"),
    "fields": (_("Fields"), "field error_summary search"),
    "marks": (_("Badges, chips and filters"), "badge kind severity verified chip facet"),
    "values": (_("Digests, times, sizes and counts"), "digest digest_change moment size short_count"),
    "commands": (_("Commands to copy"), "copy pull secret command"),
    "messages": (_("Messages"), "banner note toast session_end empty"),
    "navigation": (_("Navigation"), "crumbs crumb tabs tab pages keyset"),
    "tables": (_("Tables"), "sort_header scroll"),
    "history": (_("Time lines"), "steps timeline"),
    "figures": (_("Figures and graphs"), "figure bar_graph severity_graph"),
    "code": (_("Code and differences"), "code diff"),
    "works": (_("Long work"), "work skeleton refresh"),
    "asking": (_("Before something is lost"), "confirm dialog"),
    "prose": (_("What publishers write"), ".prose"),
}
DIGEST: Final = "sha256:" + "3f2a9c1b" * 8
OTHER_DIGEST: Final = "sha256:" + "9c1b77e0" * 8
ICONS: Final = [
    "search",
    "copy",
    "check",
    "close",
    "menu",
    "more",
    "up",
    "down",
    "unfold",
    "right",
    "outside",
    "download",
    "refresh",
    "plus",
    "edit",
    "delete",
    "lock",
    "verified",
    "info",
    "warning",
    "error",
    "image",
    "chart",
    "artifact",
    "person",
]
REGISTRY: Final = RegistryId("111122223333", "us-east-1")
CREATION: Final = {
    "repositoryName": "team/web-app",
    "tags": [{"Key": "team", "Value": "shop"}, {"Key": "stage", "Value": "production"}],
    "imageTagMutability": "IMMUTABLE_WITH_EXCLUSION",
    "imageTagMutabilityExclusionFilters": [{"filterType": "WILDCARD", "filter": "edge*"}],
    "imageScanningConfiguration": {"scanOnPush": True},
}
AT: Final = datetime(2026, 11, 23, 20, 4, tzinfo=UTC)


class Sample(forms.Form):
    """A field of each kind."""

    name = forms.CharField(label=_("Name"), max_length=256, help_text=_("Lower-case letters and digits."))
    description = forms.CharField(
        label=_("Description"), max_length=1024, required=False, widget=forms.Textarea({"rows": 3})
    )
    mail = forms.EmailField(label=_("Mail address"), widget=forms.EmailInput({"autocomplete": "off"}))
    kind = forms.ChoiceField(label=_("Kind"), choices=[("image", _("Image")), ("chart", _("Helm chart"))])
    access = forms.ChoiceField(
        label=_("Access"), choices=[("private", _("Private")), ("public", _("Public"))], widget=forms.RadioSelect
    )
    immutable = forms.BooleanField(label=_("Tags are immutable"), required=False, help_text=_("A tag can't move."))
    logo = forms.FileField(label=_("Logo"), required=False)
    key = forms.CharField(label=_("Encryption key"), required=False, widget=forms.TextInput({"readonly": True}))


class Typed(forms.Form):
    """The field of a page that asks before something is lost."""

    typed = forms.CharField()

    def clean_typed(self) -> str:
        """Whatever was typed is wrong here."""
        raise forms.ValidationError(_("Type “%(expected)s” to confirm."), params={"expected": "team/app"})


@dataclass(frozen=True, slots=True)
class Cell:
    """One look of everything; `name` tells its parts from those of the other cells for who can't see them."""

    language: str
    theme: str

    @property
    def at(self) -> str:
        """The start of its ids."""
        return f"{self.language}-{self.theme}"

    @property
    def name(self) -> str:
        """What names of its regions end with."""
        return f" ({self.language}, {self.theme})"

    @property
    def empty(self) -> Sample:
        """A form that nobody has filled in."""
        initial = {"access": "private", "key": "AES256"}
        return Sample(auto_id=f"{self.at}-%s", initial=initial)

    @property
    def wrong(self) -> Sample:
        """A form with errors."""
        return Sample({"mail": "ana@", "kind": "image"}, auto_id=f"{self.at}-wrong-%s")

    @property
    def typed(self) -> Typed:
        """The wrong name was typed."""
        return Typed({"typed": "team/ap"}, auto_id=f"{self.at}-%s")


@require_safe
def reference(request: HttpRequest) -> HttpResponse:
    """All sections, four cells each."""
    values = {
        "sections": SECTIONS,
        "cells": [Cell(code, theme) for code, _name in settings.LANGUAGES for theme in THEMES],
        "digest": DIGEST,
        "other_digest": OTHER_DIGEST,
        "at": AT,
        "options": [
            {"value": "image", "label": _("Image"), "count": 12_345, "is_chosen": True},
            {"value": "chart", "label": _("Helm chart"), "count": 67, "is_chosen": False},
        ],
        "results": SimpleNamespace(page=5, pages=50),
        "commands": {
            "short": equivalent(request, REGISTRY, "DescribeRepositories", {}),
            "long": equivalent(request, REGISTRY, "CreateRepository", CREATION),
        },
        "older": SimpleNamespace(next="after", previous="before", rows=[1]),
        "past": SimpleNamespace(next="", previous="~", rows=[]),
        "steps": [
            {"at": AT, "title": _("Requested"), "by": "ana@example.com", "text": _("We ship from here.")},
            {"at": AT + timedelta(hours=3), "title": _("Approved"), "by": "", "text": ""},
        ],
        "events": SimpleNamespace(
            rows=[
                SimpleNamespace(
                    event=SimpleNamespace(
                        at=AT, tag="1.27", get_kind_display=_("moved"), old_digest=OTHER_DIGEST, new_digest=DIGEST
                    ),
                    change=1_240_000,
                    new_size=67_182_044,
                )
            ]
        ),
        "finding_days": [
            (
                datetime(2026, 11, day, tzinfo=UTC),
                {"CRITICAL": day // 20, "HIGH": day // 4, "MEDIUM": 9, "LOW": 4},
            )
            for day in range(1, 31)
        ],
        "points": [(f"{day} 11", (day * 37) % 90 + (900 if day == 21 else 0)) for day in range(1, 31)],
        "text": "image:\n  repository: acme/app\n  tag: '1.27'\nreplicas: 2\n",
        "lines": [
            {"kind": "place", "line": "@@ -1,3 +1,3 @@"},
            {"kind": "same", "line": " image:"},
            {"kind": "removed", "line": "-  tag: '1.26'"},
            {"kind": "added", "line": "+  tag: '1.27'"},
        ],
        "severities": ("critical", "high", "medium", "low", "informational", "undefined"),
        "states": ("waiting", "running", "done", "partial", "failed", "cancelled"),
        "tones": ("", "ok", "warn", "bad"),
        "icons": ICONS,
        "size": 67_182_044,
    }
    return render(request, "help/components.html", values)
