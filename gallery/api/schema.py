"""The OpenAPI description: which endpoints are in it, and the shapes of their answers."""

from typing import Any

from rest_framework import serializers

Endpoint = tuple[str, str, str, Any]


def only_ours(endpoints: list[Endpoint]) -> list[Endpoint]:
    """The versioned endpoints of the gallery; the OCI API has a specification of its own."""
    return [each for each in endpoints if each[0].startswith("/api/v1/")]


class Listing(serializers.Serializer[Any]):
    """A repository in a list."""

    alias = serializers.CharField(help_text="The publisher's alias, the first part of the pull path.")
    name = serializers.CharField()
    reference = serializers.CharField(help_text="What to pull, without tag: host, alias and name.")
    url = serializers.URLField(help_text="Its page.")
    publisher = serializers.CharField(help_text="The publisher's display name.")
    is_verified = serializers.BooleanField(help_text="Whether staff have verified the publisher.")
    description = serializers.CharField(allow_blank=True)
    logo_url = serializers.URLField(allow_null=True)
    kind = serializers.ChoiceField(["image", "chart", "artifact"])
    newest_tag = serializers.CharField(allow_blank=True)
    platforms = serializers.ListField(child=serializers.CharField())
    operating_systems = serializers.ListField(child=serializers.CharField())
    architectures = serializers.ListField(child=serializers.CharField())
    categories = serializers.ListField(child=serializers.CharField())
    licence = serializers.CharField(allow_blank=True)
    is_signed = serializers.BooleanField(help_text="Whether it has signatures; who made them is not checked.")
    has_sbom = serializers.BooleanField()
    is_deprecated = serializers.BooleanField()
    tag_count = serializers.IntegerField()
    pull_count = serializers.IntegerField()
    recent_pull_count = serializers.IntegerField(help_text="Pulls in the last 30 days.")
    updated_at = serializers.DateTimeField()


class SearchResults(serializers.Serializer[Any]):
    """A page of search results."""

    total = serializers.IntegerField(help_text="How many match; at least that many if `is_many`.")
    is_many = serializers.BooleanField()
    page = serializers.IntegerField()
    pages = serializers.IntegerField(help_text="Pages that can be had, 50 at most.")
    corrected = serializers.CharField(allow_blank=True, help_text="The words searched for instead, if nothing matched.")
    facets = serializers.DictField(
        child=serializers.DictField(child=serializers.IntegerField(), allow_null=True),
        help_text="Facet -> value -> repositories; null where there are too many to count.",
    )
    results = Listing(many=True)


class PublisherEntry(serializers.Serializer[Any]):
    """A publisher in a list."""

    alias = serializers.CharField()
    name = serializers.CharField()
    is_verified = serializers.BooleanField()
    repositories = serializers.IntegerField()
    pulls = serializers.IntegerField()


class Publishers(serializers.Serializer[Any]):
    """A page of publishers by alias."""

    next = serializers.CharField(allow_blank=True, help_text="`after` of the next page; empty at the end.")
    results = PublisherEntry(many=True)


class Publisher(serializers.Serializer[Any]):
    """Everything about a publisher."""

    alias = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField(allow_blank=True)
    website = serializers.CharField(allow_blank=True)
    logo_url = serializers.URLField(allow_null=True)
    is_verified = serializers.BooleanField()
    verified_at = serializers.DateTimeField(allow_null=True)
    joined_at = serializers.DateTimeField()
    other_aliases = serializers.ListField(child=serializers.CharField())
    repositories = serializers.IntegerField()
    pulls = serializers.IntegerField()


class Category(serializers.Serializer[Any]):
    """A category with the number of its repositories."""

    slug = serializers.CharField()
    name = serializers.CharField()
    repositories = serializers.IntegerField()


class Repository(Listing):
    """Everything about a repository."""

    about_text = serializers.CharField(allow_blank=True, help_text="GitHub Markdown.")
    usage_text = serializers.CharField(allow_blank=True, help_text="GitHub Markdown.")
    source_url = serializers.CharField(allow_blank=True)
    replacement = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()


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


class Tag(serializers.Serializer[Any]):
    """A tag and the image that it names."""

    name = serializers.CharField()
    created_at = serializers.DateTimeField()
    image = Image()


class Tags(serializers.Serializer[Any]):
    """A page of tags in byte order."""

    next = serializers.CharField(allow_blank=True, help_text="`after` of the next page; empty at the end.")
    results = Tag(many=True)


class Referrer(serializers.Serializer[Any]):
    """Something attached to an image: a signature, an SBOM, an attestation."""

    digest = serializers.CharField()
    media_type = serializers.CharField()
    artifact_type = serializers.CharField(allow_blank=True)
    size = serializers.IntegerField(help_text="Bytes of its manifest.")


class ImageDetail(Image):
    """One image with its tags and its manifest."""

    tags = serializers.ListField(child=serializers.CharField())
    manifest = serializers.JSONField()
    referrers = Referrer(many=True)


class Event(serializers.Serializer[Any]):
    """Something that happened to a tag."""

    at = serializers.DateTimeField()
    tag = serializers.CharField()
    kind = serializers.CharField()
    old_digest = serializers.CharField(allow_blank=True)
    new_digest = serializers.CharField(allow_blank=True)


class History(serializers.Serializer[Any]):
    """A page of events, the newest first."""

    next = serializers.CharField(allow_blank=True, help_text="`after` of the next page; empty at the end.")
    results = Event(many=True)


class Problem(serializers.Serializer[Any]):
    """Why a request was not answered."""

    detail = serializers.CharField()
