"""What can be read out of a chart's texts: the images that it names, and the resource kinds that it defines. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from registry.content import yaml_texts
from registry.content.chart_archives import IMAGES, Chart
from registry.content.readable import readable
from registry.content.yaml_texts import Entry, YamlUnreadable

MOST_IMAGES: Final = 500
LARGEST_CRDS: Final = 4 * 1024 * 1024
"""Characters of resource definitions that are looked into; files behind that are listed by name."""
REFERENCE: Final = re.compile(r"[a-z0-9][\w.-]*(?::\d+)?(?:/[\w.-]+)*(?::[\w][\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?")
LITERAL: Final = re.compile(r"^[ \t]*(?:- )?image:[ \t]*[\"']?([^\s\"'{}#]+)[\"']?[ \t]*(?:#.*)?$", re.MULTILINE)
"""On one line: blanks that reached over lines would be looked at anew from each of them."""


class Source(StrEnum):
    """Where a chart names an image."""

    ANNOTATION = "annotation"
    VALUES = "values"
    TEMPLATE = "template"


@dataclass(frozen=True, slots=True)
class NamedImage:
    """An image by its pull reference, and where the chart names it: a key of the values or a file."""

    reference: str
    source: Source
    place: str


@dataclass(frozen=True, slots=True)
class Definition:
    """A kind of resource that the chart defines; only `file` is known of one that can't be read."""

    file: str
    kind: str = ""
    group: str = ""
    scope: str = ""
    versions: tuple[str, ...] = ()


def images(chart: Chart) -> list[NamedImage]:
    """Return the images that a chart names with the values it comes with, each once, at most MOST_IMAGES."""
    found: dict[str, NamedImage] = {}
    for image in (*_annotated(chart.annotations.get(IMAGES, "")), *_of_values(chart), *_of_templates(chart.templates)):
        if REFERENCE.fullmatch(image.reference) and len(found) < MOST_IMAGES:
            found.setdefault(image.reference, image)
    return list(found.values())


def _annotated(text: str) -> Iterator[NamedImage]:
    try:
        listed = yaml_texts.load(text)
    except YamlUnreadable:
        return
    for each in listed if isinstance(listed, list) else ():
        if isinstance(each, dict) and isinstance(each.get("image"), str):
            yield NamedImage(readable(each["image"].strip(), 500), Source.ANNOTATION, readable(each.get("name"), 200))


def _of_values(chart: Chart) -> Iterator[NamedImage]:
    """`image: name:tag`, and maps with `repository` beside `registry`, `tag` or `digest`."""
    maps: dict[str, dict[str, str]] = {}
    for entry in _entries(chart.values):
        parent, _dot, key = entry.path.rpartition(".")
        if entry.kind in {"map", "list", "alias"}:
            continue
        maps.setdefault(parent, {})[key] = "" if entry.kind == "null" else entry.value
        if key == "image" and entry.kind == "text":
            yield NamedImage(entry.value, Source.VALUES, entry.path)
    for path, said in maps.items():
        if said.get("repository") and ({"tag", "digest", "pullPolicy", "registry"} & said.keys()):
            yield NamedImage(_composed(said, chart.app_version), Source.VALUES, path)


def _composed(said: Mapping[str, str], app_version: str) -> str:
    """The reference that charts make of registry, repository, tag and digest; without a tag, the app version."""
    registry, repository = said.get("registry", ""), said["repository"]
    name = f"{registry}/{repository}" if registry else repository
    if said.get("digest", "").startswith("sha256:"):
        return f"{name}@{said['digest']}"
    tag = said.get("tag") or app_version
    return f"{name}:{tag}" if tag else name


def _of_templates(templates: Mapping[str, str]) -> Iterator[NamedImage]:
    for path, text in templates.items():
        for match in LITERAL.finditer(text):
            yield NamedImage(match[1], Source.TEMPLATE, path)


def definitions(crds: Mapping[str, str]) -> list[Definition]:
    """Return the resource definitions in a chart's files, and the files that can't be read."""
    found: list[Definition] = []
    left = LARGEST_CRDS
    for path, text in crds.items():
        if not path.endswith((".yaml", ".yml", ".json")):
            continue
        left -= len(text)
        made = list(_definitions_of(path, text)) if left >= 0 else []
        found += made or [Definition(path)]
    return found


def _definitions_of(path: str, text: str) -> Iterator[Definition]:
    """One for each document of a file that defines a kind."""
    for document in re.split(r"^---.*$", text, flags=re.MULTILINE):
        if "CustomResourceDefinition" not in document:
            continue
        known: dict[str, str] = {}
        versions: list[str] = []
        for entry in _entries(document):
            if entry.depth <= 3:
                known.setdefault(entry.path, entry.value)
            if re.fullmatch(r"spec\.versions\[\d+\]\.name", entry.path):
                versions.append(entry.value)
        if known.get("kind") == "CustomResourceDefinition":
            yield Definition(
                path,
                known.get("spec.names.kind", ""),
                known.get("spec.group", ""),
                known.get("spec.scope", ""),
                tuple(versions) or tuple(filter(None, [known.get("spec.version", "")])),
            )


def _entries(text: str) -> Iterable[Entry]:
    try:
        return yaml_texts.entries(text)
    except YamlUnreadable:
        return ()
