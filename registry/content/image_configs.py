"""An image's config -> how it starts and the steps that built it. Never raises: configs are anybody's bytes. Pure.

OCI Image Specification 1.1, "OCI Image Configuration", and what Docker adds (Healthcheck, OnBuild, Shell).
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from registry.content import build_secrets
from registry.content.readable import readable
from registry.content.secret_signs import SECRET_NAME, SECRET_VALUE

MOST_STEPS: Final = 2000
MOST_ENTRIES: Final = 500
"""Of a list or a map: variables, labels, ports."""
LONGEST: Final = 8192
"""Characters of one text."""
LONGEST_COMMANDS: Final = 150_000
"""Of all commands together: secrets are looked for in each."""
LONGEST_INDENTED: Final = 4 * 1024 * 1024

SHELL_FORM: Final = re.compile(r"^(?:/bin/sh -c|cmd /S /C) #\(nop\)\s+")
RUN_FORM: Final = re.compile(r"^(?:RUN )?((?:\|\d+ .*? )?)/bin/sh -c ", re.DOTALL)


class Problem(StrEnum):
    """Why a config can't be read."""

    NONE = ""
    NOT_JSON = "not-json"
    NOT_AN_OBJECT = "not-an-object"


@dataclass(frozen=True, slots=True)
class Variable:
    """An environment variable; `looks_secret` if its name or value does."""

    name: str
    value: str
    looks_secret: bool


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """How the engine asks a container whether it is well; times as in `30s`, empty where nothing is said."""

    command: str
    interval: str = ""
    timeout: str = ""
    start_period: str = ""
    retries: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the build; one without a layer changed metadata only. `masked` is a command without its secrets."""

    command: str
    created: str = ""
    comment: str = ""
    has_layer: bool = False
    masked: str = ""


@dataclass(frozen=True, slots=True)
class ImageConfig:
    """What a config says, in readable texts; what it does not say is empty."""

    problem: Problem = Problem.NONE
    os: str = ""
    architecture: str = ""
    variant: str = ""
    created: str = ""
    author: str = ""
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    shell: tuple[str, ...] = ()
    working_dir: str = ""
    user: str = ""
    stop_signal: str = ""
    ports: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    on_build: tuple[Step, ...] = ()
    environment: tuple[Variable, ...] = ()
    labels: dict[str, str] = field(default_factory=dict)
    health_check: HealthCheck | None = None
    steps: tuple[Step, ...] = ()

    @property
    def runs_as_root(self) -> bool:
        """Whether the first process is root: an image that names no user starts as root."""
        return self.user.partition(":")[0].strip() in {"", "0", "root"}

    @property
    def has_secrets(self) -> bool:
        """Whether a variable looks like a secret."""
        return any(variable.looks_secret for variable in self.environment)

    @property
    def has_secret_steps(self) -> bool:
        """Whether a command of the build holds what looks like a secret."""
        return any(step.masked for step in self.steps)


def read(content: bytes) -> ImageConfig:
    """Read a config's bytes."""
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        return ImageConfig(Problem.NOT_JSON)
    if not isinstance(body, dict):
        return ImageConfig(Problem.NOT_AN_OBJECT)
    inner = body.get("config")
    inner = inner if isinstance(inner, dict) else {}
    return ImageConfig(
        os=_text(body.get("os")),
        architecture=_text(body.get("architecture")),
        variant=_text(body.get("variant")),
        created=_text(body.get("created")),
        author=_text(body.get("author")),
        entrypoint=_texts(inner.get("Entrypoint")),
        command=_texts(inner.get("Cmd")),
        shell=_texts(inner.get("Shell")),
        working_dir=_text(inner.get("WorkingDir")),
        user=_text(inner.get("User")),
        stop_signal=_text(inner.get("StopSignal")),
        ports=_keys(inner.get("ExposedPorts")),
        volumes=_keys(inner.get("Volumes")),
        on_build=_on_build(inner.get("OnBuild")),
        environment=tuple(_variable(text) for text in _texts(inner.get("Env"))),
        labels=_labels(inner.get("Labels")),
        health_check=_health_check(inner.get("Healthcheck")),
        steps=_steps(body.get("history")),
    )


def indented(content: bytes) -> str:
    """Return JSON with indentation; as it is what is no JSON, or would be longer than LONGEST_INDENTED."""
    pieces, length = [], 0
    try:
        for piece in json.JSONEncoder(indent=2, ensure_ascii=False).iterencode(json.loads(content)):
            pieces.append(piece)
            length += len(piece)
            if length > LONGEST_INDENTED:
                raise ValueError("it is nested too deeply to be indented")
        text = "".join(pieces)
    except (ValueError, RecursionError):
        text = content.decode("utf-8", "replace")
    return readable(text, len(text))


def steps_of_layers(steps: Sequence[Step], layers: int) -> list[Step | None]:
    """Return for each layer the step that made it; None for all of them if the history tells of another number."""
    making = [step for step in steps if step.has_layer]
    return list(making) if len(making) == layers else [None] * layers


def _text(value: Any) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    return readable(value, LONGEST)


def _texts(value: Any) -> tuple[str, ...]:
    """A list of texts; one text counts as a list of one, as in Docker's older configs."""
    if isinstance(value, str):
        value = [value]
    entries = value if isinstance(value, list) else []
    return tuple(_text(entry) for entry in entries[:MOST_ENTRIES] if isinstance(entry, str))


def _keys(value: Any) -> tuple[str, ...]:
    """The keys of a map that stands for a set; some tools write a list."""
    entries = list(value)[:MOST_ENTRIES] if isinstance(value, dict | list) else []
    return tuple(_text(entry) for entry in entries if isinstance(entry, str))


def _labels(value: Any) -> dict[str, str]:
    entries = list(value.items())[:MOST_ENTRIES] if isinstance(value, dict) else []
    return {_text(key): _text(item) for key, item in sorted(entries)}


def _variable(text: str) -> Variable:
    name, _sign, value = text.partition("=")
    return Variable(name, value, bool(value) and bool(SECRET_NAME.search(name) or SECRET_VALUE.search(value)))


def _health_check(value: Any) -> HealthCheck | None:
    if not isinstance(value, dict):
        return None
    test = _texts(value.get("Test"))
    if not test or test[0] == "NONE":
        return None
    command = " ".join(test[1:] if test[0] in {"CMD", "CMD-SHELL"} else test)
    interval, timeout, start_period = (_duration(value.get(key)) for key in ("Interval", "Timeout", "StartPeriod"))
    return HealthCheck(command, interval, timeout, start_period, _text(value.get("Retries") or ""))


def _duration(value: Any) -> str:
    """Nanoseconds as a person writes them; 0 means that nothing is said."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 2**63:
        return ""
    seconds = value / 1_000_000_000
    return f"{seconds:.6g}s" if seconds < 120 else f"{seconds / 60:.6g}m"


def _on_build(value: Any) -> tuple[Step, ...]:
    return tuple(Step(each, masked=build_secrets.masked(each)) for each in _cut(_texts(value)))


def _steps(value: Any) -> tuple[Step, ...]:
    entries = [entry for entry in value[:MOST_STEPS] if isinstance(entry, dict)] if isinstance(value, list) else []
    return tuple(map(_step, entries, _cut(_text(entry.get("created_by")) for entry in entries)))


def _cut(commands: Iterable[str]) -> Iterator[str]:
    """The commands, those behind LONGEST_COMMANDS without what they say."""
    left = LONGEST_COMMANDS
    for command in commands:
        yield readable(command, left)
        left = max(0, left - len(command))


def _step(entry: dict[str, Any], text: str) -> Step:
    command = _command(text)
    return Step(
        command=command,
        created=_text(entry.get("created")),
        comment=_text(entry.get("comment")),
        has_layer=entry.get("empty_layer") is not True,
        masked=build_secrets.masked(command),
    )


def _command(text: str) -> str:
    """The line of the build file, as far as the history still shows it, without the builder's wrapping."""
    text = text.strip().removesuffix("# buildkit").rstrip()
    if SHELL_FORM.match(text):
        return SHELL_FORM.sub("", text)
    return RUN_FORM.sub(r"RUN \1", text) if RUN_FORM.match(text) else text
