"""Tries the trust between this deployment and a peer, for staff."""

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from registry.errors import PeerError, PeerNotAllowed, PeerNotTrusted, PeerUnavailable
from registry.models import Peer
from registry.replication.courier import Courier

SECONDS: Final = 5.0


class Problem(StrEnum):
    """Why a peer could not be asked."""

    STRANGER = "it does not know this deployment's key, or the clocks are apart"
    FORBIDDEN = "its address is in a network that is not allowed"
    AWAY = "it does not answer"
    NO_KHO = "it does not answer as a Kho does"


@dataclass(frozen=True, slots=True)
class Found:
    """What a peer says of this deployment: its name there and the accounts that it may speak for.

    `missing` are regions that are listed for the peer here and not served there. With a `problem` nothing is known, and
    `why` has more of it.
    """

    name: str = ""
    accounts: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    problem: Problem | None = None
    why: str = ""


def check(peer: Peer) -> Found:
    """Ask a peer as what it knows this deployment."""
    try:
        with Courier(peer, None) as courier:
            answer = courier.ask("GET", "", {200}, seconds=SECONDS, is_patient=True)
        said: Any = json.loads(answer.body)
        accounts, regions = [str(each) for each in said["accounts"]], [str(each) for each in said["regions"]]
        missing = [each for each in peer.regions if each not in regions]
        return Found(str(said["name"])[:64], tuple(accounts), tuple(missing))
    except (ValueError, RecursionError, KeyError, TypeError):
        return Found(problem=Problem.NO_KHO, why="its answer can't be read")
    except PeerError as error:
        return Found(problem=_problem(error), why=error.why)


def _problem(error: PeerError) -> Problem:
    match error:
        case PeerNotTrusted():
            return Problem.STRANGER
        case PeerNotAllowed():
            return Problem.FORBIDDEN
        case PeerUnavailable():
            return Problem.AWAY
        case _:
            return Problem.NO_KHO
