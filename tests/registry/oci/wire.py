"""Speaks HTTP to the application in this process, with bodies that Django's own test client can't send."""

import base64
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.test import Client


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, read to its end. `headers` takes names in any case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The code of the one error in the envelope."""
        (error,) = self.json["errors"]
        assert error["message"]
        return str(error["code"])

    @property
    def message(self) -> str:
        """The words of the one error in the envelope."""
        return str(self.json["errors"][0]["message"])


class Chunks(io.RawIOBase):
    """A body that arrives piece by piece and has no length; at the end it breaks off, if told so."""

    def __init__(self, *pieces: bytes, broken: bool = False) -> None:
        self._pieces: Iterator[bytes] = iter(pieces)
        self._broken = broken
        self.largest_read = 0

    def read(self, size: int = -1, /) -> bytes:
        """Return the next piece; reading without a size is what no view may do."""
        assert size > 0
        self.largest_read = max(self.largest_read, size)
        piece = next(self._pieces, b"")
        assert len(piece) <= size
        if not piece and self._broken:
            raise ConnectionResetError("the client went away")
        return piece


def basic(user: str, password: str) -> str:
    """The Authorization header of a user and a password."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


class Wire:
    """A client with one Authorization header, or none."""

    def __init__(self, authorization: str = "", *, host: str = "kho.test") -> None:
        self._authorization = authorization
        self.host = host

    def at(self, host: str) -> "Wire":
        """The same client, at another host name."""
        return Wire(self._authorization, host=host)

    def __call__(
        self,
        method: str,
        path: str,
        body: bytes | io.RawIOBase = b"",
        *,
        headers: Mapping[str, str] | None = None,
        length: int | None = None,
        source: str = "127.0.0.1",
    ) -> Answer:
        """Send a request. A stream as body goes without a length unless one is given, as in chunked transfer."""
        environ: dict[str, Any] = {"SERVER_NAME": self.host, "HTTP_HOST": self.host, "REMOTE_ADDR": source}
        if self._authorization:
            environ["HTTP_AUTHORIZATION"] = self._authorization
        for name, value in (headers or {}).items():
            key = name.upper().replace("-", "_")
            environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
        if isinstance(body, bytes):
            environ["wsgi.input"] = io.BytesIO(body)
            environ["CONTENT_LENGTH"] = str(len(body) if length is None else length)
        else:
            environ["wsgi.input"] = body
            environ |= {"HTTP_TRANSFER_ENCODING": "chunked"} if length is None else {"CONTENT_LENGTH": str(length)}
        parts = urlsplit(path)
        answer: HttpResponseBase = Client().generic(method, parts.path, **{"QUERY_STRING": parts.query, **environ})
        assert isinstance(answer, HttpResponse | StreamingHttpResponse)
        content = answer.getvalue()
        return Answer(answer.status_code, answer.headers, content)

    def get(self, path: str, **headers: str) -> Answer:
        """Send a GET; `user_agent="x"` becomes the header User-Agent."""
        return self("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def head(self, path: str) -> Answer:
        """Send a HEAD."""
        return self("HEAD", path)

    def delete(self, path: str) -> Answer:
        """Send a DELETE."""
        return self("DELETE", path)

    def post(self, path: str, body: bytes = b"", content_type: str = "application/octet-stream") -> Answer:
        """Send a POST."""
        return self("POST", path, body, headers={"Content-Type": content_type})

    def put(self, path: str, body: bytes = b"", content_type: str = "application/octet-stream") -> Answer:
        """Send a PUT."""
        return self("PUT", path, body, headers={"Content-Type": content_type})
