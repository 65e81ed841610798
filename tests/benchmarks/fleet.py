"""The servers of one run, on 127.0.0.1 and on ports that were free."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.benchmarks.content import Content
from tests.benchmarks.kho import Fronted, Kho
from tests.benchmarks.others import GoRegistry, Nginx
from tests.benchmarks.targets import BASELINE, DISTRIBUTION, KHO, NGINX, Target
from tests.clients.processes import environment


class ServerFailed(Exception):
    """A server or a measurement failed; the message holds what the server printed last."""


def installed(program: str) -> str:
    """The path of a program, or nothing."""
    return shutil.which(program, path=environment()["PATH"]) or ""


def make(folder: Path) -> dict[str, Callable[[], Target]]:
    """Ways to make each server that this machine has the program for, by name."""
    makers: dict[str, Callable[[], Target]] = {KHO: lambda: Kho(folder / "kho")}
    if program := installed("docker-registry"):
        makers[BASELINE] = lambda: GoRegistry(BASELINE, program, folder / "docker-registry")
    if newer := installed("registry"):
        makers[DISTRIBUTION] = lambda: GoRegistry(DISTRIBUTION, newer, folder / "distribution")
    if installed("nginx"):
        makers[Fronted.name] = lambda: Fronted(folder / "fronted")
        makers[NGINX] = lambda: Nginx(folder / "nginx")
    return makers


@contextmanager
def running(targets: Sequence[Target], content: Content) -> Iterator[None]:
    """Start all of them and bring the image to each; each then waits until it is `awake`. All end with the block.

    Raises ServerFailed, with their logs.
    """
    with ExitStack() as stops:
        try:
            for target in targets:
                stops.callback(target.close)
                target.start()
                target.fill(content)
                target.pause()
            yield
        except Exception as error:
            logs = "\n".join(target.logs() for target in targets)
            raise ServerFailed(f"{type(error).__name__}: {error}\n{logs}") from error


def chosen(folder: Path, names: Sequence[str]) -> list[Target]:
    """Make the servers of these names (all, if none is named) that this machine has the programs for."""
    return [make_one() for name, make_one in make(folder).items() if not names or name in names]
