"""The grammars of names, tags, digests and registry ids."""

import hashlib
import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import InvalidDigest, InvalidImageTag, InvalidRepositoryName, InvalidValue
from registry.values import (
    PUBLIC,
    Address,
    Digest,
    ImageTag,
    RegistryId,
    RepositoryName,
    parse_reference,
)

components = st.from_regex(r"[a-z0-9]{1,9}((\.|_|__|-{1,3})[a-z0-9]{1,9}){0,3}", fullmatch=True)


# --- digests


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_it_works_for_digests(algorithm: str) -> None:
    digest = Digest.of(b"kho", algorithm)
    assert str(digest) == f"{algorithm}:{hashlib.new(algorithm, b'kho').hexdigest()}"
    assert Digest.parse(str(digest)) == digest


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sha256",
        "sha256:",
        ":" + "0" * 64,
        "sha256:" + "0" * 63,
        "sha256:" + "0" * 65,
        "sha256:" + "0" * 128,
        "sha256:" + "A" * 64,
        "sha256:" + "g" * 64,
        "sha256:" + "0" * 64 + "\n",
        "sha256:" + "０" * 64,
        "SHA256:" + "0" * 64,
        "sha512:" + "0" * 64,
        "md5:" + "0" * 32,
        "sha384:" + "0" * 96,
        "sha256+b64:" + "0" * 64,
        " sha256:" + "0" * 64,
        "../../etc/passwd",
    ],
)
def test_it_refuses_other_digests(text: str) -> None:
    with pytest.raises(InvalidDigest) as caught:
        Digest.parse(text)
    assert caught.value.value == text
    assert "sha256:<64 hex>" in str(caught.value)


@given(st.text(max_size=80))
def test_a_digest_is_exactly_what_was_read(text: str) -> None:
    try:
        assert str(Digest.parse(text)) == text
    except InvalidDigest:
        assert not re.fullmatch(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}", text, re.ASCII)


# --- repository names


@pytest.mark.parametrize(
    "text", ["ab", "a1", "team/app", "a.b", "a_b", "a__b", "a-b", "a---b", "1/2/3", "a/b.c/d__e", "x" * 256]
)
def test_it_works_for_repository_names(text: str) -> None:
    assert str(RepositoryName.parse(text)) == text


@given(st.lists(components, min_size=1, max_size=5).map("/".join).filter(lambda text: 2 <= len(text) <= 256))
def test_any_path_of_components_is_a_repository_name(text: str) -> None:
    assert RepositoryName.parse(text).text == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "A/b",
        "-ab",
        "ab-",
        "a..b",
        "a___b",
        "a._b",
        "a_.b",
        "/ab",
        "ab/",
        "a//b",
        "a/./b",
        "../ab",
        "a b",
        "ab\n",
        "a:b",
        "a@b",
        "ể/b",
        "x" * 257,
    ],
)
def test_it_refuses_other_repository_names(text: str) -> None:
    with pytest.raises(InvalidRepositoryName) as caught:
        RepositoryName.parse(text)
    assert caught.value.value == text


# --- tags and references


@pytest.mark.parametrize("text", ["a", "1", "latest", "_x", "v1.2.3-rc.1", "A_b", "x" * 128])
def test_it_works_for_tags(text: str) -> None:
    assert str(ImageTag.parse(text)) == text
    assert parse_reference(text) == ImageTag(text)


@pytest.mark.parametrize("text", ["", ".a", "-a", "a/b", "a b", "a\n", "a+b", "é", "x" * 129])
def test_it_refuses_other_tags(text: str) -> None:
    with pytest.raises(InvalidImageTag):
        ImageTag.parse(text)
    with pytest.raises(InvalidImageTag):
        parse_reference(text)


def test_a_reference_with_a_colon_is_a_digest() -> None:
    digest = Digest.of(b"kho")
    assert parse_reference(str(digest)) == digest
    with pytest.raises(InvalidDigest):
        parse_reference("sha256:latest")


@given(st.text(max_size=20))
def test_any_text_is_a_reference_or_refused(text: str) -> None:
    with suppress(InvalidValue):
        assert str(parse_reference(text)) == text


# --- registries and addresses


def test_it_works_for_addresses() -> None:
    private = Address(RegistryId("123456789012", "us-east-1"), RepositoryName("team/app"))
    public = Address(RegistryId("123456789012", PUBLIC), RepositoryName("team/app"))
    assert not private.is_public
    assert public.is_public
    assert private != public
    assert len({private, public, private}) == 2


@pytest.mark.parametrize("account_id", ["", "1", "12345678901", "1234567890123", "12345678901a", "１23456789012"])
def test_it_refuses_other_registry_ids(account_id: str) -> None:
    with pytest.raises(InvalidValue):
        RegistryId(account_id, "us-east-1")
