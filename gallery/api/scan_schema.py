"""Shapes of what scans found."""

from typing import Any

from rest_framework import serializers

from registry.scanning.severity import LEVELS
from registry.scanning.summaries import STATES
from registry.scanning.vex import VERDICTS


class Summary(serializers.Serializer[Any]):
    """What scans say of an image, of an index of its worst platform. Only `NONE` says that nothing is known."""

    state = serializers.ChoiceField([state.upper() for state in STATES])
    level = serializers.ChoiceField(list(LEVELS), allow_blank=True, help_text="The worst severity, if `FOUND`.")
    count = serializers.IntegerField(help_text="Findings of that severity.")
    total = serializers.IntegerField(help_text="All findings.")
    platform = serializers.CharField(allow_blank=True)


class ImageSummary(Summary):
    """What scans say of the image that a tag names."""

    digest = serializers.CharField()


class Count(serializers.Serializer[Any]):
    """A severity, how many findings have it, and how many of these have a fix."""

    severity = serializers.ChoiceField(list(LEVELS))
    count = serializers.IntegerField()
    fixable = serializers.IntegerField()


class Verdict(serializers.Serializer[Any]):
    """What a VEX document that is attached to the image says of a finding; the numbers stay as they are."""

    digest = serializers.CharField(help_text="Of the artifact that holds the document.")
    justification = serializers.ChoiceField(list(VERDICTS))


class AttachedVex(serializers.Serializer[Any]):
    """A VEX document that is attached to an image, or to an index that names it."""

    digest = serializers.CharField()
    pushed_at = serializers.DateTimeField()
    problem = serializers.CharField(allow_blank=True, help_text="Why it was not read.")
    is_current = serializers.BooleanField(help_text="Whether it was read, and no newer version has taken its place.")
    statements = serializers.IntegerField(help_text="How many say that something is no trouble.")


class Finding(serializers.Serializer[Any]):
    """A vulnerability in a package of an image; what is not known is empty."""

    id = serializers.CharField(help_text="Of the vulnerability, as in CVE-2024-1000.")
    advisory = serializers.CharField(help_text="The record that says so.")
    url = serializers.CharField(allow_blank=True)
    summary = serializers.CharField(allow_blank=True)
    severity = serializers.ChoiceField(list(LEVELS))
    score = serializers.FloatField(allow_null=True, help_text="CVSS base score.")
    vectors = serializers.ListField(child=serializers.CharField())
    package = serializers.CharField(help_text="Of a distribution the source package.")
    package_type = serializers.CharField()
    installed = serializers.CharField(help_text="The version that is in the image.")
    installed_as = serializers.ListField(child=serializers.CharField(), help_text="Packages built from the source.")
    fixed_in = serializers.CharField(allow_blank=True)
    path = serializers.CharField(allow_blank=True)
    layer = serializers.CharField(allow_blank=True)
    published_at = serializers.DateTimeField(allow_null=True)
    first_seen_at = serializers.DateTimeField()
    vex = Verdict(allow_null=True)


class Vulnerabilities(serializers.Serializer[Any]):
    """How far an image's scan is, and a page of what it found; of an index one platform's."""

    digest = serializers.CharField()
    platform = serializers.CharField(allow_blank=True)
    status = serializers.CharField(help_text="`NOT_SCANNED`, or a status as ECR names it.")
    reason = serializers.CharField(allow_blank=True, help_text="Why there are no findings, or not all.")
    is_complete = serializers.BooleanField(help_text="Whether all was looked at: only then are no findings none known.")
    scanned_at = serializers.DateTimeField(allow_null=True)
    data_of = serializers.DateTimeField(allow_null=True, help_text="When the advisories came in.")
    packages = serializers.IntegerField()
    counts = Count(many=True, help_text="Of all findings, whatever the filters.")
    total = serializers.IntegerField(help_text="How many match.")
    next = serializers.CharField(allow_blank=True, help_text="`after` of the next page; empty at the end.")
    results = Finding(many=True)
    vex = AttachedVex(many=True, help_text="The newest first, at most 100.")
    cyclonedx_url = serializers.CharField(allow_blank=True)
    spdx_url = serializers.CharField(allow_blank=True)


class Distribution(serializers.Serializer[Any]):
    """What the image's os-release says; all empty if it has none."""

    id = serializers.CharField(allow_blank=True)
    version = serializers.CharField(allow_blank=True)
    name = serializers.CharField(allow_blank=True)


class Package(serializers.Serializer[Any]):
    """A package that is in an image; what is not known is empty."""

    name = serializers.CharField()
    version = serializers.CharField()
    type = serializers.CharField(help_text="deb, rpm, apk, python, npm and so on.")
    architecture = serializers.CharField(allow_blank=True)
    source_name = serializers.CharField(allow_blank=True, help_text="Of a distribution: what it was built from.")
    source_version = serializers.CharField(allow_blank=True)
    purl = serializers.CharField(allow_blank=True)
    licences = serializers.ListField(child=serializers.CharField())
    path = serializers.CharField(allow_blank=True, help_text="The file that lists it.")
    layer = serializers.CharField(allow_blank=True)


class Packages(serializers.Serializer[Any]):
    """Whether an image's packages are known, and a page of them; of an index one platform's."""

    digest = serializers.CharField()
    platform = serializers.CharField(allow_blank=True)
    status = serializers.CharField(help_text="`NOT_SCANNED`, or a status as ECR names it.")
    reason = serializers.CharField(allow_blank=True, help_text="Why there is no list, or what was not looked at.")
    packages = serializers.IntegerField(allow_null=True, help_text="How many are in it; null while nobody knows.")
    is_too_long = serializers.BooleanField(help_text="Whether they are too many for pages: the files have all of them.")
    listed_at = serializers.DateTimeField(allow_null=True)
    generator = serializers.CharField(allow_blank=True, help_text="The program that listed them.")
    distribution = Distribution(allow_null=True)
    types = serializers.DictField(
        child=serializers.IntegerField(), help_text="Type -> packages, whatever the filters; empty without pages."
    )
    licences = serializers.DictField(
        child=serializers.IntegerField(),
        help_text="Licence -> packages, the most frequent first; without names of more than 100 letters.",
    )
    total = serializers.IntegerField(allow_null=True, help_text="How many match; null without pages.")
    next = serializers.CharField(allow_blank=True, help_text="`after` of the next page; empty at the end.")
    results = Package(many=True, help_text="By name.")
    cyclonedx_url = serializers.CharField(allow_blank=True)
    spdx_url = serializers.CharField(allow_blank=True)


class PackageChange(serializers.Serializer[Any]):
    """A package that differs, with its versions; several have commas between them."""

    type = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(["added", "removed", "changed"])
    before = serializers.CharField(allow_blank=True)
    after = serializers.CharField(allow_blank=True)


class PackageChanges(serializers.Serializer[Any]):
    """The packages that differ, at most 500 of them."""

    total = serializers.IntegerField()
    changes = PackageChange(many=True)


class ChangedVulnerability(serializers.Serializer[Any]):
    """A vulnerability that only one of two images has; `fixed_in` is empty if no fix is known."""

    id = serializers.CharField()
    url = serializers.CharField(allow_blank=True)
    severity = serializers.ChoiceField(list(LEVELS))
    package = serializers.CharField()
    installed = serializers.CharField()
    fixed_in = serializers.CharField(allow_blank=True)


class VulnerabilityChanges(serializers.Serializer[Any]):
    """What only one of two images has, the worst first, at most 500 of each."""

    is_partial = serializers.BooleanField(help_text="Whether not all was looked at, or not the same of both.")
    fixed_total = serializers.IntegerField()
    new_total = serializers.IntegerField()
    same = serializers.IntegerField(help_text="How many both have.")
    fixed = ChangedVulnerability(many=True, help_text="What only the one before has.")
    new = ChangedVulnerability(many=True, help_text="What only the one after has.")


class ScanComparison(serializers.Serializer[Any]):
    """What scans say of two images."""

    packages = PackageChanges(allow_null=True, help_text="null unless both were scanned.")
    vulnerabilities = VulnerabilityChanges(allow_null=True, help_text="null unless both have a complete scan.")
    missing = serializers.ListField(child=serializers.CharField(), help_text="`before`, `after`: without such a scan.")
