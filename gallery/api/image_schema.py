"""Shapes of answers about tags and images: layers, configs, what is attached."""

from typing import Any

from rest_framework import serializers

from gallery.api.scan_schema import Summary


class Image(serializers.Serializer[Any]):
    """An image as a manifest names it."""

    digest = serializers.CharField()
    media_type = serializers.CharField()
    artifact_type = serializers.CharField(allow_blank=True)
    kind = serializers.CharField()
    platform = serializers.CharField(allow_blank=True)
    size = serializers.IntegerField(help_text="Compressed bytes; of an index the largest of its platforms.")
    pushed_at = serializers.DateTimeField()
    pull_count = serializers.IntegerField()


class Platform(serializers.Serializer[Any]):
    """What there is to pull for one platform."""

    platform = serializers.CharField()
    digest = serializers.CharField()
    size = serializers.IntegerField(help_text="Compressed bytes.")


class Tag(serializers.Serializer[Any]):
    """A tag and the image that it names."""

    name = serializers.CharField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField(help_text="When it was pushed last.")
    recent_pull_count = serializers.IntegerField(help_text="Pulls of the tag in the last 30 days.")
    image = Image()
    platforms = Platform(many=True)
    same_image = serializers.ListField(child=serializers.CharField(), help_text="Other tags of the same image.")
    attached = serializers.ListField(
        child=serializers.CharField(), help_text="Kinds of what is attached; nothing of it was checked."
    )
    is_immutable = serializers.BooleanField(help_text="Whether the tag will always name this image.")
    scan = Summary(allow_null=True, help_text="null of what is no image.")


class Tags(serializers.Serializer[Any]):
    """A page of tags."""

    next = serializers.CharField(allow_blank=True, help_text="`after` of the next page; empty at the end.")
    total = serializers.IntegerField(help_text="How many match.")
    results = Tag(many=True)


class Referrer(serializers.Serializer[Any]):
    """Something attached to an image: a signature, an SBOM, an attestation."""

    digest = serializers.CharField()
    media_type = serializers.CharField()
    artifact_type = serializers.CharField(allow_blank=True)
    size = serializers.IntegerField(help_text="Bytes of its manifest.")


class Label(serializers.Serializer[Any]):
    """A label or annotation that everybody knows."""

    key = serializers.CharField()
    text = serializers.CharField()
    url = serializers.CharField(allow_blank=True, help_text="Where it leads; empty if it is safe to follow nowhere.")


class MissingChild(serializers.Serializer[Any]):
    """What an index names, and the repository does not have."""

    digest = serializers.CharField()
    platform = serializers.CharField(allow_blank=True)


class ImageDetail(Image):
    """One image with its tags, what it says of itself, where it stands, and its manifest."""

    tags = serializers.ListField(child=serializers.CharField())
    platforms = Platform(many=True)
    missing = MissingChild(many=True)
    shown_digest = serializers.CharField(help_text="What `description` to `layer_count` are about: one of an index.")
    description = serializers.CharField(allow_blank=True)
    labels = Label(many=True)
    base_name = serializers.CharField(allow_blank=True)
    base_digest = serializers.CharField(allow_blank=True)
    built_at = serializers.CharField(allow_blank=True, help_text="As the config says.")
    layer_count = serializers.IntegerField()
    subject_digest = serializers.CharField(allow_blank=True, help_text="The image that this one is attached to.")
    part_of = serializers.ListField(child=serializers.CharField(), help_text="Digests of indexes that name it.")
    replaces = serializers.CharField(allow_blank=True, help_text="The digest that `replaced_tag` named before.")
    replaced_tag = serializers.CharField(allow_blank=True)
    manifest = serializers.JSONField(help_text="Null if it is nested too deeply to be read.")
    referrers = Referrer(many=True)


class Attached(Image):
    """Something attached to an image, by its subject or by a tag made of the image's digest."""

    subject_digest = serializers.CharField(allow_blank=True)
    is_generated = serializers.BooleanField(help_text="Whether Kho made it; nobody pushed it.")


class AttachedList(serializers.Serializer[Any]):
    """The newest of what is attached, at most `most`."""

    most = serializers.IntegerField()
    results = Attached(many=True)


class Layer(serializers.Serializer[Any]):
    """A layer with the command that made it; number 0 and no digest for a step that made none."""

    number = serializers.IntegerField()
    digest = serializers.CharField(allow_blank=True)
    media_type = serializers.CharField(allow_blank=True)
    size = serializers.IntegerField()
    share = serializers.IntegerField(help_text="Percent of all layers.")
    other_repositories = serializers.IntegerField(help_text="Other repositories that have it.")
    is_foreign = serializers.BooleanField(help_text="Whether its bytes are kept elsewhere.")
    command = serializers.CharField(allow_blank=True, help_text="With dots for what looks like a secret.")
    has_secret = serializers.BooleanField()
    created = serializers.CharField(allow_blank=True)
    comment = serializers.CharField(allow_blank=True)


class Layers(serializers.Serializer[Any]):
    """The layers of an image, of an index those of one platform."""

    digest = serializers.CharField()
    platform = serializers.CharField(allow_blank=True)
    problem = serializers.CharField(allow_blank=True, help_text="Why the config with the commands can't be read.")
    history = serializers.ChoiceField(
        ["known", "none", "other"], help_text="`other` if it tells of another number of layers; then see `steps`."
    )
    total = serializers.IntegerField(help_text="Bytes of all layers.")
    results = Layer(many=True)
    steps = serializers.ListField(child=serializers.CharField(), help_text="Commands that belong to no known layer.")


class Variable(serializers.Serializer[Any]):
    """An environment variable; dots for a value that looks like a secret."""

    name = serializers.CharField()
    value = serializers.CharField(allow_blank=True)
    looks_secret = serializers.BooleanField()


class HealthCheck(serializers.Serializer[Any]):
    """How the engine asks a container whether it is well."""

    command = serializers.CharField(allow_blank=True)
    interval = serializers.CharField(allow_blank=True)
    timeout = serializers.CharField(allow_blank=True)
    start_period = serializers.CharField(allow_blank=True)
    retries = serializers.CharField(allow_blank=True)


class Descriptor(serializers.Serializer[Any]):
    """Some bytes of the registry."""

    digest = serializers.CharField()
    media_type = serializers.CharField(allow_blank=True)
    size = serializers.IntegerField()


class Config(serializers.Serializer[Any]):
    """How an image starts, of an index the one of a platform; what the config does not say is empty."""

    digest = serializers.CharField(help_text="Of the image.")
    platform = serializers.CharField(allow_blank=True)
    problem = serializers.CharField(allow_blank=True, help_text="Why it can't be read; then the rest is empty.")
    descriptor = Descriptor(allow_null=True, help_text="Of the config.")
    os = serializers.CharField(allow_blank=True)
    architecture = serializers.CharField(allow_blank=True)
    variant = serializers.CharField(allow_blank=True)
    created = serializers.CharField(allow_blank=True)
    author = serializers.CharField(allow_blank=True)
    entrypoint = serializers.ListField(child=serializers.CharField())
    command = serializers.ListField(child=serializers.CharField())
    shell = serializers.ListField(child=serializers.CharField())
    working_dir = serializers.CharField(allow_blank=True)
    user = serializers.CharField(allow_blank=True)
    runs_as_root = serializers.BooleanField()
    stop_signal = serializers.CharField(allow_blank=True)
    ports = serializers.ListField(child=serializers.CharField())
    volumes = serializers.ListField(child=serializers.CharField())
    on_build = serializers.ListField(child=serializers.CharField())
    environment = Variable(many=True)
    labels = serializers.DictField(child=serializers.CharField(allow_blank=True))
    health_check = HealthCheck(allow_null=True)
