"""Every way in which a signature can be wrong, answered in AWS's words."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from accounts.directory import access_keys
from accounts.directory.access_keys import NewAccessKey
from accounts.models import AccessKey
from registry.aws import view
from tests.registry.aws.client import send

URL = "http://kho.test/"
TARGET = "AmazonEC2ContainerRegistry_V20150921.DescribeRepositories"
Change = Callable[[dict[str, str]], None]


def signed(
    key: NewAccessKey, *, body: bytes = b"{}", secret: str = "", more: dict[str, str] | None = None
) -> dict[str, str]:
    """The headers of a good request, or of one signed otherwise."""
    headers = {"Host": "kho.test", "Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": TARGET}
    headers |= more or {}
    request = AWSRequest("POST", URL, data=body, headers=headers)
    SigV4Auth(Credentials(key.id, secret or key.secret), "ecr", "us-east-1").add_auth(request)
    return dict(request.headers.items())


def answer(headers: dict[str, str], body: bytes = b"{}") -> tuple[int, dict[str, Any]]:
    """Status and body of the answer."""
    got = send("POST", URL, headers, body)
    return got.status_code, json.loads(got.content)


def test_a_good_one_is_taken(key: NewAccessKey) -> None:
    assert answer(signed(key)) == (200, {"repositories": []})


def replaced(name: str, old: str, new: str) -> Change:
    """A header with a part of it replaced."""

    def change(headers: dict[str, str]) -> None:
        assert old in headers[name]
        headers[name] = headers[name].replace(old, new)

    return change


def without(name: str) -> Change:
    """A header left out."""

    def change(headers: dict[str, str]) -> None:
        del headers[name]

    return change


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        (without("Authorization"), "MissingAuthenticationTokenException", "Missing Authentication Token"),
        (replaced("Authorization", "AWS4-HMAC-SHA256", "AWS"), "IncompleteSignatureException", "algorithm"),
        (replaced("Authorization", "Signature=", "Sig="), "IncompleteSignatureException", "'Signature' parameter"),
        (replaced("Authorization", "Credential=", "Cred="), "IncompleteSignatureException", "'Credential' parameter"),
        (replaced("Authorization", "/aws4_request", ""), "IncompleteSignatureException", "5 slash-delimited"),
        (replaced("Authorization", ";host", ""), "InvalidSignatureException", "'Host'"),
        (replaced("Authorization", "/us-east-1/", "/eu-west-9/"), "InvalidSignatureException", "valid region"),
        (replaced("Authorization", "/ecr/", "/s3/"), "InvalidSignatureException", "correct service: 'ecr'"),
        (replaced("Authorization", "=AKIA", "=AKIB"), "UnrecognizedClientException", "is invalid"),
        (replaced("X-Amz-Target", "Repositories", "Registry"), "InvalidSignatureException", "does not match"),
        (without("X-Amz-Date"), "IncompleteSignatureException", "X-Amz-Date"),
        (replaced("X-Amz-Date", "Z", ""), "IncompleteSignatureException", "ISO-8601"),
    ],
)
def test_it_refuses(key: NewAccessKey, change: Change, code: str, words: str) -> None:
    headers = signed(key)
    change(headers)
    status, body = answer(headers)
    assert (status, body["__type"]) == (400, code), body
    assert words in body["message"]


def test_it_refuses_another_secret_body_and_hash(key: NewAccessKey) -> None:
    for headers, body in (
        (signed(key, secret="x" * 40), b"{}"),
        (signed(key), b'{"maxResults": 1}'),
        (signed(key, more={"X-Amz-Content-SHA256": "0" * 64}), b"{}"),
    ):
        status, said = answer(headers, body)
        assert (status, said["__type"]) == (400, "InvalidSignatureException")


def test_it_refuses_unknown_and_disabled_keys(key: NewAccessKey) -> None:
    access_keys.set_status(access_keys.get(key.id), AccessKey.Status.INACTIVE)
    assert answer(signed(key))[1]["__type"] == "UnrecognizedClientException"


@pytest.mark.parametrize(("minutes", "words"), [(-6, "Signature expired"), (6, "Signature not yet current")])
def test_it_refuses_another_time(key: NewAccessKey, monkeypatch: pytest.MonkeyPatch, minutes: int, words: str) -> None:
    now = datetime.now(UTC).replace(tzinfo=None) + timedelta(minutes=minutes)
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: now, raising=False)
    headers = signed(key)
    status, body = answer(headers)
    assert (status, body["__type"]) == (400, "InvalidSignatureException"), body
    assert words in body["message"]


def presigned(key: NewAccessKey, expires: int = 60) -> str:
    """An address of GetCallerIdentity, signed."""
    request = AWSRequest("GET", URL + "?Action=GetCallerIdentity&Version=2011-06-15", headers={"Host": "kho.test"})
    SigV4QueryAuth(Credentials(key.id, key.secret), "sts", "us-east-1", expires=expires).add_auth(request)
    return str(request.url)


def test_a_presigned_address_is_taken(key: NewAccessKey) -> None:
    got = send("GET", presigned(key), {"Host": "kho.test"})
    assert got.status_code == 200 and b"user/alice" in got.content
    altered = send("GET", presigned(key).replace("GetCallerIdentity", "GetSessionToken"), {"Host": "kho.test"})
    assert altered.status_code == 403 and b"SignatureDoesNotMatch" in altered.content


@pytest.mark.parametrize("expires", ["0", "604801", "0000000011000000", "0000000019999999999999999", "9" * 5000])
def test_it_refuses_presigned_addresses_that_are_good_too_long(key: NewAccessKey, expires: str) -> None:
    url = presigned(key).replace("X-Amz-Expires=60", f"X-Amz-Expires={expires}")
    got = send("GET", url, {"Host": "kho.test"})
    assert (got.status_code, b"X-Amz-Expires must be" in got.content) == (400, True), got.content


@pytest.mark.parametrize(("stamp", "words"), [("99991231T235959Z", "not yet current"), ("00010101T000000Z", "expired")])
def test_it_refuses_the_ends_of_time(key: NewAccessKey, stamp: str, words: str) -> None:
    headers = signed(key)
    day = headers["X-Amz-Date"][:8]
    headers["Authorization"] = headers["Authorization"].replace(f"/{day}/", f"/{stamp[:8]}/")
    status, body = answer(headers | {"X-Amz-Date": stamp})
    assert (status, body["__type"]) == (400, "InvalidSignatureException"), body
    assert words in body["message"]


@pytest.mark.parametrize(
    ("headers", "body", "code"),
    [
        ({"X-Amz-Target": "Nonsense.CreateRepository"}, b"{}", "UnknownOperationException"),
        ({"X-Amz-Target": "AmazonEC2ContainerRegistry_V20150921.Nonsense"}, b"{}", "UnknownOperationException"),
        ({"X-Amz-Target": "\u00e9"}, b"{}", "UnknownOperationException"),
        ({"X-Amz-Target": TARGET}, b"{", "SerializationException"),
        ({"X-Amz-Target": TARGET}, b"[]", "SerializationException"),
        ({"X-Amz-Target": TARGET}, b'{"maxResults": NaN}', "SerializationException"),
        ({"X-Amz-Target": TARGET}, b"\xff", "SerializationException"),
        ({"X-Amz-Target": TARGET}, b"[" * 100_000, "SerializationException"),
        ({"X-Amz-Target": TARGET}, b'{"repositoryNames": "one"}', "SerializationException"),
        ({"X-Amz-Target": TARGET}, b'{"repositoryNames": ["\\ud800"]}', "SerializationException"),
        ({"X-Amz-Target": TARGET}, b'{"unknown": 1}', ""),
        ({"X-Amz-Target": TARGET}, b" " * 1_100_000, "InvalidParameterException"),
    ],
)
def test_broken_requests_get_an_error_of_the_api(
    key: NewAccessKey, headers: dict[str, str], body: bytes, code: str
) -> None:
    status, said = answer(signed(key, body=body, more=headers) if headers["X-Amz-Target"].isascii() else headers, body)
    assert said.get("__type", "") == code, said
    assert status == (400 if code else 200)


@pytest.mark.parametrize(
    "body",
    [b"", b"Action=Nonsense&Version=2011-06-15", b"Action=GetUser", b"Version=2010-05-08", b"\xff=\xff", b"a.b=1"],
)
def test_broken_queries_get_an_error_of_the_api(db: None, body: bytes) -> None:
    got = send("POST", URL, {"Host": "kho.test", "Content-Type": "application/x-www-form-urlencoded"}, body)
    assert got.status_code in (400, 403) and b"<ErrorResponse" in got.content


def test_large_bodies_are_read_for_known_keys_only(key: NewAccessKey, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody can make the server hold many megabytes without a key of somebody."""
    body = json.dumps({"repositoryName": "a/b", "imageManifest": "x" * (2 * 1024 * 1024)}).encode()
    put = {"X-Amz-Target": "AmazonEC2ContainerRegistry_V20150921.PutImage", "Content-Length": str(len(body))}
    read: list[int] = []

    def parsed(self: view.Exchange, model: Any, given: bytes) -> dict[str, Any]:
        read.append(len(given))
        return {}

    monkeypatch.setattr(view.Exchange, "_parsed", parsed)
    for wrong in (
        signed(NewAccessKey("AKIAUNKNOWN", "a secret"), body=body, more=put),
        {name: value for name, value in signed(key, body=body, more=put).items() if name != "Authorization"},
        signed(key, body=body, more=put) | {"X-Amz-Date": "20200101T000000Z"},
    ):
        status, _ = answer(wrong, body)
        assert status in {400, 403}
    assert read == []
    answer(signed(key, body=body, more=put), body)
    assert read == [len(body)]
