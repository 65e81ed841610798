"""Shapes of answers about charts. Each has a `problem`: why the archive can't be read, else empty."""

from typing import Any

from rest_framework import serializers

from gallery.api.scan_schema import ImageSummary

PROBLEM = "Why the archive can't be read; then the rest is empty."


class OfChart(serializers.Serializer[Any]):
    """What every answer about a chart begins with."""

    digest = serializers.CharField(help_text="Of the image.")
    version = serializers.CharField(allow_blank=True)
    problem = serializers.CharField(allow_blank=True, help_text=PROBLEM)


class Maintainer(serializers.Serializer[Any]):
    """Somebody who maintains a chart."""

    name = serializers.CharField(allow_blank=True)
    email = serializers.CharField(allow_blank=True)
    url = serializers.CharField(allow_blank=True)


class ChartVersion(serializers.Serializer[Any]):
    """A version of the chart by the tag that names it."""

    tag = serializers.CharField()
    version = serializers.CharField(allow_blank=True)
    app_version = serializers.CharField(allow_blank=True)
    pushed_at = serializers.DateTimeField()


class ChartCounts(serializers.Serializer[Any]):
    """How much the other answers about the chart hold."""

    templates = serializers.IntegerField()
    dependencies = serializers.IntegerField()
    crds = serializers.IntegerField()
    changelog = serializers.IntegerField(help_text="Changes of this version.")


class Chart(OfChart):
    """A chart as Chart.yaml describes it, its README, and the versions beside it."""

    tags = serializers.ListField(child=serializers.CharField())
    name = serializers.CharField(allow_blank=True)
    app_version = serializers.CharField(allow_blank=True)
    type = serializers.CharField(allow_blank=True)
    kube_version = serializers.CharField(allow_blank=True)
    description = serializers.CharField(allow_blank=True)
    home = serializers.CharField(allow_blank=True)
    licence = serializers.CharField(allow_blank=True)
    is_deprecated = serializers.BooleanField()
    sources = serializers.ListField(child=serializers.CharField())
    keywords = serializers.ListField(child=serializers.CharField())
    maintainers = Maintainer(many=True)
    readme = serializers.CharField(allow_blank=True, help_text="GitHub Markdown.")
    counts = ChartCounts()
    versions = ChartVersion(many=True, help_text="The highest first, at most 100.")


class ChartKey(serializers.Serializer[Any]):
    """A key of the values as `helm --set` writes it."""

    path = serializers.CharField()
    line = serializers.IntegerField()
    kind = serializers.CharField()
    value = serializers.CharField(allow_blank=True, help_text='Its text; "" for what has keys of its own.')
    comment = serializers.CharField(allow_blank=True, help_text="The comment above it.")


class ChartValues(OfChart):
    """values.yaml and its keys."""

    text = serializers.CharField(allow_blank=True)
    keys = ChartKey(many=True, help_text="All keys, or those that match `key`.")
    yaml_problem = serializers.CharField(allow_blank=True, help_text="Why the keys can't be told.")


class ChartSchemaRow(serializers.Serializer[Any]):
    """A key that the schema describes."""

    path = serializers.CharField()
    type = serializers.CharField(allow_blank=True)
    default_json = serializers.CharField(allow_blank=True, help_text="JSON; empty if nothing is said.")
    allowed_json = serializers.CharField(allow_blank=True, help_text="JSON values, separated by commas.")
    is_required = serializers.BooleanField()
    description = serializers.CharField(allow_blank=True)


class ChartSchema(OfChart):
    """values.schema.json: as it is, and its keys as rows."""

    text = serializers.CharField(allow_null=True, help_text="null if the chart has none.")
    is_unreadable = serializers.BooleanField(help_text="Whether the schema is no JSON object.")
    rows = ChartSchemaRow(many=True)


class ChartFile(serializers.Serializer[Any]):
    """A file of the chart."""

    path = serializers.CharField()
    size = serializers.IntegerField(help_text="Bytes.")


class ChartTemplates(OfChart):
    """The templates, and one that was asked for with `file`, else the first."""

    files = ChartFile(many=True)
    file = serializers.CharField(allow_blank=True)
    text = serializers.CharField(allow_blank=True)


class ChartDefinition(serializers.Serializer[Any]):
    """A kind of resource that the chart defines; only `file` is known of one that can't be read."""

    file = serializers.CharField()
    kind = serializers.CharField(allow_blank=True)
    group = serializers.CharField(allow_blank=True)
    scope = serializers.CharField(allow_blank=True)
    versions = serializers.ListField(child=serializers.CharField())


class ChartDefinitions(ChartTemplates):
    """The resource definitions, and one file that was asked for with `file`, else the first."""

    definitions = ChartDefinition(many=True)


class ChartDependency(serializers.Serializer[Any]):
    """Another chart that this one needs."""

    name = serializers.CharField()
    version = serializers.CharField(allow_blank=True)
    repository = serializers.CharField(allow_blank=True)
    condition = serializers.CharField(allow_blank=True)
    alias = serializers.CharField(allow_blank=True)
    is_bundled = serializers.BooleanField(help_text="Whether it lies inside the archive.")


class ChartDependencies(OfChart):
    """The charts that a chart needs."""

    results = ChartDependency(many=True)


class ChartLink(serializers.Serializer[Any]):
    """Where to read more."""

    name = serializers.CharField(allow_blank=True)
    url = serializers.CharField()


class ChartChange(serializers.Serializer[Any]):
    """What is new in a version."""

    kind = serializers.CharField(allow_blank=True)
    text = serializers.CharField()
    links = ChartLink(many=True)


class ChartChangelog(OfChart):
    """What is new in this version, and the changelog of all."""

    changes = ChartChange(many=True)
    text = serializers.CharField(allow_blank=True, help_text="GitHub Markdown.")


class ChartImage(serializers.Serializer[Any]):
    """An image that a chart names with the values it comes with."""

    reference = serializers.CharField()
    found_in = serializers.ChoiceField(["annotation", "values", "template"])
    place = serializers.CharField(allow_blank=True, help_text="A key of the values, or a file.")
    scan = ImageSummary(allow_null=True, help_text="Of one that is in this gallery; null of others.")


class ChartImages(OfChart):
    """The images that a chart names."""

    results = ChartImage(many=True)
