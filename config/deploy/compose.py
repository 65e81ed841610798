"""Reads docker-compose.yml, as far as Kho's own file goes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

VARIABLE: Final = re.compile(r"\$\{(?P<name>[A-Z0-9_]+)(?::-(?P<default>[^}]*))?\}")
PORT_OF: Final = {"postgres": 5432, "redis": 6379, "s3": 8333, "gateway": 8443, "web-1": 8000, "web-2": 8000}


@dataclass(frozen=True, slots=True)
class Service:
    """One service of the file; `needs` are the services that must be there first."""

    name: str
    image: str
    command: tuple[str, ...]
    environment: dict[str, str]
    needs: tuple[str, ...]

    @property
    def is_kho(self) -> bool:
        """Whether it runs this project."""
        return self.image == "kho"


def read(path: Path, variables: Mapping[str, str]) -> dict[str, Service]:
    """Return the services by name, in the order in which they can start. SystemExit without PyYAML."""
    try:
        import yaml
    except ImportError as error:
        raise SystemExit("kho: this needs PyYAML: pip install pyyaml, or make .venv/dev.stamp") from error
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    services = {name: _service(name, raw, variables) for name, raw in content["services"].items()}
    return {name: services[name] for name in _in_order(services)}


def _service(name: str, raw: Mapping[str, Any], variables: Mapping[str, str]) -> Service:
    environment = {key: _filled(str(value), variables) for key, value in raw.get("environment", {}).items()}
    command = tuple(_filled(str(word), variables) for word in raw.get("command", ()))
    return Service(name, str(raw["image"]), command, environment, tuple(raw.get("depends_on", ())))


def _filled(text: str, variables: Mapping[str, str]) -> str:
    """Put variables in: `${NAME:-default}`."""
    return VARIABLE.sub(lambda found: variables.get(found["name"], found["default"] or ""), text)


def _in_order(services: Mapping[str, Service]) -> list[str]:
    """The names, each behind those that it needs."""
    done: list[str] = []

    def add(name: str) -> None:
        if name not in done:
            for needed in services[name].needs:
                add(needed)
            done.append(name)

    for name in services:
        add(name)
    return done
