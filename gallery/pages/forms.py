"""Forms of the gallery; they check words, the core decides."""

from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from gallery.catalog.categories import CATEGORIES
from registry.core.catalog import LARGEST_LOGO, LONGEST, PROFILE
from registry.errors import InvalidValue

OPERATING_SYSTEMS: Final = ("Linux", "Windows")
ARCHITECTURES: Final = ("x86-64", "ARM 64", "x86", "ARM")
"""The words of ECR Public; others that were put through its API are kept, and offered with these."""
MOST_CATEGORIES: Final = 5
WEB_ADDRESS: Final = gettext_lazy("Give an address that begins with https:// or http://.")


class Text(forms.CharField):
    """A text that is refused, never cut, above its limit; line ends are single characters, as they are counted."""

    def __init__(self, longest: int, **kwargs: Any) -> None:
        super().__init__(required=False, strip=False, **kwargs)
        self.longest = longest

    def clean(self, value: Any) -> str:
        """Check the length."""
        text = str(super().clean(value)).replace("\r\n", "\n")
        if len(text) > self.longest:
            over = len(text) - self.longest
            raise ValidationError(
                ngettext(
                    "This is %(over)s character too long; the limit is %(limit)s.",
                    "This is %(over)s characters too long; the limit is %(limit)s.",
                    over,
                )
                % {"over": over, "limit": self.longest}
            )
        return text


class Picture(forms.Form):
    """A logo that is put, kept or removed."""

    logo = forms.FileField(required=False, allow_empty_file=True)
    remove_logo = forms.BooleanField(required=False)

    def clean_logo(self) -> bytes | None:
        """The picture's bytes; None if none was chosen."""
        given = self.cleaned_data["logo"]
        if given is None:
            return None
        if given.size > LARGEST_LOGO:
            raise ValidationError(_("The picture has more than 512,000 bytes."))
        return bytes(given.read())

    def picture(self) -> dict[str, bytes]:
        """What the core is to do with the logo."""
        if self.cleaned_data.get("logo"):
            return {"logo": self.cleaned_data["logo"]}
        return {"logo": b""} if self.cleaned_data.get("remove_logo") else {}

    def refused(self, error: InvalidValue) -> None:
        """Put the core's refusal beside its field."""
        match error.value:
            case "logoImageBlob":
                self.add_error("logo", _("Choose a PNG, JPEG or WebP picture of 60 to 2048 pixels on each side."))
            case "source_url" | "website":
                self.add_error(error.value, str(WEB_ADDRESS))
            case _:
                self.add_error(None, str(error))


class Listing(Picture):
    """What the gallery says about a public repository."""

    description = Text(LONGEST["description"])
    about_text = Text(LONGEST["about_text"])
    usage_text = Text(LONGEST["usage_text"])
    operating_systems = forms.MultipleChoiceField(required=False)
    architectures = forms.MultipleChoiceField(required=False)
    categories = forms.MultipleChoiceField(required=False, choices=lambda: list(CATEGORIES.items()))
    licence = Text(LONGEST["licence"])
    source_url = Text(LONGEST["source_url"])
    is_deprecated = forms.BooleanField(required=False)
    replacement = Text(LONGEST["replacement"])

    def __init__(self, *args: Any, known: dict[str, list[str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, words in (("operating_systems", OPERATING_SYSTEMS), ("architectures", ARCHITECTURES)):
            choices = list(dict.fromkeys([*words, *known.get(name, [])]))
            self.fields[name] = forms.MultipleChoiceField(required=False, choices=[(word, word) for word in choices])

    def clean_categories(self) -> list[str]:
        """A few; a repository that is everything is nothing."""
        chosen = list(self.cleaned_data["categories"])
        if len(chosen) > MOST_CATEGORIES:
            raise ValidationError(_("Choose up to %(most)s categories.") % {"most": MOST_CATEGORIES})
        return chosen

    def chosen(self) -> dict[str, Any]:
        """The fields as the core takes them."""
        fields = {name: value for name, value in self.cleaned_data.items() if name not in {"logo", "remove_logo"}}
        return fields | self.picture()


class Profile(Picture):
    """What the gallery says about a publisher."""

    display_name = Text(PROFILE["display_name"])
    description = Text(PROFILE["description"])
    website = Text(PROFILE["website"])

    def chosen(self) -> dict[str, Any]:
        """The fields as the core takes them."""
        return {name: self.cleaned_data[name] for name in PROFILE} | self.picture()
