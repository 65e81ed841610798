"""The layers of an image beside the commands that made them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from registry.content.image_configs import ImageConfig, Step, steps_of_layers
from registry.manifests.parse import Descriptor, ParsedManifest

LONG_COMMAND = 140


@dataclass(frozen=True, slots=True)
class Row:
    """A layer with its step, or a step that made none. `share` in percent of all layers; `elsewhere` repositories."""

    number: int
    digest: str = ""
    media_type: str = ""
    size: int = 0
    share: int = 0
    elsewhere: int = 0
    is_foreign: bool = False
    command: str = ""
    created: str = ""
    comment: str = ""
    masked: str = ""

    @property
    def short_command(self) -> str:
        """The beginning of a long command, on one line; empty if the command is short."""
        return _short(self.command)

    @property
    def shown_masked(self) -> str:
        """The command without its secrets, or the beginning of it; empty if it has none."""
        return _short(self.masked) or self.masked


@dataclass(frozen=True, slots=True)
class Listing:
    """All rows; `history` is `known`, `none`, or `other` if it tells of another number of layers."""

    rows: Sequence[Row]
    total: int
    history: str
    steps: Sequence[Step] = ()
    has_secrets: bool = False


def listing(
    parsed: ParsedManifest | None, config: ImageConfig, sharing: Mapping[str, int], *, by_size: bool
) -> Listing:
    """Put manifest and history together, in build order or the largest first."""
    layers = parsed.layers if parsed else ()
    total = sum(layer.size for layer in layers)
    steps = steps_of_layers(config.steps, len(layers))
    history = "none" if not config.steps else "known" if all(steps) else "other"
    made = [
        _row(number, layer, step, total, sharing.get(str(layer.digest), 0))
        for number, (layer, step) in enumerate(zip(layers, steps, strict=True), 1)
    ]
    if by_size:
        rows = sorted(made, key=lambda row: row.size, reverse=True)
    else:
        rows = _with_empty_steps(made, config.steps) if history == "known" else made
    return Listing(rows, total, history, config.steps if history == "other" else (), config.has_secret_steps)


def _short(command: str) -> str:
    line = " ".join(command.split())
    return f"{line[:LONG_COMMAND]}…" if len(line) > LONG_COMMAND or "\n" in command else ""


def _row(number: int, layer: Descriptor, step: Step | None, total: int, elsewhere: int) -> Row:
    return Row(
        number=number,
        digest=str(layer.digest),
        media_type=layer.media_type,
        size=layer.size,
        share=round(100 * layer.size / total) if total else 0,
        elsewhere=elsewhere,
        is_foreign=layer.is_elsewhere,
        command=step.command if step else "",
        created=step.created if step else "",
        comment=step.comment if step else "",
        masked=step.masked if step else "",
    )


def _with_empty_steps(made: Sequence[Row], steps: Sequence[Step]) -> list[Row]:
    """The layers with the steps between them that changed metadata only."""
    layers = iter(made)
    return [
        next(layers)
        if step.has_layer
        else Row(0, command=step.command, created=step.created, comment=step.comment, masked=step.masked)
        for step in steps
    ]
