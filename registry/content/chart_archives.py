"""A Helm chart's archive -> what its pages show. The archive is anybody's bytes: limits everywhere, no disk. Pure.

The layout is in Helm's documentation, "Charts"; annotations for changes, images and licences in Artifact Hub's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from registry.content import archives, yaml_texts
from registry.content.readable import decoded, readable, web_link
from registry.content.yaml_texts import YamlUnreadable

LARGEST: Final = 4 * 1024 * 1024
"""Bytes of an archive that is read; Helm itself can't install much more, its releases must fit into a secret."""
LONGEST_TEXT: Final = 1024 * 1024
LONGEST_LINE: Final = 1000
MOST: Final = 200
"""Of a list in Chart.yaml."""
ROOT_FILES: Final = {
    "chart.yaml", "values.yaml", "values.schema.json", "requirements.yaml", "readme.md", "readme", "readme.txt",
    "changelog.md",
}  # fmt: skip
CHANGES: Final = "artifacthub.io/changes"
IMAGES: Final = "artifacthub.io/images"
LICENCE: Final = "artifacthub.io/license"
KINDS: Final = ("added", "changed", "deprecated", "removed", "fixed", "security")


class ChartUnreadable(ValueError):
    """The archive is no chart, or larger than what is read; `reason` is one of archives.Problem or `no-chart`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Person:
    """A maintainer."""

    name: str
    email: str
    url: str


@dataclass(frozen=True, slots=True)
class Dependency:
    """Another chart that this one needs; `is_bundled` if it lies inside the archive."""

    name: str
    version: str
    repository: str
    condition: str
    alias: str
    is_bundled: bool


@dataclass(frozen=True, slots=True)
class Change:
    """What is new in this version; `kind` is one of KINDS or empty."""

    kind: str
    text: str
    links: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Chart:
    """What Chart.yaml says, and the chart's files as readable texts by path."""

    name: str
    version: str
    app_version: str = ""
    type: str = ""
    kube_version: str = ""
    description: str = ""
    home: str = ""
    licence: str = ""
    is_deprecated: bool = False
    sources: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    maintainers: tuple[Person, ...] = ()
    dependencies: tuple[Dependency, ...] = ()
    changes: tuple[Change, ...] = ()
    annotations: Mapping[str, str] = field(default_factory=dict)
    readme: str = ""
    changelog: str = ""
    values: str = ""
    schema: bytes | None = None
    templates: Mapping[str, str] = field(default_factory=dict)
    crds: Mapping[str, str] = field(default_factory=dict)
    size: int = 0
    """About how many bytes the texts take."""


def read(archive: bytes) -> Chart:
    """Read a chart's archive. ChartUnreadable."""
    bundled: set[str] = set()

    def is_wanted(path: str) -> bool:
        folder, _slash, below = path.partition("/")
        if folder == "charts" and below:
            bundled.add(below.partition("/")[0])
        return path.lower() in ROOT_FILES or folder in {"templates", "crds"}

    try:
        files = archives.files(archive, is_wanted)
    except archives.ArchiveUnreadable as error:
        raise ChartUnreadable(error.problem.value) from error
    if "Chart.yaml" not in files:
        raise ChartUnreadable("no-chart")
    return _chart(files, bundled)


def _chart(files: Mapping[str, bytes], bundled: set[str]) -> Chart:
    said = _map(files["Chart.yaml"])
    roots = {path.lower(): content for path, content in files.items() if "/" not in path}
    annotations = said.get("annotations")
    notes = {
        readable(key, 200): readable(value, LONGEST_TEXT)
        for key, value in (list(annotations.items())[:MOST] if isinstance(annotations, dict) else ())
        if isinstance(key, str) and isinstance(value, str)
    }
    listed = said.get("dependencies") or _map(roots.get("requirements.yaml", b"")).get("dependencies")
    readme = next((roots[name] for name in ("readme.md", "readme", "readme.txt") if name in roots), b"")
    return Chart(
        name=_line(said.get("name")),
        version=_line(said.get("version")),
        app_version=_line(said.get("appVersion")),
        type=_line(said.get("type")),
        kube_version=_line(said.get("kubeVersion")),
        description=_line(said.get("description")),
        home=web_link(said.get("home")),
        licence=_line(notes.get(LICENCE)),
        is_deprecated=said.get("deprecated") is True,
        sources=tuple(filter(None, (web_link(each) for each in _list(said.get("sources"))))),
        keywords=tuple(filter(None, (_line(each) for each in _list(said.get("keywords"))))),
        maintainers=tuple(_person(each) for each in _list(said.get("maintainers")) if isinstance(each, dict)),
        dependencies=tuple(_dependency(each, bundled) for each in _list(listed) if isinstance(each, dict)),
        changes=_changes(notes.get(CHANGES, "")),
        annotations=notes,
        readme=decoded(readme, LONGEST_TEXT),
        changelog=decoded(roots.get("changelog.md", b""), LONGEST_TEXT),
        values=decoded(roots.get("values.yaml", b""), LONGEST_TEXT),
        schema=roots.get("values.schema.json"),
        templates=_below(files, "templates/"),
        crds=_below(files, "crds/"),
        size=sum(len(content) for content in files.values()) * 2,
    )


def _map(content: bytes) -> dict[str, Any]:
    """A YAML file's map; an unreadable one, or anything else, is empty."""
    try:
        value = yaml_texts.load(decoded(content, LONGEST_TEXT))
    except YamlUnreadable:
        return {}
    return value if isinstance(value, dict) else {}


def _below(files: Mapping[str, bytes], folder: str) -> dict[str, str]:
    """The files of a folder by path, as texts."""
    return {path: decoded(files[path], LONGEST_TEXT) for path in sorted(files) if path.startswith(folder)}


def _line(value: Any) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    return readable(value, LONGEST_LINE).strip()


def _list(value: Any) -> list[Any]:
    return value[:MOST] if isinstance(value, list) else []


def _person(said: dict[str, Any]) -> Person:
    email = _line(said.get("email"))
    return Person(
        _line(said.get("name")), email if "@" in email and " " not in email else "", web_link(said.get("url"))
    )


def _dependency(said: dict[str, Any], bundled: set[str]) -> Dependency:
    name, version = _line(said.get("name")), _line(said.get("version"))
    return Dependency(
        name=name,
        version=version,
        repository=_line(said.get("repository")),
        condition=_line(said.get("condition")),
        alias=_line(said.get("alias")),
        is_bundled=any(each == name or each.startswith(f"{name}-") for each in bundled),
    )


def _changes(text: str) -> tuple[Change, ...]:
    """The entries of the annotation: texts, or maps with kind, description and links."""
    try:
        value = yaml_texts.load(text)
    except YamlUnreadable:
        return ()
    found = []
    for entry in _list(value):
        if isinstance(entry, dict):
            kind = _line(entry.get("kind")).lower()
            links = [each for each in _list(entry.get("links")) if isinstance(each, dict)]
            named = [(web_link(each.get("url")), _line(each.get("name"))) for each in links]
            found.append(
                Change(
                    kind if kind in KINDS else "",
                    _line(entry.get("description")),
                    tuple((url, name or url) for url, name in named if url),
                )
            )
        else:
            found.append(Change("", _line(entry)))
    return tuple(change for change in found if change.text)
