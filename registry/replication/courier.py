"""Signed requests to one peer, and what its answers mean. Each thread has a connection of its own.

Nothing that a peer answers is believed beyond what can be checked: digests are those that were asked for, positions are
within the blob, answers are small, and no address that it names is followed.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from threading import Lock, local
from typing import Final, Self
from uuid import UUID

from django.core.cache import cache

from accounts.channels import Channel
from accounts.outbound import Answer, OutboundRefused
from registry import errors
from registry.core import peer_tokens
from registry.errors import (
    PeerError,
    PeerMisbehaved,
    PeerNotAllowed,
    PeerNotTrusted,
    PeerRefused,
    PeerUnavailable,
    RegistryError,
)
from registry.models import Peer
from registry.values import RegistryId

READ_SECONDS: Final = 60.0
"""How long a peer may be silent: it may have a large blob to put together."""
SECONDS: Final = 120.0
SLOWEST: Final = 64 * 1024
"""Bytes in a second that a body takes at most."""
LARGEST_ANSWER: Final = 64 * 1024
AWAY_SECONDS: Final = 10
"""For how long nobody knocks again where nobody answered."""
MOMENTARY: Final = frozenset({408, 409, 425, 429})
UNTIMELY: Final = "CredentialsExpired"
"""How a peer names that it knows who asks, and that the request's time is over: the next one may be good."""
CODES: Final = frozenset(
    {"AccessDenied"}
    | {name for name in errors.__all__ if issubclass(getattr(errors, name), RegistryError)}
    - {name for name in errors.__all__ if issubclass(getattr(errors, name), PeerError)}
)
"""What a peer may name as its reason."""


class Courier:
    """Asks a peer in the name of one registry here, about one repository there (or about nothing, to try the trust)."""

    def __init__(
        self, peer: Peer, source: RegistryId | None, destination: RegistryId | None = None, name: str = ""
    ) -> None:
        self.peer = peer
        self._signer = peer_tokens.Signer(peer, source)
        self._base = "/v2/_replication/"
        self._is_trial = destination is None
        if destination is not None:
            self._base += f"{destination.account_id}.{destination.region}/{name}/"
        self._mine = local()
        self._all: list[Channel] = []
        self._lock = Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            for channel in self._all:
                channel.close()

    def ask(
        self,
        method: str,
        path: str,
        expected: Iterable[int],
        *,
        body: bytes | Iterable[bytes] = b"",
        length: int = 0,
        headers: Mapping[str, str] | None = None,
        seconds: float = SECONDS,
        is_patient: bool = False,
    ) -> Answer:
        """Send a request to a path below the repository, and return the answer if its status is expected.

        Where nobody answered a moment ago nobody is asked, unless `is_patient`.

        Raises PeerUnavailable, PeerNotAllowed, PeerNotTrusted, PeerMisbehaved, PeerRefused.
        """
        name, target = self.peer.name, self._base + path
        token = self._signer.sign(method, target, body if isinstance(body, bytes) else b"")
        fields = {"Authorization": f"Bearer {token}", **(headers or {})}
        if method not in {"GET", "HEAD"}:
            fields["Content-Length"] = str(length or (len(body) if isinstance(body, bytes) else 0))
        if not is_patient and cache.get(self._away):
            raise PeerUnavailable(name, "it did not answer a moment ago")
        try:
            answer = self._channel().ask(
                method, target, fields, body, seconds=seconds + length / SLOWEST, limit=LARGEST_ANSWER
            )
        except OutboundRefused as error:
            if error.is_private:
                raise PeerNotAllowed(name, str(error)) from error
            raise PeerUnavailable(name, str(error)) from error
        if answer.is_cut and len(answer.body) >= LARGEST_ANSWER:
            raise PeerMisbehaved(name, "its answer is too long")
        if answer.is_cut:  # whoever dies while it answers ends so
            raise PeerUnavailable(name, "its answer breaks off, or does not end in time")
        if answer.status not in expected or self._is_of_a_proxy(answer):
            raise self._error(answer)
        return answer

    def note_away(self) -> None:
        """Let others wait a moment, too."""
        cache.set(self._away, 1, timeout=AWAY_SECONDS)

    @property
    def _away(self) -> str:
        return f"peer-away:{self.peer.id}"

    def _channel(self) -> Channel:
        found: Channel | None = getattr(self._mine, "channel", None)
        if found is None:
            found = self._mine.channel = Channel(self.peer.url, read_seconds=READ_SECONDS)
            with self._lock:
                self._all.append(found)
        return found

    def _error(self, answer: Answer) -> PeerError:
        """What an answer that was not expected means."""
        name, said = self.peer.name, f"it answers {answer.status}"
        if answer.status == 401 and header(answer, "Kho-Error") == UNTIMELY and not self._is_trial:
            return PeerUnavailable(name, f"{said}: the clocks are apart, or the request took too long or came twice")
        if answer.status == 401:
            return PeerNotTrusted(name, said)
        if answer.status in MOMENTARY or answer.status >= 500 or self._is_of_a_proxy(answer):
            return PeerUnavailable(name, said)
        code = header(answer, "Kho-Error")
        return PeerRefused(name, code) if code in CODES and answer.status >= 400 else PeerMisbehaved(name, said)

    def _is_of_a_proxy(self, answer: Answer) -> bool:
        """Whether what stands before a peer that is not there says so: a Kho's 404 tells of what it speaks, or why.

        Who tries the trust is told that no Kho answers.
        """
        is_of_a_kho = header(answer, "Docker-Content-Digest") or header(answer, "Kho-Error")
        return answer.status == 404 and not is_of_a_kho and not self._is_trial

    def missing(self, digests: Sequence[str]) -> list[str]:
        """Which of some blobs the peer needs to be sent. Raises what `ask` raises."""
        headers, body = {"Content-Type": "application/json"}, json.dumps({"digests": digests}).encode()
        answer = self.ask("POST", "blobs/missing", {200}, body=body, headers=headers)
        try:
            said = json.loads(answer.body)["missing"]
            wanted = [str(each) for each in said]
        except (ValueError, RecursionError, KeyError, TypeError) as error:
            raise PeerMisbehaved(self.peer.name, "it does not say what it needs") from error
        if not set(wanted) <= set(digests):
            raise PeerMisbehaved(self.peer.name, "it needs what nobody has offered")
        return list(dict.fromkeys(wanted))

    def digest(self, answer: Answer, wanted: str) -> None:
        """Return if an answer is about the digest that was asked for. PeerMisbehaved."""
        said = header(answer, "Docker-Content-Digest")
        if said != wanted:
            raise PeerMisbehaved(self.peer.name, f"it speaks of {said[:100]!r} instead of {wanted}")

    def offset(self, answer: Answer, size: int) -> int:
        """How many bytes of a blob it says it has. PeerMisbehaved."""
        said = header(answer, "Upload-Offset")
        if not re.fullmatch(r"[0-9]{1,18}", said, re.ASCII) or int(said) > size:
            raise PeerMisbehaved(self.peer.name, f"it has {said[:30]!r} of {size} bytes")
        return int(said)

    def upload_id(self, answer: Answer) -> str:
        """The id of an upload; the address is made here. PeerMisbehaved."""
        said = header(answer, "Docker-Upload-UUID")
        try:
            return str(UUID(said))
        except ValueError as error:
            raise PeerMisbehaved(self.peer.name, f"{said[:60]!r} is no upload") from error


def header(answer: Answer, name: str) -> str:
    """A header of an answer, whatever the case of its name; empty without it."""
    return next((value for key, value in answer.headers.items() if key.lower() == name.lower()), "")
