"""Whether the database plans by how large its tables are."""

from django.db import connection
from pytest_django import DjangoAssertNumQueries

from accounts import statistics, tasks
from accounts.caller import Caller
from registry.models import Image, Manifest, Repository
from tests.factories.registry import make_account, make_caller, make_repository


def many(caller: Caller, count: int) -> Repository:
    """A repository of so many images."""
    repository = make_repository(caller)
    digests = [f"sha256:{number:064x}" for number in range(count)]
    Manifest.objects.bulk_create([Manifest(digest=digest, content=b"{}") for digest in digests])
    images = (Image(repository=repository, manifest_id=each, digest=each, manifest_size=2) for each in digests)
    Image.objects.bulk_create(images)
    return repository


def test_some_images_are_found_without_looking_at_all(db: None) -> None:
    """SQLite, which knows nothing by itself, would walk through the repository from five names on."""
    make_account("111122223333")
    repository = many(make_caller("111122223333", "alice"), 500)
    tasks.gather_statistics()
    live = Image.objects.filter(repository=repository, deleted_at=None)
    wanted = [f"sha256:{number:064x}" for number in range(10)]
    if connection.vendor == "sqlite":
        assert "image_digest_once" in live.filter(digest__in=wanted).order_by("id").explain()
        assert "image_subjects" in live.filter(subject_digest__in=wanted).explain()


def test_other_databases_are_left_alone(db: None, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(2 if connection.vendor == "sqlite" else 0):
        statistics.gather()
