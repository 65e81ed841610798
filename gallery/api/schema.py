"""The OpenAPI description: which endpoints are in it, and the shapes of their answers."""

from typing import Any

from rest_framework import serializers

from gallery.api.scan_schema import ImageSummary

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


class ListedRepository(Listing):
    """A repository in a list, and how its newest tag is."""

    newest_scan = ImageSummary(allow_null=True, help_text="null of what is not scanned, such as charts.")


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
    results = ListedRepository(many=True)


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


class Event(serializers.Serializer[Any]):
    """Something that happened to a tag."""

    at = serializers.DateTimeField()
    tag = serializers.CharField()
    kind = serializers.CharField()
    old_digest = serializers.CharField(allow_blank=True)
    new_digest = serializers.CharField(allow_blank=True)
    old_size = serializers.IntegerField(allow_null=True, help_text="Bytes; null where nothing is known any more.")
    new_size = serializers.IntegerField(allow_null=True)


class History(serializers.Serializer[Any]):
    """A page of events, the newest first."""

    next = serializers.CharField(allow_blank=True, help_text="`after` of the next page; empty at the end.")
    total = serializers.IntegerField()
    results = Event(many=True)


class Suggestion(serializers.Serializer[Any]):
    """A publisher, whose `name` is empty, or a repository."""

    alias = serializers.CharField()
    name = serializers.CharField(allow_blank=True)
    text = serializers.CharField(allow_blank=True, help_text="The publisher's name, or the repository's description.")


class PublisherRepositories(serializers.Serializer[Any]):
    """A page of one publisher's repositories."""

    total = serializers.IntegerField()
    page = serializers.IntegerField()
    pages = serializers.IntegerField()
    results = ListedRepository(many=True)


class CountOfDay(serializers.Serializer[Any]):
    """Pulls of one day, in UTC."""

    day = serializers.DateField()
    pulls = serializers.IntegerField()


class CountOfName(serializers.Serializer[Any]):
    """Pulls of one client, tag or platform."""

    name = serializers.CharField(allow_blank=True)
    pulls = serializers.IntegerField()


class CountOfMonth(serializers.Serializer[Any]):
    """How often tags were pushed in one month."""

    month = serializers.DateField(help_text="Its first day.")
    pushes = serializers.IntegerField()


class Statistics(serializers.Serializer[Any]):
    """How often a repository was pulled in the last days, and pushed in the last twelve months."""

    days = serializers.IntegerField()
    total = serializers.IntegerField(help_text="All pulls of those days.")
    by_day = CountOfDay(many=True, help_text="Every day, today included, the earliest first.")
    by_tag = CountOfName(many=True, help_text='The tags pulled most; "" is by digest.')
    other_tags = serializers.IntegerField(help_text="Pulls of all tags that are not in `by_tag`.")
    by_platform = CountOfName(many=True)
    by_client = CountOfName(many=True)
    pushes_by_month = CountOfMonth(many=True)


class Problem(serializers.Serializer[Any]):
    """Why a request was not answered."""

    detail = serializers.CharField()
