"""Migrations that fill what they make from what was there."""

from importlib import import_module

from django.apps import apps
from django.db import connection
from django.utils import timezone

from accounts.caller import Caller
from registry.models import DailyPulls, ImageTag, PullCount, Repository
from registry.values import Address
from tests.factories.registry import push_image


def test_tags_get_their_keys_and_pulls_are_added_up(alice: Caller, address: Address, repository: Repository) -> None:
    today = timezone.now().date()
    for name, count in (("1.0", 2), ("", 3)):
        for _ in range(2):
            image = push_image(alice, address, "1.0")
            PullCount.objects.create(image=image, tag=name, day=today, count=count)
    ImageTag.objects.update(version_key="", name_key="")
    migration = import_module("registry.migrations.0008_daily_pulls_and_tag_order")
    migration.fill(apps, connection.schema_editor())
    tag = ImageTag.objects.get()
    assert (tag.version_key, tag.name_key) == ("30011.0010!9", "0011.0010")
    assert set(DailyPulls.objects.values_list("repository", "by", "name", "day", "count")) == {
        (repository.id, "tag", "1.0", today, 4),
        (repository.id, "tag", "", today, 6),
        (repository.id, "client", "other", today, 10),
    }
