"""The page of what is in an image: the packages that its scan listed, filtered, and the licences that they name."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.caller import Caller
from registry.core.image_details import Detail
from registry.scanning import findings, sboms
from registry.scanning.sboms import Package, Sbom
from registry.values import Address

if TYPE_CHECKING:
    from registry.models import Image, ImageScan

PAGE: Final = 100
MOST_SHOWN: Final = 20_000
"""Packages of an image that are read for a page, which everybody may ask for; more are for the files only."""
NO_LICENCE: Final = "-"
"""Filter by it: packages that name no licence."""
LONGEST_LICENCE: Final = 100
"""Letters of a name; what is longer is the text of a licence, or many in one, and no filter."""
MOST_LICENCES: Final = 12
"""How many licences are counted above the table; the filter has them all."""
LONGEST_AFTER: Final = 9
FILTERS: Final = ("package", "type", "licence")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which packages are shown: `package` is text in a name, the others are whole; what is empty lets all through."""

    package: str = ""
    type: str = ""
    licence: str = ""

    def among(self, packages: Iterable[Package]) -> list[Package]:
        """The packages that fit, by name."""
        text = self.package.strip().casefold()
        found = [
            each
            for each in packages
            if (text in each.name.casefold() or text in each.source_name.casefold())
            and self.type in ("", each.type)
            and (not self.licence or self.licence in (each.licences or (NO_LICENCE,)))
        ]
        return sorted(found, key=lambda each: (each.name.casefold(), each.version, each.path))


ALL: Final = Wanted()


class Filters(forms.Form):
    """Which packages are shown; types and licences are those of the image."""

    package = forms.CharField(label=_("Package contains"), required=False, max_length=100)

    def __init__(self, data: Mapping[str, str] | None, types: Counter[str], licences: Counter[str]) -> None:
        super().__init__(data)
        all_of_them = ("", _("all"))
        of_type = [all_of_them, *_choices(types)]
        of_licence = [all_of_them, *_choices(licences), (NO_LICENCE, _("none told"))]
        self.fields["type"] = forms.ChoiceField(label=_("Type"), required=False, choices=of_type)
        self.fields["licence"] = forms.ChoiceField(label=_("Licence"), required=False, choices=of_licence)

    @property
    def wanted(self) -> Wanted:
        """The filters of a form that is valid; of another one none."""
        return Wanted(**self.cleaned_data) if self.is_valid() else ALL


def _choices(counted: Counter[str]) -> list[tuple[str, str]]:
    return [(name, f"{name} ({counted[name]})") for name in sorted(counted, key=str.casefold)]


@dataclass(frozen=True, slots=True)
class PackagePage:
    """Packages by name; `next` and `previous` are how many come before these pages, None without one."""

    rows: list[Package]
    total: int
    next: int | None
    previous: int | None


@dataclass(frozen=True, slots=True)
class Listed:
    """What a scan listed: all of it, how often there is each type and licence, and a page of what is wanted."""

    whole: Sbom
    types: Counter[str]
    licences: Counter[str]
    page: PackagePage


def context(
    caller: Caller, address: Address, detail: Detail, attached: "Iterable[Image]", query: Mapping[str, str]
) -> dict[str, Any]:
    """Return what the page shows of the image itself, or of an index the one for the chosen platform."""
    scan = findings.of_image(caller, address, detail.shown)[1]
    of_publisher = [each for each in attached if each.kind == "sbom" and not each.is_generated]
    known = {"scan": scan, "sbom": scan.sbom if scan else None, "attached_sboms": of_publisher}
    if (read := _opened(scan)) is None:
        return known | {"is_too_long": is_too_long(scan)}
    types, licences = _types(read), _licences(read)
    form = Filters(query if any(name in query for name in FILTERS) else None, types, licences)
    after = query.get("after", "")
    return known | {
        "form": form,
        "packages": _page(form.wanted.among(read.packages), int(after) if is_place(after) else 0),
        "distribution": read.distribution,
        "licences": licences.most_common(MOST_LICENCES),
    }


def of_image(
    caller: Caller, address: Address, image: "Image", wanted: Wanted, after: int
) -> "tuple[ImageScan | None, Listed | None]":
    """Return an image's scan and what it listed, from the package `after` on; None where there is no list to show."""
    scan = findings.of_image(caller, address, image)[1]
    if (read := _opened(scan)) is None:
        return scan, None
    return scan, Listed(read, _types(read), _licences(read), _page(wanted.among(read.packages), after))


def is_too_long(scan: "ImageScan | None") -> bool:
    """Whether a scan listed more packages than are shown."""
    return bool(scan and scan.sbom and scan.sbom.package_count > MOST_SHOWN)


def is_place(text: str) -> bool:
    """Whether a text is a number of packages, as `after` is."""
    return text.isascii() and text.isdecimal() and len(text) <= LONGEST_AFTER


def _opened(scan: "ImageScan | None") -> Sbom | None:
    """The list of a scan, if there is one and it is not too long."""
    if scan is None or scan.sbom is None or is_too_long(scan):
        return None
    return sboms.unpacked(bytes(scan.sbom.content))


def _types(read: Sbom) -> Counter[str]:
    return Counter(each.type for each in read.packages)


def _licences(read: Sbom) -> Counter[str]:
    """How many packages name each licence, without names that are too long for a filter."""
    names = (name for each in read.packages for name in dict.fromkeys(each.licences))
    return Counter(name for name in names if 0 < len(name) <= LONGEST_LICENCE)


def _page(found: list[Package], start: int) -> PackagePage:
    end = start + PAGE
    return PackagePage(
        found[start:end],
        len(found),
        next=end if end < len(found) else None,
        previous=max(0, start - PAGE) if start else None,
    )
