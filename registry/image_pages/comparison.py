"""Two images or charts of a repository beside each other: what changed in config, layers, packages, values and more."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.http import QueryDict

from accounts.caller import Caller
from registry.content import chart_facts, differences
from registry.content.chart_archives import Chart
from registry.content.differences import Difference
from registry.content.image_configs import ImageConfig
from registry.core import image_contents, image_details, tag_pages
from registry.core.image_details import Detail
from registry.errors import InvalidValue
from registry.image_pages import contents
from registry.manifests.parse import Descriptor, ParsedManifest
from registry.scanning import comparing
from registry.values import Address, parse_reference

MOST_FILES: Final = 100


@dataclass(frozen=True, slots=True)
class Change:
    """A setting that differs; `kind` is added, removed or changed. `is_secret` if its values look like secrets."""

    field: str
    name: str
    before: str
    after: str
    is_secret: bool = False

    @property
    def kind(self) -> str:
        """What happened to it, read from before to after."""
        return "added" if not self.before else "removed" if not self.after else "changed"


@dataclass(frozen=True, slots=True)
class Layers:
    """Layers that both have, in bytes and number, and those of one of them alone."""

    shared: int
    shared_size: int
    removed: list[Descriptor]
    added: list[Descriptor]


@dataclass(frozen=True, slots=True)
class FileChange:
    """A file of a chart that differs."""

    path: str
    kind: str
    difference: Difference


def context(
    caller: Caller, address: Address, before: str, after: str, query: Mapping[str, str], root: str
) -> dict[str, Any]:
    """Return what the page of a comparison shows; both are tags or digests. ImageNotFound, InvalidValue."""
    platform = query.get("platform", "")
    references = parse_reference(before), parse_reference(after)
    old, new = image_details.get_pair(caller, address, *references, platform=platform)
    values: dict[str, Any] = {
        "root": root,
        "images_url": f"{root}/images",
        "before": before,
        "after": after,
        "deeper": f"{_short(before)} → {_short(after)}",
        "old": old,
        "new": new,
        "platform": platform,
        "platforms": _common(old, new),
        "is_same": old.image.digest == new.image.digest,
        "size_change": new.shown.size - old.shown.size,
        "are_charts": old.image.kind == new.image.kind == "chart",
    }
    if values["is_same"]:
        return values
    manifests = [image_details.manifest_of(each.shown) for each in (old, new)]
    values["layers"] = _layers(*manifests)
    if not values["are_charts"]:
        values["scans"] = comparing.of_pair(caller, address, old.shown, new.shown)
    read = _charts if values["are_charts"] else _configs
    return values | read(caller, address, *manifests)


def _short(text: str) -> str:
    """A tag, or the beginning of a digest."""
    return text[:19] if ":" in text else text


def _common(old: Detail, new: Detail) -> list[str]:
    """The platforms that both have."""
    there = {row.platform for row in new.platforms}
    return [row.platform for row in old.platforms if row.platform in there]


def _layers(old: ParsedManifest | None, new: ParsedManifest | None) -> Layers:
    before, after = (list(each.layers) if each else [] for each in (old, new))
    digests_before, digests_after = ({layer.digest for layer in each} for each in (before, after))
    shared = [layer for layer in after if layer.digest in digests_before]
    return Layers(
        len(shared),
        sum(layer.size for layer in shared),
        [layer for layer in before if layer.digest not in digests_after],
        [layer for layer in after if layer.digest not in digests_before],
    )


def _configs(
    caller: Caller, address: Address, old: ParsedManifest | None, new: ParsedManifest | None
) -> dict[str, Any]:
    configs = [parsed.config for parsed in (old, new) if parsed and parsed.config]
    if len(configs) > 1:
        image_contents.expect(address, configs)
    texts = [contents.config(caller, address, parsed) for parsed in (old, new)]
    problem = next((text.problem for text in texts if text.problem), "")
    return {"problem": problem, "changes": config_changes(texts[0].config, texts[1].config) if not problem else []}


def config_changes(old: ImageConfig, new: ImageConfig) -> list[Change]:
    """Return the settings that differ, in the order of the config's page."""
    found = []
    for field in ("created", "entrypoint", "command", "shell", "working_dir", "user", "stop_signal"):
        before, after = _shown(getattr(old, field)), _shown(getattr(new, field))
        if before != after:
            found.append(Change(field, "", before, after))
    secret = {each.name for config in (old, new) for each in config.environment if each.looks_secret}
    environments = [{each.name: each.value for each in config.environment} for config in (old, new)]
    found += [
        Change(each.field, each.name, each.before, each.after, each.name in secret)
        for each in _of_maps("environment", *environments)
    ]
    for field in ("ports", "volumes"):
        found += _of_maps(field, *({each: each for each in getattr(config, field)} for config in (old, new)))
    checks = [config.health_check.command if config.health_check else "" for config in (old, new)]
    if checks[0] != checks[1]:
        found.append(Change("health_check", "", checks[0], checks[1]))
    return found + _of_maps("labels", old.labels, new.labels)


def _shown(value: str | tuple[str, ...]) -> str:
    return value if isinstance(value, str) else " ".join(value)


def _of_maps(field: str, old: Mapping[str, str], new: Mapping[str, str]) -> list[Change]:
    """The keys whose values differ; a key without a value is told from none."""
    names = sorted(old.keys() | new.keys())
    pairs = ((name, old.get(name), new.get(name)) for name in names)
    return [
        Change(field, name, before or ("" if before is None else "“”"), after or ("" if after is None else "“”"))
        for name, before, after in pairs
        if before != after
    ]


def _charts(caller: Caller, address: Address, old: ParsedManifest | None, new: ParsedManifest | None) -> dict[str, Any]:
    texts = [contents.chart(caller, address, parsed) for parsed in (old, new)]
    problem = next((text.problem for text in texts if text.problem), "")
    if problem:
        return {"problem": problem}
    before, after = (text.chart for text in texts)
    named = [{image.reference for image in chart_facts.images(chart)} for chart in (before, after)]
    return {
        "problem": "",
        "changes": _of_maps("chart", _facts(before), _facts(after)),
        "values": differences.of_texts(before.values, after.values),
        "schema": differences.of_texts(_schema(before), _schema(after)),
        "templates": _files(before.templates, after.templates),
        "images_added": sorted(named[1] - named[0]),
        "images_removed": sorted(named[0] - named[1]),
    }


def _facts(chart: Chart) -> dict[str, str]:
    """What a chart says of itself that people look at when they upgrade."""
    said = {
        "version": chart.version,
        "appVersion": chart.app_version,
        "kubeVersion": chart.kube_version,
        "type": chart.type,
        "deprecated": "true" if chart.is_deprecated else "",
    }
    said |= {f"dependency {each.name}": each.version for each in chart.dependencies}
    return {name: text for name, text in said.items() if text}


def _schema(chart: Chart) -> str:
    return chart.schema.decode("utf-8", "replace") if chart.schema else ""


def _files(old: Mapping[str, str], new: Mapping[str, str]) -> list[FileChange]:
    """The files that differ, at most MOST_FILES."""
    return list(_changed(old, new, sorted(old.keys() | new.keys())))[:MOST_FILES]


def _changed(old: Mapping[str, str], new: Mapping[str, str], paths: Iterable[str]) -> Iterable[FileChange]:
    for path in paths:
        if old.get(path) != new.get(path):
            kind = "added" if path not in old else "removed" if path not in new else "changed"
            yield FileChange(path, kind, differences.of_texts(old.get(path, ""), new.get(path, "")))


@dataclass(frozen=True, slots=True)
class Question:
    """What two things to compare, as a form asks; `error` is the name of the field that is no tag or digest."""

    before: str
    after: str
    error: str = ""

    @property
    def is_answered(self) -> bool:
        """Whether both are there."""
        return bool(self.before and self.after and not self.error)


def question(query: QueryDict) -> Question:
    """Read `a` and `b`, or two ticks of a list, the newest first, as `tag`."""
    ticked = query.getlist("tag")
    newer, older = ticked if len(ticked) == 2 else ("", ticked[0] if ticked else "")
    before, after = query.get("a", older).strip()[:200], query.get("b", newer).strip()[:200]
    for name, text in (("a", before), ("b", after)):
        try:
            if text:
                parse_reference(text)
        except InvalidValue:
            return Question(before, after, name)
    missing = "" if bool(before) == bool(after) else "b" if before else "a"
    return Question(before, after, missing if missing in query or "tag" in query else "")


def form(caller: Caller, address: Address, asked: Question, root: str) -> dict[str, Any]:
    """Return what the form shows that asks for two, with tags to choose from while one is typed."""
    return {"question": asked, "root": root, "suggested": tag_pages.suggested(caller, address)}
