"""Forms of a registry: its settings and its creation templates. They check words, the core decides."""

from typing import Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from registry.console.repository_forms import Basics, Line
from registry.core import registries, templates
from registry.errors import InvalidRepositoryName
from registry.values import RepositoryName

PURPOSES: Final = (
    (templates.CREATE_ON_PUSH, gettext_lazy("a push to a name that is not there")),
    ("PULL_THROUGH_CACHE", gettext_lazy("a pull through from another registry")),
    ("REPLICATION", gettext_lazy("replication from another registry")),
)


class RegistrySettings(forms.Form):
    """What an account sets for its private registry in one region."""

    policy_scope = forms.ChoiceField(
        label=gettext_lazy("What the registry policy decides about"),
        choices=[
            ("V2", gettext_lazy("Every action on every repository of the registry")),
            ("V1", gettext_lazy("Only replication, pull-through imports and the creation of repositories")),
        ],
    )
    blob_mounting = forms.BooleanField(label=gettext_lazy("Blob mounting"), required=False)
    trusts_attached_vex = forms.BooleanField(label=gettext_lazy("Trust VEX attached to images"), required=False)


class Exclusion(forms.Form):
    """A principal whose pulls leave last pull times alone."""

    principal_arn = forms.CharField(label=gettext_lazy("ARN of a user or role"), max_length=512)

    def clean_principal_arn(self) -> str:
        """It names a user or a role."""
        text = str(self.cleaned_data["principal_arn"])
        if not registries.who(text) or registries.who(text).split(" ")[1] not in {"user", "role"}:
            raise ValidationError(_("Give an ARN such as arn:aws:iam::111122223333:role/scanner."))
        return text


class Template(Basics):
    """A creation template."""

    scan_on_push = None  # type: ignore[assignment]  # a template says nothing of scanning
    prefix = forms.CharField(label=gettext_lazy("Prefix"), max_length=256)  # type: ignore[assignment]  # of this name
    description = Line(gettext_lazy("Description"), 256)
    applied_for = forms.MultipleChoiceField(label=gettext_lazy("Applies to"), choices=PURPOSES)
    repository_policy = forms.CharField(
        label=gettext_lazy("Repository policy"), required=False, max_length=10_240, widget=forms.Textarea
    )

    def clean_prefix(self) -> str:
        """A name, perhaps with a slash behind, or ROOT for all names."""
        prefix = str(self.cleaned_data["prefix"])
        if prefix == templates.ROOT:
            return prefix
        try:
            RepositoryName.parse(prefix.rstrip("/"))
        except InvalidRepositoryName as error:
            raise ValidationError(_("Give the beginning of names such as team/apps, or ROOT for all names.")) from error
        return prefix.rstrip("/")
