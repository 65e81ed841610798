"""`docker push` and `docker pull` of a real image: Debian with a layer on top."""

import os
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.benchmarks.rows import Settings
from tests.benchmarks.sampling import Results, in_turn, say
from tests.benchmarks.targets import Target
from tests.clients import images
from tests.clients.dockerd import Dockerd


def sample(targets: Sequence[Target], settings: Settings, results: Results) -> None:
    """Push to a new repository of each registry and pull from it, from a new machine in each round.

    A machine that pushed before would know that the layers are there, and not send them again.
    """
    archive = images.debian_archive()
    registries = [target for target in targets if target.is_registry]
    for number in range(settings.rounds):
        with tempfile.TemporaryDirectory(prefix="kho-") as short:
            machine = Dockerd(Path(short) / "d")
            try:
                _one_round(machine, archive, in_turn(registries, number), number, results)
            finally:
                machine.close()
    for row in ("docker-push", "docker-pull"):
        say(f"{row} (s): {', '.join(f'{each.name} {results.get(row, each.name):.4g}' for each in registries)}")


def _one_round(machine: Dockerd, archive: Path, registries: Sequence[Target], number: int, results: Results) -> None:
    references = {target.name: f"{target.host}/{target.private(f'docker-{number}')}:1" for target in registries}
    for target in registries:
        if login := target.login():
            with target.awake():
                machine.login(target.host, *login)
    machine.load(archive, *references.values())
    image = machine.image_id(references[registries[0].name])
    for target in registries:
        with target.awake():
            results.add("docker-push", target.name, _seconds(machine.push, references[target.name]))
    _forget(machine)
    for target in registries:
        reference = references[target.name]
        with target.awake():
            results.add("docker-pull", target.name, _seconds(machine.pull, reference))
        assert machine.image_id(reference) == image, f"{target.name} gave another image than it was given"
        _forget(machine)


def _forget(machine: Dockerd) -> None:
    """Remove all images, and with them the layers."""
    for reference in machine.docker("images", "--format", "{{.Repository}}:{{.Tag}}").split():
        machine.remove(reference)


def _seconds(action: Callable[[str], None], reference: str) -> float:
    os.sync()  # what earlier ones left for the disk is nobody's time
    begun = time.perf_counter()
    action(reference)
    return time.perf_counter() - begun
