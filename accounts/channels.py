"""A connection that is kept for several requests, to an address that somebody named: guarded as in `outbound`."""

from collections.abc import Iterable, Mapping
from http.client import HTTPException

from urllib3.connection import HTTPConnection
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse

from accounts.outbound import (
    READ_SECONDS,
    Answer,
    Deadline,
    OutboundRefused,
    connection_to,
    place_of,
    read_some,
    why,
)


class Channel:
    """A connection to one server that is kept for several requests, one after the other; redirects are not followed.

    It is opened by the first request and after each one that failed.
    """

    def __init__(self, origin: str, *, read_seconds: float = READ_SECONDS) -> None:
        self._scheme, self._host, self._port, _ = place_of(origin)
        self._read_seconds = read_seconds
        self._open: HTTPConnection | None = None

    def ask(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes | Iterable[bytes] = b"",
        *,
        seconds: float,
        limit: int = 64 * 1024,
    ) -> Answer:
        """Send a request and return the answer, whatever its status; `seconds` is for all of it. OutboundRefused.

        A body of parts needs its Content-Length among the headers. Nothing is sent twice.
        """
        known = {"User-Agent": "kho", "Accept-Encoding": "identity"}
        if self._open is not None and not self._open.is_connected:  # the server has closed it meanwhile
            self.close()
        connection = self._open or connection_to(self._scheme, self._host, self._port, self._read_seconds)
        self._open = None
        is_usable, answer = False, None
        with Deadline(seconds) as deadline:
            connection.watch = deadline.watch  # type: ignore[attr-defined]  # of our own classes
            if connection.sock is not None:
                deadline.watch(connection.sock)
            try:
                answer = self._send(connection, method, target, {**known, **headers}, body)
                if deadline.is_over:  # a head that was cut reads like one that has ended
                    raise TimeoutError
                kept, is_cut = read_some(answer, limit, deadline)
                is_usable = not is_cut and answer.headers.get("Connection", "").lower() != "close"
            except (HTTPError, HTTPException, OSError, ValueError) as error:
                if isinstance(error.__cause__, OutboundRefused):  # by the check of the address
                    raise error.__cause__ from None
                raise OutboundRefused(why(error, deadline)) from error
            finally:
                if is_usable:
                    self._open = connection
                else:
                    if answer is not None:
                        answer.close()
                    connection.close()
        return Answer(answer.status, dict(answer.headers), kept, is_cut)

    def close(self) -> None:
        """Close the connection, if it is open."""
        if self._open is not None:
            self._open.close()
            self._open = None

    @staticmethod
    def _send(
        connection: HTTPConnection,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes | Iterable[bytes],
    ) -> BaseHTTPResponse:
        """Send all, or as much as the server wants to read before it answers."""
        options = {"preload_content": False, "decode_content": False, "enforce_content_length": True}
        try:
            connection.request(method, target, body, headers, **options)
        except (BrokenPipeError, ConnectionResetError):
            if connection.sock is None:
                raise
        return connection.getresponse()
