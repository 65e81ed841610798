"""Forms of repositories: filters of lists, and what a repository is set to. They check words, the core decides."""

from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from registry.console import scan_words
from registry.core import mutability, resource_tags
from registry.core.image_pages import CLASSES, KINDS, TAGGED, UNTAGGED, ImageFilter
from registry.core.repository_pages import RepositoryFilter
from registry.errors import InvalidRepositoryName, InvalidResourceTag, InvalidValue, TooManyTags
from registry.values import RepositoryName

ANY: Final = ("", gettext_lazy("Any"))
LONGEST_DAYS: Final = 36_500
FOUND: Final = (
    ("CRITICAL", gettext_lazy("critical")),
    ("HIGH", gettext_lazy("high or worse")),
    ("MEDIUM", gettext_lazy("medium or worse")),
    ("LOW", gettext_lazy("low or worse")),
)
YES_NO: Final = (ANY, ("yes", gettext_lazy("Yes")), ("no", gettext_lazy("No")))


class Days(forms.IntegerField):
    """A number of days, or nothing."""

    def __init__(self, label: Any) -> None:
        super().__init__(label=label, required=False, min_value=0, max_value=LONGEST_DAYS)


class Line(forms.CharField):
    """Some words, or nothing."""

    def __init__(self, label: Any, longest: int) -> None:
        super().__init__(label=label, required=False, max_length=longest)


class RepositoryFilters(forms.Form):
    """Which repositories a list shows."""

    contains = Line(gettext_lazy("Name contains"), 256)
    prefix = Line(gettext_lazy("Name begins with"), 256)  # type: ignore[assignment]  # a field of this name
    tag = Line(gettext_lazy("Resource tag"), 400)
    mutability = forms.ChoiceField(
        label=gettext_lazy("Tag setting"), required=False, choices=[ANY, *mutability.CHOICES]
    )
    scanning = forms.ChoiceField(
        label=gettext_lazy("Scanned"), required=False, choices=[ANY, *scan_words.FREQUENCIES.items()]
    )
    empty = forms.ChoiceField(label=gettext_lazy("Empty"), required=False, choices=YES_NO)
    policy = forms.ChoiceField(label=gettext_lazy("Has a policy"), required=False, choices=YES_NO)
    idle = Days(gettext_lazy("Not pulled for days"))

    def chosen(self) -> RepositoryFilter:
        """The filter for the core; everything, if the form is wrong."""
        if not self.is_valid():
            return RepositoryFilter()
        data = self.cleaned_data
        return RepositoryFilter(
            contains=data["contains"].lower(),
            prefix=data["prefix"].lower(),
            tag=data["tag"],
            mutability=data["mutability"],
            scanning=data["scanning"],
            is_empty=_yes(data["empty"]),
            has_policy=_yes(data["policy"]),
            not_pulled_for=data["idle"],
        )


class ImageFilters(forms.Form):
    """Which images a list shows."""

    contains = Line(gettext_lazy("Tag contains, or digest"), 140)
    status = forms.ChoiceField(
        label=gettext_lazy("Tags"),
        required=False,
        choices=[ANY, (TAGGED, gettext_lazy("tagged")), (UNTAGGED, gettext_lazy("untagged"))],
    )
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), required=False, choices=[ANY, *KINDS])
    image_class = forms.ChoiceField(label=gettext_lazy("Class"), required=False, choices=[ANY, *CLASSES])
    severity = forms.ChoiceField(label=gettext_lazy("Vulnerabilities"), required=False, choices=[ANY, *FOUND])
    older = Days(gettext_lazy("Pushed more than days ago"))
    idle = Days(gettext_lazy("Not pulled for days"))

    def chosen(self) -> ImageFilter:
        """The filter for the core; everything, if the form is wrong."""
        if not self.is_valid():
            return ImageFilter()
        data = self.cleaned_data
        return ImageFilter(
            contains=data["contains"],
            status=data["status"],
            kind=data["kind"],
            image_class=data["image_class"],
            severity=data["severity"],
            pushed_before=data["older"],
            not_pulled_for=data["idle"],
        )


def _yes(text: str) -> bool | None:
    return {"yes": True, "no": False}.get(text)


class Lines(forms.CharField):
    """Texts, one in a line."""

    widget = forms.Textarea

    def __init__(self, label: Any, longest: int = 20_000) -> None:
        super().__init__(label=label, required=False, max_length=longest)

    def clean(self, value: Any) -> list[str]:
        """The lines that are not empty, each once."""
        text = str(super().clean(value))
        return list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))


class ResourceTags(Lines):
    """Resource tags, one `key=value` in a line."""

    def clean(self, value: Any) -> dict[str, str]:  # type: ignore[override]  # a field hands on what it likes
        """Check each line and all together."""
        tags: dict[str, str] = {}
        for line in super().clean(value):
            key, separator, text = line.partition("=")
            if not separator:
                raise ValidationError(_("Write “%(line)s” as key=value."), params={"line": line[:80]})
            if key.strip() in tags:
                raise ValidationError(_("The key %(key)s is there twice."), params={"key": key.strip()[:80]})
            tags[key.strip()] = text.strip()
        try:
            resource_tags.check(tags)
        except TooManyTags as error:
            raise ValidationError(_("A repository may have 50 resource tags.")) from error
        except InvalidResourceTag as error:
            raise ValidationError(
                _("Keys have 1 to 128 characters and do not begin with aws:, values have up to 256.")
            ) from error
        return tags


class Basics(forms.Form):
    """What a repository is set to."""

    image_tag_mutability = forms.ChoiceField(
        label=gettext_lazy("Tags"), choices=mutability.CHOICES, initial=mutability.MUTABLE
    )
    exclusion_filters = Lines(gettext_lazy("Exceptions"), 1000)
    scan_on_push = forms.BooleanField(label=gettext_lazy("Scan on push"), required=False)
    resource_tags = ResourceTags(gettext_lazy("Resource tags"))

    def clean(self) -> dict[str, Any]:
        """Check that setting and exceptions go together."""
        data = self.cleaned_data
        setting, filters = data.get("image_tag_mutability", ""), data.get("exclusion_filters", [])
        if not setting or "exclusion_filters" not in data:
            return data
        has_exceptions = setting in mutability.WITH_EXCLUSION
        if has_exceptions and not filters:
            self.add_error("exclusion_filters", _("Name at least one exception, or choose a setting without any."))
        elif filters and not has_exceptions:
            self.add_error("exclusion_filters", _("This setting takes no exceptions. Choose one with exceptions."))
        else:
            try:
                mutability.check(setting, filters)
            except InvalidValue:
                self.add_error(
                    "exclusion_filters",
                    _("At most 5 lines of 1 to 128 letters, digits and . _ - with at most 2 * in each."),
                )
        return data


class Settings(Basics):
    """What can be changed about a repository that is there."""

    deletion_protection = forms.BooleanField(label=gettext_lazy("Deletion protection"), required=False)


class NewRepository(Basics):
    """A repository to be: its name and settings; `trial` is for trying tags, `description` for public ones."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=256, strip=True)
    trial = Line(gettext_lazy("Tags to try"), 1000)
    description = Line(gettext_lazy("Short description"), 1024)

    def clean_name(self) -> str:
        """Check the grammar."""
        name = str(self.cleaned_data["name"])
        try:
            RepositoryName.parse(name)
        except InvalidRepositoryName as error:
            raise ValidationError(
                _(
                    "Use 2 to 256 lower-case letters and digits, with . _ or - between them and / between parts, "
                    "for example team/web-app."
                )
            ) from error
        return name


class AddedTags(forms.Form):
    """Resource tags for several repositories."""

    resource_tags = ResourceTags(gettext_lazy("Resource tags"))

    def clean_resource_tags(self) -> dict[str, str]:
        """At least one."""
        tags: dict[str, str] = self.cleaned_data["resource_tags"]
        if not tags:
            raise ValidationError(_("Write at least one tag."))
        return tags
