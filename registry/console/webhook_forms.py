"""The form of a webhook, and what is said of webhooks in words. It checks words, notifications decide."""

from typing import Any, Final

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.errors import InvalidInput
from registry.notifications import event_types, webhooks

REASONS: Final[dict[str, str | Promise]] = {
    "the address has no usable port": gettext_lazy("The address has no usable port."),
    "the address is not one of https": gettext_lazy("Give an address such as https://example.com/hooks/kho."),
    "only https is used outside of the networks that the operator allows": gettext_lazy(
        "Only https is used, but in networks that the operator of this registry allows."
    ),
    "the name can't be resolved": gettext_lazy("The host's name can't be resolved."),
    "the address is in a private network": gettext_lazy(
        "The address is in a private network. The operator of this registry has not allowed it."
    ),
    "it does not answer": gettext_lazy("It does not answer."),
    "it does not answer in time": gettext_lazy("It does not answer in time."),
    "its certificate is not valid for this name, or it does not speak TLS": gettext_lazy(
        "Its certificate is not valid for this name, or it does not speak TLS."
    ),
}
"""What hinders a request, in words."""


class Webhook(forms.Form):
    """Where to send what. The name is given once."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=64,
        help_text=gettext_lazy("Letters, digits and . _ -, for example deploy. It can't be changed later."),
        widget=forms.TextInput({"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
    url = forms.CharField(
        label=gettext_lazy("Address"),
        max_length=webhooks.LONGEST_URL,
        help_text=gettext_lazy("Events are sent there by POST, for example to https://example.com/hooks/kho."),
        widget=forms.URLInput({"autocomplete": "off", "spellcheck": "false"}),
    )
    event_types = forms.MultipleChoiceField(
        label=gettext_lazy("Events"),
        choices=list(event_types.NAMES.items()),
        initial=[event_types.IMAGE_PUSH],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Choose at least one kind of events.")},
    )
    repository_filter = forms.CharField(
        label=gettext_lazy("Repositories"),
        max_length=256,
        initial="*",
        help_text=gettext_lazy("A name; * stands for any letters and ? for one: team/*."),
        widget=forms.TextInput({"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
    tag_filter = forms.CharField(
        label=gettext_lazy("Image tags"),
        max_length=128,
        initial="*",
        help_text=gettext_lazy("In the same way: v*. Events without a tag are sent with * only."),
        widget=forms.TextInput({"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
    is_enabled = forms.BooleanField(
        label=gettext_lazy("Send events"),
        required=False,
        initial=True,
        help_text=gettext_lazy("While this is off, what happens is not told later."),
    )

    def __init__(self, *args: Any, has_name: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not has_name:
            del self.fields["name"]

    def note(self, error: InvalidInput) -> None:
        """Write what notifications do not take under its field."""
        words = {
            "name": _("Use up to 64 letters and digits, and . _ - between them."),
            "url": REASONS.get(error.why, _("Give an address of up to 2048 characters, without spaces and #.")),
            "event_types": _("Choose at least one kind of events."),
        }
        self.add_error(error.field, str(words.get(error.field, _("Use letters, digits, . _ - /, and * and ?."))))
