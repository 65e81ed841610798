"""Shapes of what differs between two images or charts."""

from typing import Any

from rest_framework import serializers

from gallery.api.image_schema import Descriptor, Image
from gallery.api.scan_schema import ScanComparison


class Change(serializers.Serializer[Any]):
    """A setting that differs; dots for values that look like secrets."""

    field = serializers.CharField(help_text="The kind of setting, `chart` for what Chart.yaml says.")
    name = serializers.CharField(allow_blank=True)
    kind = serializers.ChoiceField(["added", "removed", "changed"])
    before = serializers.CharField(allow_blank=True)
    after = serializers.CharField(allow_blank=True)
    is_secret = serializers.BooleanField()


class LayerChanges(serializers.Serializer[Any]):
    """Layers that both have, and those of one of them alone."""

    shared = serializers.IntegerField()
    shared_size = serializers.IntegerField(help_text="Bytes.")
    removed = Descriptor(many=True)
    added = Descriptor(many=True)


class DifferenceLine(serializers.Serializer[Any]):
    """A line behind its sign."""

    kind = serializers.ChoiceField(["added", "removed", "same", "place"], help_text="`place`: lines were left out.")
    line = serializers.CharField()


class Difference(serializers.Serializer[Any]):
    """The lines of two texts that differ, with some around them."""

    added = serializers.IntegerField()
    removed = serializers.IntegerField()
    is_cut = serializers.BooleanField(help_text="Whether there are more lines.")
    is_too_large = serializers.BooleanField(help_text="Whether they differ too much to be told line by line.")
    lines = DifferenceLine(many=True)


class FileDifference(serializers.Serializer[Any]):
    """A file that differs."""

    path = serializers.CharField()
    kind = serializers.ChoiceField(["added", "removed", "changed"])
    difference = Difference()


class ChartDifference(serializers.Serializer[Any]):
    """What differs in the files of two charts."""

    values = Difference()
    schema = Difference()
    templates = FileDifference(many=True, help_text="At most 100.")
    images_added = serializers.ListField(child=serializers.CharField())
    images_removed = serializers.ListField(child=serializers.CharField())


class Comparison(serializers.Serializer[Any]):
    """Two images or charts of a repository, of indexes those of one platform."""

    before = Image()
    after = Image()
    platform = serializers.CharField(allow_blank=True)
    platforms = serializers.ListField(child=serializers.CharField(), help_text="Those that both have.")
    is_same = serializers.BooleanField()
    size_change = serializers.IntegerField(help_text="Bytes.")
    problem = serializers.CharField(allow_blank=True, help_text="Why configs or charts can't be compared.")
    layers = LayerChanges(allow_null=True, help_text="null if both are the same.")
    changes = Change(many=True)
    scans = ScanComparison(allow_null=True, help_text="null of charts, or if both are the same.")
    chart = ChartDifference(allow_null=True, help_text="null unless two charts were compared.")
