"""Unmodified boto3 clients that speak to the middleware in this process."""

import io
from typing import Any

import boto3
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from django.test import RequestFactory

from config.middleware import ProtocolBoundary, RequestContext

REGION = "us-east-1"


class Raw(io.BytesIO):
    """A body as urllib3 gives it."""

    def stream(self, amount: int = 1024, decode_content: bool = False) -> Any:
        """The body in pieces."""
        while chunk := self.read(amount):
            yield chunk


def _nothing(request: Any) -> Any:
    raise AssertionError(f"not for the APIs: {request.method} {request.path}")


_answer = RequestContext(ProtocolBoundary(_nothing))
# It reads the models of the services once; its clients share nothing else.
_session = boto3.Session()


def send(method: str, url: str, headers: dict[str, str], body: bytes = b"", *, source_ip: str = "192.0.2.1") -> Any:
    """One request, as it is; returns Django's answer."""
    path, _, query = url.partition("//")[2].partition("/")[2].partition("?")
    meta: dict[str, Any] = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    content_type = str(meta.pop("HTTP_CONTENT_TYPE", ""))
    meta.pop("HTTP_CONTENT_LENGTH", None)
    meta.setdefault("HTTP_HOST", url.partition("//")[2].partition("/")[0].partition("?")[0])
    request = RequestFactory().generic(
        method, f"/{path}", body, content_type=content_type, REMOTE_ADDR=source_ip, QUERY_STRING=query, **meta
    )
    return _answer(request)


class InProcess:
    """Stands for botocore's connection: no socket is opened."""

    def send(self, request: Any) -> AWSResponse:
        """One request of a client."""
        headers = {
            name: value.decode() if isinstance(value, bytes) else value for name, value in request.headers.items()
        }
        body = request.body or b""
        answer = send(request.method, request.url, headers, body.encode() if isinstance(body, str) else body)
        return AWSResponse(request.url, answer.status_code, dict(answer.items()), Raw(answer.content))

    def close(self) -> None:
        """Nothing is open."""


def client(service: str, key_id: str, secret: str, token: str = "", *, region: str = REGION) -> Any:
    """A boto3 client with these keys."""
    made = _session.client(
        service,
        region_name=region,
        endpoint_url="http://kho.test",
        aws_access_key_id=key_id,
        aws_secret_access_key=secret,
        aws_session_token=token or None,
        config=Config(retries={"max_attempts": 0}, parameter_validation=False),
    )
    made._endpoint.http_session = InProcess()
    return made
