"""How many queries a pull and a push cost: what everybody does most must stay cheap."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.caller import Caller
from accounts.models import Principal
from accounts.sessions import bearer
from registry.core import addresses, archive, reading, uploads
from registry.models import Image
from registry.values import Address, Digest
from tests.factories.registry import OCI_MANIFEST, push_blob, push_image
from tests.registry.oci.wire import Wire

CONTENT = b"layer"
DIGEST = Digest.of(CONTENT)


@pytest.fixture
def image(alice: Caller, address: Address, public_address: Address) -> Image:
    """The same blob, and an image tagged v1, in both repositories."""
    for place in (address, public_address):
        push_blob(alice, place, CONTENT)
        push_image(alice, place, "v1")
    return Image.objects.get(repository__region="us-east-1")


@pytest.mark.parametrize(
    ("method", "place", "most"),
    [
        # who calls (or the alias) and their policies (2), the registry's policy, the repository, the thing itself
        ("GET", "manifests/v1", 6),
        ("HEAD", "manifests/v1", 6),
        ("GET", "blobs/{digest}", 6),
        ("HEAD", "blobs/{digest}", 6),
        ("GET", "tags/list", 6),
        ("GET", "referrers/{digest}", 6),
    ],
)
@pytest.mark.parametrize("kind", ["private", "public"])
def test_it_works_with_few_queries(
    image: Image,
    alice_user: Principal,
    address: Address,
    public_address: Address,
    method: str,
    place: str,
    most: int,
    kind: str,
) -> None:
    wire = Wire(f"Bearer {bearer.issue(alice_user if kind == 'private' else None).value}")
    path = addresses.path(address if kind == "private" else public_address)
    with CaptureQueriesContext(connection) as queries:
        answer = wire(method, f"/v2/{path}/{place.format(digest=DIGEST)}")
    assert answer.status == 200
    assert len(queries) <= most, [query["sql"] for query in queries]


def test_the_archive_costs_a_pull_no_query(alices: Wire, alice: Caller, address: Address, private: str) -> None:
    """Neither where a repository has archived images nor where it has none, whatever the answer is."""
    images = [push_image(alice, address, name, layers=[name.encode()]) for name in ("a", "b")]
    layers = [f"{private}/blobs/{Digest.of(name)}" for name in (b"a", b"b")]
    costs = []
    for archived in (False, True):
        if archived:
            archive.update(alice, address, Digest.parse(images[1].digest), None, "ARCHIVE")
        for path in layers:
            with CaptureQueriesContext(connection) as queries:
                alices.get(path)
            costs.append(len(queries))
    assert len(set(costs)) == 1, costs


def test_a_pull_looks_for_the_archive_by_its_index(alice: Caller, address: Address) -> None:
    """The whole table of images is never read for it."""
    push_image(alice, address, "1")
    explain = "EXPLAIN QUERY PLAN " if connection.vendor == "sqlite" else "EXPLAIN "
    parameters = ["2026-11-29 00:00:00+00:00", str(DIGEST), address.registry.account_id, "us-east-1", str(address.name)]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(explain + reading.BLOB, parameters)
        plan = " ".join(str(row) for row in cursor.fetchall())
    assert "image_archived" in plan
    assert "SCAN i" not in plan and "SCAN n" not in plan and "Seq Scan on registry_image" not in plan, plan


def test_it_works_without_a_query_for_nobody_at_the_door(nobodys: Wire) -> None:
    with CaptureQueriesContext(connection) as queries:
        assert nobodys.get("/v2/").status == 401
        assert nobodys.get("/token/").status == 200
    assert len(queries) == 0


@pytest.mark.parametrize(
    ("method", "place", "most"),
    [
        ("POST", "blobs/uploads/", 6),
        ("PATCH", "blobs/uploads/{upload}", 11),
        ("PUT", "blobs/uploads/{upload}?digest={digest}", 25),
        ("PUT", "manifests/v2", 33),
    ],
)
def test_it_works_to_push_with_a_bounded_number_of_queries(
    alices: Wire, alice: Caller, address: Address, private: str, method: str, place: str, most: int
) -> None:
    push_image(alice, address, "v1")
    manifest = alices.get(f"{private}/manifests/v1").body
    upload = uploads.start(alice, address).id
    is_manifest = place.startswith("manifests")
    with CaptureQueriesContext(connection) as queries:
        answer = alices(
            method,
            f"{private}/{place.format(upload=upload, digest=DIGEST)}",
            manifest if is_manifest else CONTENT,
            headers={"Content-Type": OCI_MANIFEST if is_manifest else "application/octet-stream"},
        )
    assert answer.status < 300
    assert len(queries) <= most, (len(queries), [query["sql"] for query in queries])
