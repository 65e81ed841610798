"""Catalog data through boto3: what publishers say, their logos, their registries' names."""

import base64
import io
import zlib
from typing import Any

import pytest
from botocore.exceptions import ClientError
from django.test import Client
from PIL import Image as Picture

from accounts.caller import operator
from gallery.models import Listing
from gallery.search import index
from registry.core import aliases
from registry.models import CatalogData, Logo, Repository
from tests.factories.registry import make_public_repository
from tests.registry.aws.conftest import Clients
from tests.registry.aws.test_registries import refused

OWNER = operator("111122223333")
WORDS = {
    "description": "Đóng gói tốt",
    "aboutText": "# About\n\nWhat it is.",
    "usageText": "```\ndocker run\n```",
    "architectures": ["ARM 64", "x86-64"],
    "operatingSystems": ["Linux"],
}


def picture(kind: str = "PNG", size: tuple[int, int] = (64, 64)) -> bytes:
    """A picture of one colour."""
    made = io.BytesIO()
    Picture.new("RGB", size, "teal").save(made, kind)
    return made.getvalue()


def claiming(width: int, height: int) -> bytes:
    """A small PNG whose header claims to be of another size."""
    made = bytearray(picture())
    made[16:24] = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    made[29:33] = zlib.crc32(made[12:29]).to_bytes(4, "big")
    return bytes(made)


@pytest.fixture
def public(aws: Clients) -> Any:
    """Alice's client for public registries."""
    return aws("ecr-public")


def test_a_repository_is_made_with_its_words(public: Any, client: Client) -> None:
    answer = public.create_repository(repositoryName="tool", catalogData=WORDS | {"logoImageBlob": picture()})
    said = answer["catalogData"]
    assert {name: said[name] for name in WORDS} == WORDS and said["marketplaceCertified"] is False
    shown = client.get(said["logoUrl"].removeprefix("http://kho.test"))
    assert shown.headers["Content-Type"] == "image/png" and "immutable" in shown.headers["Cache-Control"]
    with Picture.open(io.BytesIO(shown.content)) as found:
        assert (found.format, found.size) == ("PNG", (64, 64))
    assert public.get_repository_catalog_data(repositoryName="tool")["catalogData"] == said
    repository = Repository.objects.get()
    index.refresh({"repository": repository.id})
    assert Listing.objects.get().description == "Đóng gói tốt"
    assert client.get(f"/media/logos/{'0' * 64}.png").status_code == 404


def test_what_is_not_given_stays(public: Any) -> None:
    public.create_repository(repositoryName="tool", catalogData=WORDS | {"logoImageBlob": picture("JPEG")})
    changed = public.put_repository_catalog_data(repositoryName="tool", catalogData={"description": "other"})
    assert changed["catalogData"]["description"] == "other"
    assert changed["catalogData"]["aboutText"] == WORDS["aboutText"] and changed["catalogData"]["logoUrl"]
    gone = public.put_repository_catalog_data(repositoryName="tool", catalogData={"logoImageBlob": b""})
    assert "logoUrl" not in gone["catalogData"]


@pytest.mark.parametrize(
    "logo",
    [
        b"no picture",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        picture(size=(59, 64)),
        picture(size=(64, 2049)),
        picture("GIF"),
        picture()[:60],
        claiming(12_000, 12_000),
        claiming(60_000, 60_000),
    ],
    ids=["text", "svg", "small", "large", "gif", "cut", "huge", "bomb"],
)
def test_what_is_no_logo_is_refused_and_nothing_is_made(public: Any, logo: bytes) -> None:
    create = public.create_repository
    assert refused(create, repositoryName="tool", catalogData={"logoImageBlob": logo}) == "InvalidParameterException"
    assert not Repository.objects.exists() and not Logo.objects.exists()


def test_a_logo_may_be_encoded_twice_as_the_aws_cli_does(public: Any) -> None:
    twice = base64.b64encode(picture())
    made = public.create_repository(repositoryName="tool", catalogData={"logoImageBlob": twice})
    assert made["catalogData"]["logoUrl"]
    assert Logo.objects.count() == 1


def test_a_logo_is_kept_once(public: Any) -> None:
    for name in ("one", "two"):
        public.create_repository(repositoryName=name, catalogData={"logoImageBlob": picture()})
    assert Logo.objects.count() == 1


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"description": "x" * 1025}, "InvalidParameterException"),
        ({"aboutText": "x" * 25_601}, "InvalidParameterException"),
        ({"description": "a\x00b"}, "InvalidParameterException"),
        ({"architectures": ["x"] * 51 + [str(n) for n in range(51)]}, "InvalidParameterException"),
        ({"operatingSystems": [""]}, "InvalidParameterException"),
        ({"logoImageBlob": b"x" * 512_001}, "InvalidParameterException"),
    ],
)
def test_it_refuses(public: Any, account: Any, data: dict[str, Any], expected: str) -> None:
    make_public_repository(OWNER, "tool")
    assert refused(public.put_repository_catalog_data, repositoryName="tool", catalogData=data) == expected
    assert not CatalogData.objects.exists()


def test_a_repository_may_have_none(public: Any, account: Any) -> None:
    make_public_repository(OWNER, "tool")
    get = public.get_repository_catalog_data
    assert get(repositoryName="tool")["catalogData"] == {
        "description": "",
        "architectures": [],
        "operatingSystems": [],
        "aboutText": "",
        "usageText": "",
        "marketplaceCertified": False,
    }
    assert not CatalogData.objects.exists()
    assert refused(get, repositoryName="none") == "RepositoryNotFoundException"
    put = public.put_repository_catalog_data
    assert refused(put, repositoryName="none", catalogData={}) == "RepositoryNotFoundException"


def test_only_its_publisher_writes(public: Any, aws: Clients, other: dict[str, Any]) -> None:
    public.create_repository(repositoryName="tool", catalogData=WORDS)
    foreign = aws("ecr-public", other)
    place = {"registryId": "111122223333", "repositoryName": "tool"}
    assert foreign.get_repository_catalog_data(**place)["catalogData"]["description"] == WORDS["description"]
    with pytest.raises(ClientError) as caught:
        foreign.put_repository_catalog_data(**place, catalogData={"description": "mine"})
    assert caught.value.response["Error"]["Code"] == "AccessDeniedException"


def test_a_registry_has_a_name_and_aliases(public: Any, account: Any) -> None:
    assert public.describe_registries()["registries"] == []
    assert public.get_registry_catalog_data()["registryCatalogData"] == {"displayName": ""}
    repository = make_public_repository(OWNER, "tool")
    assert public.put_registry_catalog_data(displayName="Kho Hàng")["registryCatalogData"]["displayName"] == "Kho Hàng"
    assert public.get_registry_catalog_data()["registryCatalogData"] == {"displayName": "Kho Hàng"}
    [found] = public.describe_registries()["registries"]
    alias = aliases.primary("111122223333")
    assert found["registryArn"] == "arn:aws:ecr-public::111122223333:registry/111122223333"
    assert found["registryUri"] == f"kho.test/{alias}" and found["verified"] is False
    assert found["aliases"] == [
        {"name": alias, "status": "ACTIVE", "primaryRegistryAlias": True, "defaultRegistryAlias": True}
    ]
    index.refresh({"repository": repository.id})
    assert Listing.objects.get().publisher == "Kho Hàng"
    assert refused(public.put_registry_catalog_data, displayName="x" * 101) == "InvalidParameterException"
