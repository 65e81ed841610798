"""What a stranger learns of private names: nothing. What is there and what is not are answered alike, at the same cost.

Nobody gets 401, whoever is signed in but may not act 403; body, headers and number of queries tell nothing. Only who
may act sees NAME_UNKNOWN and what follows. Unknown public names are no secret.
"""

import json
from dataclasses import dataclass

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.caller import Caller
from registry.core import addresses, uploads
from registry.values import Digest
from tests.factories.registry import OCI_MANIFEST, make_public_repository, make_repository, push_blob, push_image
from tests.registry.oci.wire import Answer, Wire

CONTENT = b"layer"
DIGEST = Digest.of(CONTENT)
THERE, GONE = "team/there", "team/never"
assert len(THERE) == len(GONE)  # so that answers that repeat the name have the same length

VERBS = [
    ("HEAD", "blobs/{digest}"),
    ("GET", "blobs/{digest}"),
    ("DELETE", "blobs/{digest}"),
    ("POST", "blobs/uploads/"),
    ("POST", "blobs/uploads/?digest={digest}"),
    ("POST", "blobs/uploads/?mount={digest}"),
    ("POST", "blobs/uploads/?mount={digest}&from=444455556666/own"),
    ("POST", "blobs/uploads/?mount={digest}&from=111122223333/{name}"),
    ("GET", "blobs/uploads/{upload}"),
    ("HEAD", "blobs/uploads/{upload}"),
    ("PATCH", "blobs/uploads/{upload}"),
    ("PUT", "blobs/uploads/{upload}?digest={digest}"),
    ("DELETE", "blobs/uploads/{upload}"),
    ("GET", "manifests/v1"),
    ("HEAD", "manifests/v1"),
    ("GET", "manifests/{image}"),
    ("HEAD", "manifests/{image}"),
    ("PUT", "manifests/v1"),
    ("PUT", "manifests/{image}"),
    ("DELETE", "manifests/v1"),
    ("DELETE", "manifests/{image}"),
    ("GET", "tags/list"),
    ("HEAD", "tags/list"),
    ("GET", "tags/list?n=1&last=a"),
    ("GET", "referrers/{image}"),
    ("HEAD", "referrers/{image}"),
]
verbs = pytest.mark.parametrize(("method", "place"), VERBS, ids=[f"{method} {place}" for method, place in VERBS])


@dataclass(frozen=True, slots=True)
class House:
    """A private repository with an image, a blob and an open upload; and the manifest's bytes."""

    image: str
    upload: str
    manifest: bytes

    def ask(self, wire: Wire, method: str, place: str, name: str) -> Answer:
        """Send a verb to a repository of the account, as if all of this were in it."""
        filled = place.format(digest=DIGEST, image=self.image, upload=self.upload, name=name)
        manifest = "manifests/" in place
        body = {"PUT": self.manifest if manifest else CONTENT, "POST": CONTENT, "PATCH": CONTENT}.get(method, b"")
        media_type = OCI_MANIFEST if manifest else "application/octet-stream"
        return wire(method, f"/v2/111122223333/{name}/{filled}", body, headers={"Content-Type": media_type})


@pytest.fixture
def house(alice: Caller) -> House:
    """Alice's repository THERE; GONE does not exist."""
    address = make_repository(alice, THERE).address
    push_blob(alice, address, CONTENT)
    image = push_image(alice, address, "v1")
    return House(image.digest, str(uploads.start(alice, address).id), bytes(image.manifest.content))


def told(answer: Answer, name: str) -> tuple[int, dict[str, str], bytes]:
    """All of an answer but the name that was asked for, and what differs in each answer."""
    left_out = {"date", "x-request-id"}
    headers = {key: value.replace(name, "NAME") for key, value in answer.headers.items() if key.lower() not in left_out}
    return answer.status, headers, answer.body.replace(name.encode(), b"NAME")


@verbs
@pytest.mark.parametrize(("who", "status", "code"), [("nobodys", 401, "UNAUTHORIZED"), ("charlies", 403, "DENIED")])
def test_it_refuses_strangers_alike(
    request: pytest.FixtureRequest, house: House, method: str, place: str, who: str, status: int, code: str
) -> None:
    wire: Wire = request.getfixturevalue(who)
    seen = []
    for name in (THERE, GONE):
        with CaptureQueriesContext(connection) as queries:
            answer = house.ask(wire, method, place, name)
        seen.append((told(answer, name), len(queries)))
        assert answer.status == status
        if method != "HEAD":
            assert answer.code == code
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert ("WWW-Authenticate" in answer.headers) == (status == 401)
    assert seen[0] == seen[1]


@verbs
def test_it_works_for_who_may_act(alices: Wire, house: House, method: str, place: str) -> None:
    assert house.ask(alices, method, place, THERE).status < 300


@verbs
def test_it_refuses_a_name_that_is_not_there_only_to_who_may_act(
    alices: Wire, house: House, method: str, place: str
) -> None:
    answer = house.ask(alices, method, place, GONE)
    assert answer.status == 404
    if method != "HEAD":
        assert answer.code == "NAME_UNKNOWN"
        expected = f"The repository with name '{GONE}' does not exist in the registry with id '111122223333'"
        assert answer.message == expected


def test_it_refuses_to_tell_a_stranger_by_a_mount_what_is_there(house: House, charlie: Caller, charlies: Wire) -> None:
    target = addresses.path(make_repository(charlie, "own").address)
    seen = []
    for name, digest in ((THERE, DIGEST), (GONE, DIGEST), (THERE, Digest.of(b"absent"))):
        with CaptureQueriesContext(connection) as queries:
            answer = charlies.post(f"/v2/{target}/blobs/uploads/?mount={digest}&from=111122223333/{name}")
        upload = answer.headers["Docker-Upload-UUID"]
        seen.append((told(answer, upload), len(queries)))
        assert answer.status == 202
    assert seen[0] == seen[1] == seen[2]


def test_it_refuses_to_list_what_others_have(
    house: House, nobodys: Wire, charlie: Caller, charlies: Wire, bobs: Wire
) -> None:
    answer = nobodys.get("/v2/_catalog")
    assert (answer.status, answer.code) == (401, "UNAUTHORIZED")
    make_repository(charlie, "own")
    assert charlies.get("/v2/_catalog").json == {"repositories": ["444455556666/own"]}
    assert bobs.get("/v2/_catalog").json == {"repositories": [f"111122223333/{THERE}"]}


def test_it_refuses_to_tell_whether_an_account_exists(nobodys: Wire, charlies: Wire, house: House) -> None:
    for wire, status in ((nobodys, 401), (charlies, 403)):
        answers = [wire.get(f"/v2/{account}/{GONE}/manifests/v1") for account in ("111122223333", "999999999999")]
        assert [answer.status for answer in answers] == [status, status]
        bodies = [answer.body.replace(b"999999999999", b"111122223333") for answer in answers]
        assert bodies[0] == bodies[1]


def test_it_refuses_strangers_to_write_to_public_repositories(alice: Caller, nobodys: Wire, charlies: Wire) -> None:
    address = make_public_repository(alice, "app").address
    push_blob(alice, address, CONTENT)
    image = push_image(alice, address, "v1")
    content = json.dumps({}).encode()
    alias = addresses.path(address).partition("/")[0]
    for wire, status, code in ((nobodys, 401, "UNAUTHORIZED"), (charlies, 403, "DENIED")):
        for name in ("app", "xyz"):
            place = f"/v2/{alias}/{name}"
            answers = [
                wire.post(f"{place}/blobs/uploads/"),
                wire.post(f"{place}/blobs/uploads/?mount={DIGEST}&from={alias}/app"),
                wire.put(f"{place}/manifests/v1", content, OCI_MANIFEST),
                wire.delete(f"{place}/manifests/v1"),
                wire.delete(f"{place}/manifests/{image.digest}"),
                wire.delete(f"{place}/blobs/{DIGEST}"),
            ]
            assert {(answer.status, answer.code) for answer in answers} == {(status, code)}
