"""Forms of the console; they check words, the core decides."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from registry.core import tag_history
from registry.errors import InvalidRepositoryName
from registry.values import RepositoryName


class NewRepository(forms.Form):
    """A repository's name, and whether its tags may move."""

    name = forms.CharField(label=_("Name"), max_length=256, strip=True)
    immutable = forms.BooleanField(label=_("Tags are immutable"), required=False)

    def clean_name(self) -> str:
        """Check the grammar."""
        name = str(self.cleaned_data["name"])
        try:
            RepositoryName.parse(name)
        except InvalidRepositoryName as error:
            raise forms.ValidationError(
                _(
                    "Use 2 to 256 lower-case letters and digits, with . _ or - between them and / between parts, "
                    "for example team/web-app."
                )
            ) from error
        return name


class Typed(forms.Form):
    """A word that has to be typed before something is lost."""

    typed = forms.CharField(required=False)

    def __init__(self, expected: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.expected = expected

    def clean_typed(self) -> str:
        """Compare what was typed."""
        typed = str(self.cleaned_data["typed"]).strip()
        if typed != self.expected:
            raise forms.ValidationError(
                _("Type “%(expected)s” to confirm."), code="typed", params={"expected": self.expected}
            )
        return typed


class HistoryFilter(forms.Form):
    """Which events of tags to show."""

    tag = forms.CharField(label=_("Tag contains"), max_length=128, required=False)
    kind = forms.ChoiceField(label=_("Event"), choices=[("", _("All events")), *tag_history.KINDS], required=False)
    since = forms.DateField(label=_("From day"), required=False, widget=forms.DateInput({"type": "date"}))
    until = forms.DateField(label=_("To day"), required=False, widget=forms.DateInput({"type": "date"}))

    def chosen(self) -> dict[str, Any]:
        """What was chosen and makes sense; the rest is in `errors`."""
        self.full_clean()
        return {name: value for name, value in self.cleaned_data.items() if value}
