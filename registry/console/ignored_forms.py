"""Forms of ignored findings: one by hand, and a VEX document. They check words, scanning decides."""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from registry.errors import InvalidDigest, InvalidRepositoryName
from registry.scanning import suppressions, vex
from registry.scanning.suppressions import Wanted
from registry.values import Digest, RepositoryName

VULNERABILITY: Final = re.compile(r"[!-~]{1,128}")
PLAIN: Final = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}


def _repository(text: str) -> str:
    """A pattern of names as it is kept; ValidationError."""
    try:
        RepositoryName.parse(text.replace("*", "aa"))
    except InvalidRepositoryName as error:
        raise ValidationError(_("Give a repository's name; * stands for any text in it.")) from error
    return text


class Why(forms.Form):
    """Why a vulnerability is ignored, and until when."""

    justification = forms.ChoiceField(
        label=gettext_lazy("Justification"), choices=[("", gettext_lazy("choose")), *suppressions.JUSTIFICATIONS]
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=1000,
        help_text=gettext_lazy("For those who ask later; it is in the audit log, too."),
        widget=forms.Textarea({"rows": 3}),
    )
    until = forms.DateField(
        label=gettext_lazy("Until"),
        required=False,
        input_formats=["%Y-%m-%d"],
        help_text=gettext_lazy("The last day, in UTC; after it the findings come back by themselves. Empty for ever."),
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
    )

    def clean_until(self) -> datetime | None:
        """The end of the day, which has to come; the last one of the calendar has none."""
        day = self.cleaned_data["until"]
        if not day or day == date.max:
            return None
        end = datetime.combine(day, time(), UTC) + timedelta(days=1)
        if end <= timezone.now():
            raise ValidationError(_("This day is over."))
        return end


class Ignoring(Why):
    """A vulnerability that is to be ignored, where, why and until when."""

    vulnerability = forms.CharField(
        label=gettext_lazy("Vulnerability"),
        max_length=128,
        help_text=gettext_lazy("Its id, such as CVE-2024-1000, or that of the advisory."),
        widget=forms.TextInput(PLAIN),
    )
    package = forms.CharField(
        label=gettext_lazy("Package"),
        max_length=512,
        required=False,
        help_text=gettext_lazy("Empty for every package that has it."),
        widget=forms.TextInput(PLAIN),
    )
    version = forms.CharField(
        label=gettext_lazy("Version"),
        max_length=512,
        required=False,
        help_text=gettext_lazy("The installed one, exactly; empty for every version."),
        widget=forms.TextInput(PLAIN),
    )
    repository = forms.CharField(
        label=gettext_lazy("Repositories"),
        max_length=256,
        required=False,
        help_text=gettext_lazy("A name; * stands for any text: team/*. Empty for all."),
        widget=forms.TextInput(PLAIN),
    )
    only_image = forms.BooleanField(label=gettext_lazy("Only in this image"), required=False)
    image = forms.CharField(required=False, max_length=135, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self["image"].value():
            del self.fields["only_image"]

    def clean_vulnerability(self) -> str:
        """One word."""
        text = str(self.cleaned_data["vulnerability"])
        if not VULNERABILITY.fullmatch(text):
            raise ValidationError(_("Give an id such as CVE-2024-1000."))
        return text

    def clean_repository(self) -> str:
        """A name or a pattern."""
        text = str(self.cleaned_data["repository"])
        return _repository(text) if text else ""

    def clean_image(self) -> str:
        """A digest; what the address has made of it counts for nothing."""
        try:
            return str(Digest.parse(str(self.cleaned_data["image"])))
        except InvalidDigest:
            return ""

    def clean(self) -> dict[str, Any]:
        """A version is one of a package."""
        data = super().clean() or self.cleaned_data
        if data.get("version") and not data.get("package"):
            self.add_error("package", _("Name the package that has this version."))
        return data

    def wanted(self) -> Wanted:
        """What it comes to."""
        data = self.cleaned_data
        return Wanted(
            vulnerability=data["vulnerability"],
            justification=data["justification"],
            reason=data["reason"],
            package=data["package"],
            version=data["version"],
            repository=data["repository"],
            image_digest=data["image"] if data.get("only_image") else "",
            until=data["until"],
        )


class VexUpload(forms.Form):
    """A VEX document, and which repositories it is for."""

    file = forms.FileField(
        label=gettext_lazy("VEX document"),
        help_text=gettext_lazy("OpenVEX or CycloneDX, as JSON, up to 8 MiB."),
        widget=forms.FileInput({"accept": "application/json,.json"}),
    )
    vex_repository = forms.CharField(
        label=gettext_lazy("Repositories"),
        max_length=256,
        required=False,
        help_text=gettext_lazy("A name; * stands for any text: team/*. Empty for all."),
        widget=forms.TextInput(PLAIN),
    )

    def clean_file(self) -> bytes:
        """Its bytes, if they are not too many."""
        file = self.cleaned_data["file"]
        if file.size is None or file.size > vex.LARGEST:
            raise ValidationError(_("The file is larger than 8 MiB."))
        return bytes(file.read())

    def clean_vex_repository(self) -> str:
        """A name or a pattern."""
        text = str(self.cleaned_data["vex_repository"])
        return _repository(text) if text else ""
