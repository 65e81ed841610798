"""Many clients push the same blob, or move the same tag, at once."""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.faults.client import Registry, digest_of, make_image
from tests.faults.server import FaultyServer

MIB = 1024 * 1024
CLIENTS = 8

HISTORY = """
from registry.models import ImageTag, Repository, TagEvent
repository = Repository.objects.get(account_id=account_id, name=name)
events = TagEvent.objects.filter(repository=repository, tag=tag).order_by("id")
answer = [[event.old_digest, event.new_digest] for event in events]
"""

ROWS = """
from registry.models import Blob
answer = [blob.state for blob in Blob.objects.filter(digest=digest)]
"""


@pytest.mark.parametrize("repositories", [1, 4])
@pytest.mark.parametrize("size", [100, 3 * MIB])
def test_one_blob(server: FaultyServer, registry: Registry, repositories: int, size: int) -> None:
    blob = os.urandom(size)
    places = [
        Registry(registry.tenant, f"faults/once-{repositories}-{size}-{number}") for number in range(repositories)
    ]
    clients = [places[number % repositories] for number in range(CLIENTS)]
    with ThreadPoolExecutor(CLIENTS) as pool:
        answers = list(pool.map(lambda client: client.push_blob(blob, pieces=2), clients))
    assert [answer.status for answer in answers] == [201] * CLIENTS
    assert server.python(ROWS, digest=digest_of(blob)) == ["live"]
    for place in places:
        assert place.blob(digest_of(blob)).body == blob
    assert server.damaged() == []
    assert server.left_behind() == []


def test_one_image(server: FaultyServer, registry: Registry) -> None:
    image = make_image(os.urandom(MIB), comment="the same")
    with ThreadPoolExecutor(CLIENTS) as pool:
        answers = list(pool.map(lambda _: registry.push_image(image, "latest"), range(CLIENTS)))
    assert [answer.status for answer in answers] == [201] * CLIENTS
    assert registry.manifest("latest").body == image.manifest
    assert history(server, registry) == [["", image.digest]]
    registry.require_whole()


def test_one_tag(server: FaultyServer, registry: Registry) -> None:
    shared = os.urandom(MIB)
    images = [make_image(shared, os.urandom(1000), comment=str(number)) for number in range(CLIENTS)]
    with ThreadPoolExecutor(CLIENTS) as pool:
        answers = list(pool.map(lambda image: registry.push_image(image, "latest"), images))
    assert [answer.status for answer in answers] == [201] * CLIENTS
    moves = history(server, registry)
    assert sorted(new for _, new in moves) == sorted(image.digest for image in images)
    assert [old for old, _ in moves] == ["", *(new for _, new in moves[:-1])]
    assert digest_of(registry.manifest("latest").body) == moves[-1][1]
    for image in images:
        assert registry.manifest(image.digest).body == image.manifest
    registry.require_whole()


def history(server: FaultyServer, registry: Registry) -> list[list[str]]:
    """From which digest to which the tag `latest` moved, in order."""
    account_id, _, name = registry.name.partition("/")
    answer: list[list[str]] = server.python(HISTORY, account_id=account_id, name=name, tag="latest")
    return answer
