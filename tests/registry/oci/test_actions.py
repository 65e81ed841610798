"""Each verb of the API asks the gate for the actions that it stands for, and for no others; none is forgotten here."""

from dataclasses import dataclass
from typing import Any

import pytest
from django.urls import ResolverMatch, URLPattern, get_resolver
from rest_framework.views import APIView

from accounts import gate
from accounts.caller import Caller
from accounts.iam.arn import Arn
from registry.core import addresses, uploads
from registry.oci import urls
from registry.oci.views.blobs import Layer
from registry.oci.views.catalog import Catalog
from registry.oci.views.peers import Trust
from registry.oci.views.ping import Ping, Unmatched
from registry.oci.views.tokens import Tokens
from registry.values import Address, Digest
from tests.factories.registry import OCI_MANIFEST, make_repository, push_blob, push_image
from tests.registry.oci.test_peers import GATED
from tests.registry.oci.wire import Wire

CONTENT = b"layer"
DIGEST = Digest.of(CONTENT)

ROWS = [
    # method, place below the repository, actions at the repository, actions at the source of a mount
    ("HEAD", "blobs/{digest}", ["BatchCheckLayerAvailability"], []),  # or GetDownloadUrlForLayer, if that is refused
    ("GET", "blobs/{digest}", ["GetDownloadUrlForLayer"], []),
    ("DELETE", "blobs/{digest}", ["BatchDeleteImage"], []),
    ("POST", "blobs/uploads/", ["InitiateLayerUpload"], []),
    ("POST", "blobs/uploads/?digest={digest}", ["InitiateLayerUpload", "CompleteLayerUpload"], []),
    (
        "POST",
        "blobs/uploads/?mount={digest}&from={source}",
        ["InitiateLayerUpload"],
        ["BatchGetImage", "GetDownloadUrlForLayer"],
    ),
    ("POST", "blobs/uploads/?mount={digest}", ["InitiateLayerUpload"], ["BatchGetImage", "GetDownloadUrlForLayer"]),
    ("GET", "blobs/uploads/{upload}", ["UploadLayerPart"], []),
    ("HEAD", "blobs/uploads/{upload}", ["UploadLayerPart"], []),
    ("PATCH", "blobs/uploads/{upload}", ["UploadLayerPart"], []),
    ("PUT", "blobs/uploads/{upload}?digest={digest}", ["CompleteLayerUpload"], []),
    ("DELETE", "blobs/uploads/{upload}", ["UploadLayerPart"], []),
    ("GET", "manifests/v1", ["BatchGetImage"], []),
    ("HEAD", "manifests/v1", ["BatchGetImage"], []),
    ("PUT", "manifests/v2", ["PutImage"], []),
    ("DELETE", "manifests/v1", ["BatchDeleteImage"], []),
    ("DELETE", "manifests/{image}", ["BatchDeleteImage"], []),
    ("GET", "tags/list", ["ListImages"], []),
    ("HEAD", "tags/list", ["ListImages"], []),
    ("GET", "referrers/{image}", ["BatchGetImage"], []),
    ("HEAD", "referrers/{image}", ["BatchGetImage"], []),
]
WITHOUT_GATE = {Layer, Ping, Tokens, Trust, Unmatched}
"""They name nothing that somebody owns; a layer's ticket was given by GetDownloadUrlForLayer, which asked."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One question to the gate."""

    action: str
    resource: str


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Asked]:
    """Every question that the gate gets from now on."""
    questions: list[Asked] = []
    decide = gate.decide

    def watch(caller: Caller, action: str, resource: Arn, **more: Any) -> Any:
        assert caller.principal_arn == "arn:aws:iam::111122223333:user/alice"
        assert caller.source_ip and caller.region == "us-east-1"
        questions.append(Asked(action, str(resource)))
        return decide(caller, action, resource, **more)

    monkeypatch.setattr(gate, "decide", watch)
    return questions


@pytest.mark.parametrize("kind", ["private", "public"])
@pytest.mark.parametrize(("method", "place", "here", "there"), ROWS, ids=[f"{row[0]} {row[1]}" for row in ROWS])
def test_it_works_only_after_the_gate_was_asked(
    request: pytest.FixtureRequest,
    alice: Caller,
    alices: Wire,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    place: str,
    here: list[str],
    there: list[str],
    kind: str,
) -> None:
    address: Address = request.getfixturevalue("address" if kind == "private" else "public_address")
    source = make_repository(alice, "team/source").address
    push_blob(alice, source, CONTENT)
    if "mount" not in place:
        push_blob(alice, address, CONTENT)
    image = push_image(alice, address, "v1")
    upload = uploads.start(alice, address).id
    filled = place.format(digest=DIGEST, image=image.digest, upload=upload, source=addresses.path(source))
    is_manifest = place.startswith("manifests/") and method == "PUT"
    body = alices.get(f"/v2/{addresses.path(address)}/manifests/v1").body if is_manifest else CONTENT

    asked: list[Asked] = request.getfixturevalue("asked")
    media_type = OCI_MANIFEST if is_manifest else "application/octet-stream"
    answer = alices(
        method,
        f"/v2/{addresses.path(address)}/{filled}",
        body if method in {"POST", "PUT", "PATCH"} else b"",
        headers={"Content-Type": media_type},
    )

    assert answer.status < 300, answer.body
    service, region = ("ecr", "us-east-1") if kind == "private" else ("ecr-public", "")
    own = f"arn:aws:{service}:{region}:111122223333:repository/{address.name}"
    other = "arn:aws:ecr:us-east-1:111122223333:repository/team/source"
    wanted = {Asked(f"{service}:{action}", own) for action in here} | {
        Asked(f"ecr:{action}", other) for action in there
    }
    assert set(asked) == wanted


def test_it_works_for_the_catalog_only_after_the_gate_was_asked(alices: Wire, asked: list[Asked]) -> None:
    assert alices.get("/v2/_catalog").status == 200
    assert asked == [Asked("ecr:DescribeRepositories", "arn:aws:ecr:us-east-1:111122223333:repository/*")]


def test_it_works_for_the_public_part_of_the_catalog_too(
    alices: Wire, public_address: Address, asked: list[Asked]
) -> None:
    assert addresses.path(public_address) in alices.get("/v2/_catalog").json["repositories"]
    assert Asked("ecr-public:DescribeRepositories", "arn:aws:ecr-public::111122223333:repository/*") in asked


def view_of(pattern: URLPattern | ResolverMatch) -> type[APIView]:
    """The class behind a route."""
    function: Any = pattern.callback if isinstance(pattern, URLPattern) else pattern.func
    view: type[APIView] = function.cls
    return view


def test_it_refuses_a_verb_that_the_table_forgets() -> None:
    resolver = get_resolver(urls.__name__)
    tested: set[tuple[str, type[APIView]]] = {("GET", Catalog), ("HEAD", Catalog)}
    for method, place, _, _ in ROWS:
        tested.add((method, view_of(resolver.resolve(f"/v2/111122223333/ab/{place.partition('?')[0]}"))))
    for method, place in GATED:
        path = f"/v2/_replication/111122223333.us-east-1/ab/{place.partition('?')[0]}"
        tested.add((method, view_of(resolver.resolve(path))))
    offered: set[tuple[str, type[APIView]]] = set()
    for pattern in resolver.url_patterns:
        assert isinstance(pattern, URLPattern)
        view = view_of(pattern)
        methods = {method for method in view.http_method_names if hasattr(view, method)}
        methods |= {"head"} if "get" in methods else set()
        offered |= {(method.upper(), view) for method in methods if view not in WITHOUT_GATE}
    assert offered == tested
