"""What people are asked for at sign-up beside what allauth asks."""

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import Person


class WithName(forms.Form):
    """The base of sign-up: allauth adds mail address and password."""

    name = forms.CharField(label=_("Name"), max_length=100)

    def signup(self, request: HttpRequest, user: Person) -> None:
        """Keep the name."""
        user.name = self.cleaned_data["name"].strip()
        user.save(update_fields=["name"])
